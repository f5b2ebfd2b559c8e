// 2x2 pooling, stride 2, of features [H][W][C], four channels to a thread. An odd last row
// or column belongs to no window.
#include "vector.h"

enum Pooling { MAX_POOL, MEAN_POOL, L2_POOL };

DEV float larger(float a, float b) { return b > a || b != b ? b : a; }

DEV float norm2(float a, float b, float c, float d) { return (a * a + b * b) + (c * c + d * d); }

DEV float pooled(int kind, float scale, float a, float b, float c, float d) {
  if (kind == MAX_POOL) return scale * larger(larger(a, b), larger(c, d));
  if (kind == MEAN_POOL) return 0.25f * scale * ((a + b) + (c + d));
  return scale * root(norm2(a, b, c, d));
}

// Window is where a thread works: row y and column x of the pooled features, channels c
// to c+3.
struct Window {
  int y, x, c;
  bool some;

  METHOD Window(int h, int w, int C) {
    const int i = BLOCK * THREADS + THREAD, each = C / 4;
    c = i % each * 4;
    x = i / each % w;
    y = i / each / w;
    some = y < h;
  }
};

KERNEL(256, 4) pool(const float *in, float *out, int H, int W, int C, int kind, float scale) {
  const Window at(H / 2, W / 2, C);
  if (!at.some) return;
  const float *p = in + ((long long)at.y * 2 * W + at.x * 2) * C + at.c;
  const Quad a = *(const Quad *)p, b = *(const Quad *)(p + C);
  const Quad c = *(const Quad *)(p + (long long)W * C), d = *(const Quad *)(p + (long long)W * C + C);
  *(Quad *)(out + ((long long)at.y * (W / 2) + at.x) * C + at.c) = Quad{
      pooled(kind, scale, a.x, b.x, c.x, d.x), pooled(kind, scale, a.y, b.y, c.y, d.y),
      pooled(kind, scale, a.z, b.z, c.z, d.z), pooled(kind, scale, a.w, b.w, c.w, d.w)};
}

// spread sets v to the gradient to the four values of a window, v, from that to what they
// became, g. Of equal maxima the first gets all.
DEV void spread(int kind, float g, float (&v)[4]) {
  if (kind == MEAN_POOL) {
    for (int i = 0; i < 4; i++) v[i] = 0.25f * g;
    return;
  }
  if (kind == L2_POOL) {
    const float s = norm2(v[0], v[1], v[2], v[3]);
    const float f = s > 0.f ? g / root(s) : 0.f;
    for (int i = 0; i < 4; i++) v[i] *= f;
    return;
  }
  const int top = v[1] > v[0], bottom = v[3] > v[2];
  const bool below = (bottom ? v[3] : v[2]) > (top ? v[1] : v[0]);
#pragma unroll
  for (int i = 0; i < 4; i++) v[i] = i == (below ? 2 + bottom : top) ? g : 0.f;
}

// Windows that the edge cuts get zeros, so that all of out is written.
KERNEL(256, 4) pool_grad(const float *in, const float *g, float *out, const float *mask, int add, int H, int W, int C, int kind, float scale) {
  const Window at((H + 1) / 2, (W + 1) / 2, C);
  if (!at.some) return;
  const bool whole = at.y < H / 2 && at.x < W / 2;
  const long long from = ((long long)at.y * 2 * W + at.x * 2) * C + at.c;
  Quad d = {}, v[4] = {};
  if (whole) d = map(*(const Quad *)(g + ((long long)at.y * (W / 2) + at.x) * C + at.c), [=](float u) { return scale * u; });
#pragma unroll
  for (int i = 0; i < 4; i++)
    if (whole && kind != MEAN_POOL) v[i] = *(const Quad *)(in + from + ((long long)(i / 2) * W + i % 2) * C);
#define LANE(f)                                     \
  {                                                 \
    float u[4] = {v[0].f, v[1].f, v[2].f, v[3].f};  \
    spread(kind, d.f, u);                           \
    for (int i = 0; i < 4; i++) v[i].f = u[i];      \
  }
  LANE(x) LANE(y) LANE(z) LANE(w)
#undef LANE
  const Ending e{out, mask, add};
#pragma unroll
  for (int i = 0; i < 4; i++)
    if (at.y * 2 + i / 2 < H && at.x * 2 + i % 2 < W) e.put(from + ((long long)(i / 2) * W + i % 2) * C, v[i]);
}
