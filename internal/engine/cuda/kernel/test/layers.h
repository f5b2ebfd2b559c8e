// The first convolution and pooling against plain loops in float64.
#include "test.h"

// at is the index of pixel (y,x) of a picture that zeros or its nearest pixels continue,
// -1 for a zero.
static int at(int y, int x, int H, int W, bool replicate) {
  if (!replicate && (y < 0 || x < 0 || y >= H || x >= W)) return -1;
  return std::min(std::max(y, 0), H - 1) * W + std::min(std::max(x, 0), W - 1);
}

TEST(conv_first) {
  const int sizes[][3] = {{9, 14, 64}, {1, 1, 16}, {7, 11, 48}, {3, 70, 80}};
  for (auto [H, W, K] : sizes)
    for (int replicate = 0; replicate < 2; replicate++) {
      const Floats x = c.numbers(3 * H * W), w = c.numbers(K * 27), b = c.numbers(K);
      Doubles want(H * W * K);
      for (int p = 0; p < H * W; p++)
        for (int k = 0; k < K; k++) {
          double sum = b[k];
          for (int t = 0; t < 27; t++) {
            const int q = at(p / W + t % 9 / 3 - 1, p % W + t % 3 - 1, H, W, replicate);
            if (q >= 0) sum += (double)w[k * 27 + t] * x[t / 9 * H * W + q];
          }
          want[p * K + k] = replicate && sum < 0 ? 0 : sum; // with a ReLU then
        }
      Buffer<float> dx(x), dw(w), db(b), y(H * W * K);
      run("conv_first", ceil_div(H * W, 64) * ceil_div(K, 64), dx, dw, db, y, replicate, replicate, H, W, K);
      c.check("conv_first K=" + std::to_string(K), y.get(), want, 1e-6);
    }
}

TEST(conv_first_grad) {
  const int sizes[][3] = {{9, 14, 64}, {1, 1, 16}, {1, 19, 48}, {17, 2, 16}};
  for (auto [H, W, K] : sizes)
    for (int replicate = 0; replicate < 2; replicate++) {
      const Floats g = c.numbers(H * W * K), w = c.numbers(K * 27), old = c.numbers(3 * H * W);
      Doubles want(3 * H * W);
      for (int p = 0; p < H * W; p++)
        for (int t = 0; t < 27; t++) {
          const int q = at(p / W + t % 9 / 3 - 1, p % W + t % 3 - 1, H, W, replicate);
          for (int k = 0; q >= 0 && k < K; k++) want[t / 9 * H * W + q] += (double)w[k * 27 + t] * g[p * K + k];
        }
      Buffer<float> dg(g), dw(w), out(replicate ? old : Floats(3 * H * W, NAN));
      run("conv_first_grad", ceil_div(H, 8) * ceil_div(W, 8), dg, dw, out, replicate, replicate, H, W, K);
      c.check("conv_first_grad " + std::to_string(H) + "x" + std::to_string(W), out.get(), after(want, replicate ? &old : nullptr, nullptr), 1e-6);
    }
}

// ref_pool pools x [H][W][C], and if g is given sets dx to the gradient.
static Doubles ref_pool(const Floats &x, int H, int W, int C, int kind, double scale, const Floats *g, Doubles &dx) {
  const int h = H / 2, w = W / 2;
  Doubles y(h * w * C);
  dx.assign(H * W * C, 0);
  for (int i = 0; i < h * w * C; i++) {
    const int ch = i % C, from = (i / C / w * 2 * W + i / C % w * 2) * C + ch;
    const int q[] = {from, from + C, from + W * C, from + W * C + C};
    double sum = 0, squares = 0;
    int best = q[0];
    for (int k : q) {
      sum += x[k];
      squares += (double)x[k] * x[k];
      if (x[k] > x[best]) best = k;
    }
    const double norm = std::sqrt(squares);
    y[i] = scale * (kind == 0 ? x[best] : kind == 1 ? sum / 4 : norm);
    if (!g) continue;
    const double d = scale * (*g)[i];
    for (int k : q) dx[k] = kind == 0 ? (k == best ? d : 0) : kind == 1 ? d / 4 : norm > 0 ? d * x[k] / norm : 0;
  }
  return y;
}

TEST(pool) {
  const int sizes[][3] = {{9, 14, 16}, {2, 2, 64}, {7, 11, 48}, {3, 31, 20}};
  for (auto [H, W, C] : sizes)
    for (int kind = 0; kind < 3; kind++) {
      const float factor = kind == 2 ? 0.78f : kind + 1;
      Floats x = c.numbers(H * W * C);
      for (float &v : x) v = std::fmax(v, 0.f); // with equal maxima, and windows of zeros
      const Floats g = c.numbers((H / 2) * (W / 2) * C), old = c.numbers(H * W * C), mask = c.numbers(H * W * C);
      Doubles dx;
      const Doubles y = ref_pool(x, H, W, C, kind, factor, &g, dx);
      Buffer<float> in(x), out(y.size()), dg(g), both(old), dm(mask), alone(H * W * C);
      run("pool", ceil_div((H / 2) * (W / 2) * C / 4, 256), in, out, H, W, C, kind, factor);
      c.check("pool kind " + std::to_string(kind), out.get(), y, 1e-6);
      const int grid = ceil_div(ceil_div(H, 2) * ceil_div(W, 2) * C / 4, 256);
      run("pool_grad", grid, kind == 1 ? nullptr : (float *)in, dg, alone, nullptr, 0, H, W, C, kind, factor);
      c.check("pool_grad kind " + std::to_string(kind), alone.get(), dx, 1e-6);
      run("pool_grad", grid, in, dg, both, dm, 1, H, W, C, kind, factor);
      c.check("pool_grad added, kind " + std::to_string(kind), both.get(), after(dx, &old, &mask), 1e-6);
    }
}
