// The range of pictures [3][plane], whose channels have bounds of their own.
#include "vector.h"

// x is brought to the nearest number in the range.
KERNEL(256, 4) bound(float *x, float lo0, float lo1, float lo2, float hi0, float hi1, float hi2, int plane) {
  const int i = BLOCK * THREADS + THREAD, c = i / plane;
  if (c >= 3) return;
  const float lo = c == 0 ? lo0 : c == 1 ? lo1 : lo2, hi = c == 0 ? hi0 : c == 1 ? hi1 : hi2, v = x[i];
  x[i] = v < lo ? lo : v > hi ? hi : v;
}

// The gradient g is 0 where x is out of the range and a step along -g would lead further
// out.
KERNEL(256, 4) hold(float *g, const float *x, float lo0, float lo1, float lo2, float hi0, float hi1, float hi2, int plane) {
  const int i = BLOCK * THREADS + THREAD, c = i / plane;
  if (c >= 3) return;
  const float lo = c == 0 ? lo0 : c == 1 ? lo1 : lo2, hi = c == 0 ? hi0 : c == 1 ? hi1 : hi2, v = x[i];
  if ((v < lo && g[i] > 0.f) || (v > hi && g[i] < 0.f)) g[i] = 0.f;
}
