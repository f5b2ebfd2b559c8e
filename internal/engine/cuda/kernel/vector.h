// Four neighbours at a time, with the end of a vector, and sums in a fixed order.
#pragma once
#include "device.h"

constexpr int THREADS = 256;      // of a block of the kernels that are no product
constexpr int PER_BLOCK = 4 * 256; // elements of a block that works element by element
constexpr int PER_SUM = 8 * PER_BLOCK; // and of one that adds up
constexpr int GROUP = 32, SHARERS = THREADS / GROUP; // results of a block where so many threads share one

DEV Quad load4(const float *p, int i, int n) {
  if (n - i >= 4) return *(const Quad *)(p + i);
  return Quad{i < n ? p[i] : 0.f, i + 1 < n ? p[i + 1] : 0.f, i + 2 < n ? p[i + 2] : 0.f, 0.f};
}

DEV void put4(const Ending &e, int i, Quad v, int n) {
  if (n - i >= 4) {
    e.put(i, v);
    return;
  }
  if (i < n) e.put(i, v.x);
  if (i + 1 < n) e.put(i + 1, v.y);
  if (i + 2 < n) e.put(i + 2, v.z);
}

DEV void store4(float *out, int i, Quad v, int n) { put4(Ending{out, nullptr, 0}, i, v, n); }

// here is the first of the four elements that this thread works on.
DEV int here() { return (BLOCK * THREADS + THREAD) * 4; }

struct Add { METHOD double operator()(double a, double b) const { return a + b; } };
// Max is the larger one, and NaN if there is one.
struct Max { METHOD double operator()(double a, double b) const { return b > a || b != b ? b : a; } };

// reduce joins a number of each thread of the block, always in the same order; thread 0
// gets the result.
template <class J> DEV double reduce(double v, J join) {
  SHARED(double, s, [THREADS]);
  s[THREAD] = v;
  SYNC();
  for (int n = THREADS / 2; n > 0; n /= 2) {
    if (THREAD < n) s[THREAD] = join(s[THREAD], s[THREAD + n]);
    SYNC();
  }
  return s[0];
}

// part joins f of the PER_SUM elements of this block and writes the result.
template <class J, class F> DEV void part(double *out, int n, J join, F f) {
  double sum = 0;
  const int from = BLOCK * PER_SUM + THREAD * 4;
#pragma unroll
  for (int k = 0; k < PER_SUM; k += PER_BLOCK) {
    const int i = from + k;
    if (i < n) sum = join(sum, f(i));
  }
  sum = reduce(sum, join);
  if (THREAD == 0) out[BLOCK] = sum;
}
