// Planar pictures against plain loops in float64.
#include "test.h"

TEST(affine) {
  const int plane = 9 * 15;
  const float a[] = {2, -3, 0.5f}, b[] = {0.1f, 0.2f, -7};
  for (int variant = 0; variant < 4; variant++) {
    const bool reverse = variant & 1, add = variant & 2;
    const Floats x = c.numbers(3 * plane), old = c.numbers(3 * plane);
    Doubles want(3 * plane);
    for (int i = 0; i < 3 * plane; i++) want[i] = (double)a[i / plane] * x[(reverse ? 2 - i / plane : i / plane) * plane + i % plane] + b[i / plane];
    Buffer<float> dx(x), out(add ? old : Floats(3 * plane, NAN));
    run("affine", ceil_div(3 * plane, 256), dx, out, a[0], a[1], a[2], b[0], b[1], b[2], (int)reverse, (int)add, plane);
    c.check("affine", out.get(), after(want, add ? &old : nullptr, nullptr), 1e-6);
  }
}

// each_pair calls f for the two pixels of each pair of a difference, in one plane, as
// op.TV does: the picture is continued by its nearest pixels if they are replicated.
template <class F> static void each_pair(int H, int W, const float *d, F f) {
  const int dx = (int)d[0], dy = (int)d[1], flags = (int)d[3];
  const int edge = flags & 4 ? 1 : 0;
  const auto at = [&](int y, int x) { return std::min(std::max(y, 0), H - 1) * W + std::min(std::max(x, 0), W - 1); };
  for (int y = -edge; y < H + edge; y++)
    for (int x = -edge; x < W + edge; x++) {
      const int v = y + dy, u = x + dx;
      const bool inside = v >= -edge && u >= -edge && v < H + edge && u < W + edge;
      const bool inner = !(flags & 2) || (y + 1 < H && x + 1 < W);
      if (inside && inner) f(at(y, x), at(v, u));
    }
}

TEST(tv) {
  // quadratic, absolute, inner, and the nine points with their replicated diagonals
  const std::vector<Floats> forms = {
      {1, 0, 0.5f, 0, 0, 1, 0.25f, 0},
      {1, 0, 0.5f, 1, 0, 1, 0.25f, 1},
      {1, 0, 0.5f, 2, 0, 1, 0.25f, 2},
      {1, 0, 0.5f, 0, 0, 1, 0.25f, 0, 1, 1, 0.125f, 4, -1, 1, 0.125f, 4},
      {1, 1, 0.5f, 0, -1, 1, 0.25f, 1},
  };
  const int sizes[][2] = {{9, 14}, {2, 2}, {17, 3}, {1, 5}};
  for (const auto &size : sizes)
    for (const Floats &form : forms) {
      const int H = size[0], W = size[1]; // bindings cannot be captured in C++17
      const int count = (int)form.size() / 4, n = 3 * H * W;
      Floats x = c.numbers(n);
      for (int i = 0; i < n; i += 3) x[i] = x[i / 2]; // some differences are 0
      const Floats old = c.numbers(n);
      double want = 0;
      Doubles grad(n);
      for (int p = 0; p < 3 * count; p++) {
        const float *d = &form[p % count * 4], *plane = &x[p / count * H * W];
        each_pair(H, W, d, [&](int i, int j) {
          const double v = (double)plane[j] - plane[i], w = d[2];
          const bool absolute = (int)d[3] & 1;
          want += w * (absolute ? std::fabs(v) : v * v);
          const double g = 3 * w * (absolute ? (v > 0) - (v < 0) : 2 * v);
          grad[p / count * H * W + j] += g;
          grad[p / count * H * W + i] -= g;
        });
      }
      const int parts = ceil_div(3 * (H + 2) * (W + 2), 1024);
      Buffer<float> dx(x), diffs(form), g(Floats{3}), out(1), alone(n), both(old);
      Buffer<double> part(parts);
      run("tv_part", parts, dx, diffs, count, part, 3, H, W);
      run("sum_last", 1, part, parts, 1.0, nullptr, nullptr, out, nullptr);
      c.check("tv", out.get(), {want}, 1e-6);
      run("tv_grad", ceil_div(n, 256), dx, diffs, count, g, alone, 0, 3, H, W);
      c.check("tv_grad", alone.get(), grad, 1e-6);
      run("tv_grad", ceil_div(n, 256), dx, diffs, count, g, both, 1, 3, H, W);
      c.check("tv_grad added", both.get(), after(grad, &old, nullptr), 1e-6);
    }
}

// halving is the element of the matrix that halves an axis: what sample i of the coarse
// level takes from sample j of the fine one.
static double halving(int i, int j) {
  const double d = std::fabs(j - 2 * i - 0.5);
  return d == 0.5 ? std::sqrt(2) * 3 / 8 : d == 1.5 ? std::sqrt(2) / 8 : 0;
}

TEST(pyramid) {
  const int sizes[][2] = {{9, 14}, {1, 1}, {16, 7}, {2, 31}};
  for (auto [H, W] : sizes) {
    const int h = (H + 1) / 2, w = (W + 1) / 2;
    const Floats full = c.numbers(3 * H * W), half = c.numbers(3 * h * w);
    Doubles down(3 * h * w), up(full.begin(), full.end());
    for (int p = 0; p < 3; p++)
      for (int i = 0; i < h * w; i++)
        for (int j = 0; j < H * W; j++) {
          const double r = halving(i / w, j / W) * halving(i % w, j % W);
          down[p * h * w + i] += r * full[p * H * W + j];
          up[p * H * W + j] += 0.7 * r * half[p * h * w + i];
        }
    Buffer<float> df(full), dh(half), small(3 * h * w);
    run("pyramid_down", ceil_div(3 * h * w, 256), df, small, 3, H, W);
    c.check("pyramid_down", small.get(), down, 1e-6);
    run("pyramid_up", ceil_div(3 * H * W, 256), df, dh, df, 3, H, W, 0.7f);
    c.check("pyramid_up", df.get(), up, 1e-6);
  }
}
