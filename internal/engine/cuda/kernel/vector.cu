// The vectors of the optimisers, element by element.
#include "vector.h"

// times is a, or a times a number that another kernel computed.
DEV float times(float a, const double *by) { return by ? (float)(a * *by) : a; }

// y += a x, rounding twice.
KERNEL(256, 4) axpy(float a, const double *by, const float *x, float *y, int n) {
  const int i = here();
  const float f = times(a, by);
  store4(y, i, map(load4(x, i, n), load4(y, i, n), [f](float u, float v) { return v + f * u; }), n);
}

KERNEL(256, 4) scale(float a, const double *by, const float *x, float *out, int n) {
  const int i = here();
  const float f = times(a, by);
  store4(out, i, map(load4(x, i, n), [f](float u) { return f * u; }), n);
}

KERNEL(256, 4) sub(const float *x, const float *y, float *out, int n) {
  const int i = here();
  store4(out, i, map(load4(x, i, n), load4(y, i, n), [](float u, float v) { return u - v; }), n);
}

// The common ending on its own: a copy, a sum of gradients, the gradient of a ReLU.
KERNEL(256, 4) pass(const float *x, float *out, const float *mask, int add, int n) {
  const int i = here();
  put4(Ending{out, mask, add}, i, load4(x, i, n), n);
}

KERNEL(256, 4) relu(const float *x, float *out, int n) {
  const int i = here();
  store4(out, i, map(load4(x, i, n), [](float u) { return u < 0.f ? 0.f : u; }), n);
}

// One step of Adam (Kingma and Ba 2015, algorithm 1), in the order of operations of
// torch.optim.Adam, each rounded: step is -rate/(1-beta1^t), corr is sqrt(1-beta2^t).
KERNEL(256, 4) adam(float *x, const float *g, float *m, float *v, float beta1, float beta2, float rest1, float rest2, float step, float corr, float small, int n) {
  const int i = here();
  const Quad g4 = load4(g, i, n), x4 = load4(x, i, n);
  const Quad m4 = map(load4(m, i, n), g4, [=](float m, float g) { return m * beta1 + rest1 * g; });
  const Quad v4 = map(load4(v, i, n), g4, [=](float v, float g) { return v * beta2 + rest2 * g * g; });
  const Quad move = map(m4, v4, [=](float m, float v) { return step * m / (root(v) / corr + small); });
  store4(m, i, m4, n);
  store4(v, i, v4, n);
  store4(x, i, map(x4, move, [](float x, float d) { return x + d; }), n);
}
