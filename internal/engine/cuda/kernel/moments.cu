// Means and standard deviations of the channels of features [HW][C], in float64, and their
// gradient.
#include "vector.h"

// A block adds up 32 channels of a slab of pixels; eight threads share a channel. part
// gets the sums of w x and of w x², w being guide² or 1: 2C numbers for each slab.
KERNEL(256, 4) moments_part(const float *x, const float *guide, double *part, int HW, int C, int slab) {
  SHARED(double, s, [2][SHARERS][GROUP]);
  const int groups = (C + GROUP - 1) / GROUP, lane = THREAD / GROUP, c = BLOCK % groups * GROUP + THREAD % GROUP;
  const int k = BLOCK / groups, from = k * slab, to = HW - from < slab ? HW : from + slab;
  double sum = 0, squares = 0;
  if (c < C)
    for (int p = from + lane; p < to; p += SHARERS) {
      const double v = x[(long long)p * C + c], w = guide ? (double)guide[p] * guide[p] : 1;
      sum += w * v;
      squares += w * v * v;
    }
  s[0][lane][THREAD % GROUP] = sum;
  s[1][lane][THREAD % GROUP] = squares;
  SYNC();
  if (lane != 0 || c >= C) return;
  for (int i = 1; i < SHARERS; i++) {
    sum += s[0][i][THREAD];
    squares += s[1][i][THREAD];
  }
  part[(long long)k * 2 * C + c] = sum;
  part[(long long)k * 2 * C + C + c] = squares;
}

// The moments, scale being 1 over the sum of the weights. Without std the means alone.
KERNEL(256, 4) moments_sum(const double *part, float *mean, float *std, int C, int slabs, double scale) {
  SHARED(double, s, [2][SHARERS][GROUP]);
  const int lane = THREAD / GROUP, c = BLOCK * GROUP + THREAD % GROUP;
  double sum = 0, squares = 0;
  if (c < C)
    for (int k = lane; k < slabs; k += SHARERS) {
      sum += part[(long long)k * 2 * C + c];
      squares += part[(long long)k * 2 * C + C + c];
    }
  s[0][lane][THREAD % GROUP] = sum;
  s[1][lane][THREAD % GROUP] = squares;
  SYNC();
  if (lane != 0 || c >= C) return;
  for (int i = 1; i < SHARERS; i++) {
    sum += s[0][i][THREAD];
    squares += s[1][i][THREAD];
  }
  sum *= scale;
  const double variance = squares * scale - sum * sum;
  mean[c] = (float)sum;
  if (std) std[c] = (float)root(variance < 0 ? 0.0 : variance);
}

// a and b of channel_affine, for the gradient g (2,C) to moments m (2,C). A channel of
// deviation 0 passes nothing through it.
KERNEL(256, 4) moments_factors(const float *g, const float *m, float *ab, int C, float scale) {
  const int c = BLOCK * THREADS + THREAD;
  if (c >= C) return;
  const float a = m[C + c] > 0.f ? scale * g[C + c] / m[C + c] : 0.f;
  ab[c] = a;
  ab[C + c] = scale * g[c] - a * m[c];
}

// guide² (a x + b), a and b for each channel; without x, guide² b.
KERNEL(256, 4) channel_affine(const float *x, const float *a, const float *b, const float *guide, float *out, const float *mask, int add, int HW, int C) {
  const int i = BLOCK * THREADS + THREAD, each = C / 4, p = i / each, c = i % each * 4;
  if (p >= HW) return;
  const long long at = (long long)p * C + c;
  Quad v = *(const Quad *)(b + c);
  if (x) {
    const Quad u = map(*(const Quad *)(x + at), *(const Quad *)(a + c), [](float x, float a) { return a * x; });
    v = map(v, u, [](float b, float ax) { return ax + b; });
  }
  if (guide) {
    const float g = guide[p] * guide[p];
    v = map(v, [g](float u) { return g * u; });
  }
  Ending{out, mask, add}.put(at, v);
}
