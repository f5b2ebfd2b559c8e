// The convolution of a planar picture [3][H][W] to features and its gradient, 3x3, padded
// by zeros or by the nearest pixel, in float32. Both are bound by memory.
#include "vector.h"

constexpr int FIRST = 64; // pixels, and channels, of a block of conv_first

// The output is computed in tiles of 64 pixels in a row by 64 channels, four by four to a
// thread.
KERNEL(256, 2) conv_first(const float *x, const float *w, const float *bias, float *out, int relu, int replicate, int H, int W, int K) {
  SHARED(float, in, [27][FIRST]);
  SHARED(float, filter, [27][FIRST]);
  const int columns = (K + FIRST - 1) / FIRST, p0 = BLOCK / columns * FIRST, k0 = BLOCK % columns * FIRST;
  for (int i = THREAD; i < 27 * FIRST; i += THREADS) {
    const int t = i / FIRST, p = p0 + i % FIRST, k = k0 + i % FIRST;
    int v = p / W + t % 9 / 3 - 1, u = p % W + t % 3 - 1;
    if (replicate) {
      v = v < 0 ? 0 : v >= H ? H - 1 : v;
      u = u < 0 ? 0 : u >= W ? W - 1 : u;
    }
    const bool inside = p < H * W && v >= 0 && u >= 0 && v < H && u < W;
    in[t][i % FIRST] = inside ? x[((long long)(t / 9) * H + v) * W + u] : 0.f;
    filter[t][i % FIRST] = k < K ? w[k * 27 + t] : 0.f;
  }
  SYNC();
  const int p = THREAD / 16 * 4, k = THREAD % 16 * 4;
  float sum[4][4] = {};
#pragma unroll 3 // more at a time need more registers than there are
  for (int t = 0; t < 27; t++) {
    const Quad a = *(const Quad *)&in[t][p], b = *(const Quad *)&filter[t][k];
    const float av[4] = {a.x, a.y, a.z, a.w}, bv[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
      for (int j = 0; j < 4; j++) sum[i][j] = fused(av[i], bv[j], sum[i][j]);
  }
  if (k0 + k >= K) return;
  const Quad b = bias ? *(const Quad *)(bias + k0 + k) : Quad{};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    if (p0 + p + i >= H * W) break;
    Quad v{sum[i][0] + b.x, sum[i][1] + b.y, sum[i][2] + b.z, sum[i][3] + b.w};
    if (relu) v = map(v, [](float u) { return u < 0.f ? 0.f : u; });
    *(Quad *)(out + (long long)(p0 + p + i) * K + k0 + k) = v;
  }
}

constexpr int EDGE = 8, HALO = EDGE + 2, CHUNK = 16; // of conv_first_grad

// Patch is the gradient to the features of a tile and one pixel around it, 16 channels at
// a time, and the filters of these channels.
struct Patch {
  float g[HALO][HALO][CHUNK];
  float w[9][3][CHUNK];
};

DEV void fill(Patch &s, const float *g, const float *w, int y0, int x0, int k0, int H, int W, int K) {
  for (int i = THREAD; i < HALO * HALO * CHUNK / 4; i += THREADS) {
    const int c = i % (CHUNK / 4) * 4, at = i / (CHUNK / 4), v = at / HALO, u = at % HALO;
    const int y = y0 + v - 1, x = x0 + u - 1;
    const bool inside = y >= 0 && x >= 0 && y < H && x < W;
    *(Quad *)&s.g[v][u][c] = inside ? *(const Quad *)(g + ((long long)y * W + x) * K + k0 + c) : Quad{};
  }
  for (int i = THREAD; i < 27 * CHUNK; i += THREADS) {
    const int c = i % CHUNK, t = i / CHUNK;
    s.w[t % 9][t / 9][c] = w[(k0 + c) * 27 + t];
  }
}

DEV void join(Quad &a, Quad b) { a.x += b.x; a.y += b.y; a.z += b.z; a.w += b.w; }

DEV float dot4(Quad a, Quad b, float sum) { return fused(a.w, b.w, fused(a.z, b.z, fused(a.y, b.y, fused(a.x, b.x, sum)))); }

// A block computes 8x8 pixels. Four threads share a pixel, each with every fourth group of
// four channels. A pixel at the edge of a replicated picture also stands for those beyond
// it: through tap 0 or 2 it feeds its own row or column once more.
KERNEL(256, 3) conv_first_grad(const float *g, const float *w, float *out, int add, int replicate, int H, int W, int K) {
  SHARED(Patch, patch, [1]);
  SHARED(float, sums, [THREADS][3]);
  const int columns = (W + EDGE - 1) / EDGE, y0 = BLOCK / columns * EDGE, x0 = BLOCK % columns * EDGE;
  const int part = THREAD % 4 * 4, v = THREAD / 4 / EDGE, u = THREAD / 4 % EDGE, y = y0 + v, x = x0 + u;
  float sum[3] = {};
  for (int k0 = 0; k0 < K; k0 += CHUNK) {
    SYNC(); // all have read the chunk before
    fill(patch[0], g, w, y0, x0, k0, H, W, K);
    SYNC();
    const auto at = [&](int v, int u) { return *(const Quad *)&patch[0].g[v + 1][u + 1][part]; };
#pragma unroll
    for (int t = 0; t < 9; t++) {
      const int ty = t / 3, tx = t % 3;
      Quad d = at(v + 1 - ty, u + 1 - tx);
      const bool again_y = replicate && ((ty == 0 && y == 0) || (ty == 2 && y == H - 1));
      const bool again_x = replicate && ((tx == 0 && x == 0) || (tx == 2 && x == W - 1));
      if (again_y) join(d, at(v, u + 1 - tx));
      if (again_x) join(d, at(v + 1 - ty, u));
      if (again_y && again_x) join(d, at(v, u));
#pragma unroll
      for (int c = 0; c < 3; c++) sum[c] = dot4(d, *(const Quad *)&patch[0].w[t][c][part], sum[c]);
    }
  }
  for (int c = 0; c < 3; c++) sums[THREAD][c] = sum[c];
  SYNC();
  if (THREAD >= 3 * EDGE * EDGE) return;
  const int c = THREAD / (EDGE * EDGE), p = THREAD % (EDGE * EDGE), py = y0 + p / EDGE, px = x0 + p % EDGE;
  if (py >= H || px >= W) return;
  const float total = (sums[4 * p][c] + sums[4 * p + 1][c]) + (sums[4 * p + 2][c] + sums[4 * p + 3][c]);
  Ending{out, nullptr, add}.put(((long long)c * H + py) * W + px, total);
}
