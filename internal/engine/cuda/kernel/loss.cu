// Sums over vectors and features, scalars, and the gradients of losses.
#include "vector.h"

DEV double square(float a, float b) {
  const double d = a - b;
  return d * d;
}

// The sum of (a - b)² of each part.
KERNEL(256, 4) sqdiff_part(const float *a, const float *b, double *out, int n) {
  part(out, n, Add(), [=](int i) {
    const Quad u = load4(a, i, n), v = load4(b, i, n);
    return (square(u.x, v.x) + square(u.y, v.y)) + (square(u.z, v.z) + square(u.w, v.w));
  });
}

DEV double product(float a, float b) { return (double)a * b; }

KERNEL(256, 4) dot_part(const float *x, const float *y, double *out, int n) {
  part(out, n, Add(), [=](int i) {
    const Quad u = load4(x, i, n), v = load4(y, i, n);
    return (product(u.x, v.x) + product(u.y, v.y)) + (product(u.z, v.z) + product(u.w, v.w));
  });
}

DEV double size(float v) { return v < 0.f ? -v : v; }

KERNEL(256, 4) abssum_part(const float *x, double *out, int n) {
  part(out, n, Add(), [=](int i) {
    const Quad u = load4(x, i, n);
    return (size(u.x) + size(u.y)) + (size(u.z) + size(u.w));
  });
}

KERNEL(256, 4) absmax_part(const float *x, double *out, int n) {
  part(out, n, Max(), [=](int i) {
    const Quad u = load4(x, i, n);
    const Max m;
    return m(m(size(u.x), size(u.y)), m(size(u.z), size(u.w)));
  });
}

template <class J> DEV double joined(const double *parts, int count, J join) {
  double sum = 0;
  for (int i = THREAD; i < count; i += THREADS) sum = join(sum, parts[i]);
  return reduce(sum, join);
}

DEV void put_scalar(double v, float *out, double *wide) {
  if (THREAD != 0) return;
  if (out) *out = (float)v;
  if (wide) *wide = v;
}

// factor times the sum of the parts, times a number, plus a number.
KERNEL(256, 1) sum_last(const double *parts, int count, double factor, const double *times, const double *plus, float *out, double *wide) {
  double v = factor * joined(parts, count, Add());
  if (times) v *= *times;
  if (plus) v += *plus;
  put_scalar(v, out, wide);
}

KERNEL(256, 1) max_last(const double *parts, int count, float *out, double *wide) {
  put_scalar(joined(parts, count, Max()), out, wide);
}

// factor *g (a - b): the gradient of the sum of squares to a, with factor 2/n of their mean.
KERNEL(256, 4) sqdiff_grad(const float *a, const float *b, const float *g, float factor, float *out, const float *mask, int add, int n) {
  const int i = here();
  const float f = factor * *g;
  put4(Ending{out, mask, add}, i, map(load4(a, i, n), load4(b, i, n), [f](float u, float v) { return f * (u - v); }), n);
}

// x times strength/(norm + 1e-8): a gradient divided by its L1 norm.
KERNEL(256, 4) normalized(const float *x, const float *norm, float strength, float *out, const float *mask, int add, int n) {
  const int i = here();
  const float f = (float)(strength / (*norm + 1e-8));
  put4(Ending{out, mask, add}, i, map(load4(x, i, n), [f](float u) { return f * u; }), n);
}

// The objective: scalars times weights.
KERNEL(32, 1) weighted_sum(const float *const *terms, const float *weights, int n, float *out) {
  if (THREAD != 0) return;
  double sum = 0;
  for (int i = 0; i < n; i++) sum += (double)weights[i] * *terms[i];
  *out = (float)sum;
}

KERNEL(32, 1) scale_scalar(const float *x, float by, float *out) {
  if (THREAD == 0) *out = by * *x;
}
