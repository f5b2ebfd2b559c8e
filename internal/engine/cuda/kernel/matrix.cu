// Matrices of the size of a Gram matrix.
#include "vector.h"

// scale (d + dᵀ).
KERNEL(256, 4) symmetrise(const float *d, float *out, int C, float scale) {
  const int i = BLOCK * THREADS + THREAD;
  if (i < C * C) out[i] = scale * (d[i] + d[i % C * C + i / C]);
}

constexpr int SIDE = 32; // of a tile of small_gemm

// take copies the tile of op(m) at (row, column) to s, with zeros beyond the edge.
DEV void take(float (&s)[SIDE][SIDE + 1], const float *m, int n, int transposed, int row, int column) {
  for (int i = THREAD / SIDE; i < SIDE; i += THREADS / SIDE) {
    const int j = THREAD % SIDE, r = transposed ? column + i : row + i, c = transposed ? row + j : column + j;
    const float v = r < n && c < n ? m[r * n + c] : 0.f;
    if (transposed) s[j][i] = v;
    else s[i][j] = v;
  }
}

// out = op(a) op(b), or is added to, for n by n matrices: op is the transpose if ta or tb.
// In float32; out is neither a nor b.
KERNEL(256, 4) small_gemm(const float *a, const float *b, float *out, int n, int ta, int tb, int add) {
  SHARED(float, left, [SIDE][SIDE + 1]);
  SHARED(float, right, [SIDE][SIDE + 1]);
  const int tiles = (n + SIDE - 1) / SIDE, row = BLOCK / tiles * SIDE, column = BLOCK % tiles * SIDE;
  const int i = THREAD / SIDE * 4, j = THREAD % SIDE;
  float sum[4] = {};
  for (int k = 0; k < n; k += SIDE) {
    SYNC(); // all have read the tiles before
    take(left, a, n, ta, row, k);
    take(right, b, n, tb, k, column);
    SYNC();
    for (int e = 0; e < SIDE; e++)
#pragma unroll
      for (int r = 0; r < 4; r++) sum[r] = fused(left[i + r][e], right[e][j], sum[r]);
  }
  const Ending e{out, nullptr, add};
#pragma unroll
  for (int r = 0; r < 4; r++)
    if (row + i + r < n && column + j < n) e.put((row + i + r) * n + column + j, sum[r]);
}
