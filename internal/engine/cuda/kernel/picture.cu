// Planar pictures [C][H][W]: preparation, total variation, the pyramid.
#include "vector.h"

// Channel i is a_i x + b_i, x being channel i, or 2-i if reverse: package op's Affine.
KERNEL(256, 4) affine(const float *x, float *out, float a0, float a1, float a2, float b0, float b1, float b2, int reverse, int add, int plane) {
  const int i = BLOCK * THREADS + THREAD, c = i / plane, p = i - c * plane;
  if (c >= 3) return;
  const float a = c == 0 ? a0 : c == 1 ? a1 : a2, b = c == 0 ? b0 : c == 1 ? b1 : b2;
  Ending{out, nullptr, add}.put(i, a * x[(reverse ? 2 - c : c) * plane + p] + b);
}

// Difference is what package kernel calls so: between pixel (y+dy, x+dx) and (y, x).
struct Difference {
  int dx, dy;
  float weight;
  bool absolute, inner, replicate;

  METHOD Difference(const float *d) {
    const int flags = (int)d[3];
    dx = (int)d[0];
    dy = (int)d[1];
    weight = d[2];
    absolute = flags & 1;
    inner = flags & 2;
    replicate = flags & 4;
  }

  // first tells whether (y,x) is the first pixel of a pair in a picture of H by W.
  METHOD bool first(int y, int x, int H, int W) const {
    const int right = dx > 0 ? dx : 0, left = dx < 0 ? -dx : 0;
    if (replicate) return y >= -1 && y < H + 1 - dy && x >= left - 1 && x < W + 1 - right;
    if (inner) return y >= 0 && y < H - 1 && x >= 0 && x < W - 1;
    return y >= 0 && y < H - dy && x >= left && x < W - right;
  }
};

// Plane is a picture of one channel, continued by its nearest pixel.
struct Plane {
  const float *p;
  int H, W;

  METHOD float operator()(int y, int x) const {
    y = y < 0 ? 0 : y >= H ? H - 1 : y;
    x = x < 0 ? 0 : x >= W ? W - 1 : x;
    return p[(long long)y * W + x];
  }
};

DEV double variation(const Plane &s, const float *diffs, int count, int y, int x) {
  double sum = 0;
  for (int k = 0; k < count; k++) {
    const Difference d(diffs + 4 * k);
    if (!d.first(y, x, s.H, s.W)) continue;
    const double v = s(y + d.dy, x + d.dx) - s(y, x);
    sum += d.weight * (d.absolute ? (v < 0 ? -v : v) : v * v);
  }
  return sum;
}

// Sums of weighted differences; the first pixels of pairs run from -1 on.
KERNEL(256, 4) tv_part(const float *x, const float *diffs, int count, double *part, int C, int H, int W) {
  double sum = 0;
  for (int k = 0; k < 4; k++) {
    const long long i = (long long)BLOCK * PER_BLOCK + k * THREADS + THREAD;
    const int u = (int)(i % (W + 2)) - 1, v = (int)(i / (W + 2) % (H + 2)) - 1, c = (int)(i / (W + 2) / (H + 2));
    if (c < C) sum += variation(Plane{x + (long long)c * H * W, H, W}, diffs, count, v, u);
  }
  sum = reduce(sum, Add());
  if (THREAD == 0) part[BLOCK] = sum;
}

DEV float slope(const Difference &d, float v) {
  if (!d.absolute) return 2.f * v;
  return v > 0.f ? 1.f : v < 0.f ? -1.f : 0.f;
}

// pull is what the pairs of d that pixel (y,x) of the continued picture is part of add to
// its gradient.
DEV float pull(const Plane &s, const Difference &d, int y, int x) {
  float sum = 0.f;
  if (d.first(y - d.dy, x - d.dx, s.H, s.W)) sum += slope(d, s(y, x) - s(y - d.dy, x - d.dx));
  if (d.first(y, x, s.H, s.W)) sum -= slope(d, s(y + d.dy, x + d.dx) - s(y, x));
  return sum;
}

// The gradient of the weighted differences, times *g. In a replicated picture a pixel of
// the edge also stands for those beyond it.
KERNEL(256, 4) tv_grad(const float *x, const float *diffs, int count, const float *g, float *out, int add, int C, int H, int W) {
  const int i = BLOCK * THREADS + THREAD, u = i % W, v = i / W % H, c = i / W / H;
  if (c >= C) return;
  const Plane s{x + (long long)c * H * W, H, W};
  float sum = 0.f;
  for (int k = 0; k < count; k++) {
    const Difference d(diffs + 4 * k);
    const int y0 = d.replicate && v == 0 ? -1 : v, y1 = d.replicate && v == H - 1 ? H : v;
    const int x0 = d.replicate && u == 0 ? -1 : u, x1 = d.replicate && u == W - 1 ? W : u;
    float part = 0.f;
    for (int y = y0; y <= y1; y++)
      for (int x = x0; x <= x1; x++) part += pull(s, d, y, x);
    sum += *g * d.weight * part;
  }
  Ending{out, nullptr, add}.put(i, sum);
}

// The filter that halves a plane is [1 3 3 1]/8 times √2 each way, zeros being beyond the
// edges: both ways, a 2 at the end.
constexpr float NEAR = 3.f / 8, FAR = 1.f / 8;

DEV float pixel(const float *p, int y, int x, int H, int W) {
  return y >= 0 && x >= 0 && y < H && x < W ? p[(long long)y * W + x] : 0.f;
}

KERNEL(256, 4) pyramid_down(const float *full, float *half, int planes, int H, int W) {
  const int h = (H + 1) / 2, w = (W + 1) / 2, i = BLOCK * THREADS + THREAD;
  const int x = i % w * 2 - 1, y = i / w % h * 2 - 1, c = i / w / h;
  if (c >= planes) return;
  const float *p = full + (long long)c * H * W;
  float column[4];
#pragma unroll
  for (int k = 0; k < 4; k++)
    column[k] = FAR * (pixel(p, y, x + k, H, W) + pixel(p, y + 3, x + k, H, W)) + NEAR * (pixel(p, y + 1, x + k, H, W) + pixel(p, y + 2, x + k, H, W));
  half[i] = 2.f * (FAR * (column[0] + column[3]) + NEAR * (column[1] + column[2]));
}

// out = base + scale times half expanded, by the transpose of pyramid_down.
KERNEL(256, 4) pyramid_up(const float *base, const float *half, float *out, int planes, int H, int W, float scale) {
  const int h = (H + 1) / 2, w = (W + 1) / 2, i = BLOCK * THREADS + THREAD;
  const int x = i % W, y = i / W % H, c = i / W / H;
  if (c >= planes) return;
  const float *p = half + (long long)c * h * w;
  const int near = y / 2, far = near - 1 + y % 2 * 2, beside = x / 2 - 1 + x % 2 * 2;
  const float a = NEAR * pixel(p, near, x / 2, h, w) + FAR * pixel(p, far, x / 2, h, w);
  const float b = NEAR * pixel(p, near, beside, h, w) + FAR * pixel(p, far, beside, h, w);
  out[i] = base[i] + 2.f * scale * (NEAR * a + FAR * b);
}
