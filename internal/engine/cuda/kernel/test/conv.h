// Convolutions and 1x1 maps against plain loops in float64.
#include "test.h"

// ref_conv3 convolves x [HW][C] by w [9][K][C].
static Doubles ref_conv3(const Floats &x, const Floats &w, const Floats &bias, int H, int W, int C, int K) {
  Doubles y((size_t)H * W * K);
  for (int i = 0; i < H; i++)
    for (int j = 0; j < W; j++)
      for (int k = 0; k < K; k++) {
        double sum = bias.empty() ? 0 : bias[k];
        for (int t = 0; t < 9; t++) {
          const int u = i + t / 3 - 1, v = j + t % 3 - 1;
          if (u < 0 || v < 0 || u >= H || v >= W) continue;
          for (int ch = 0; ch < C; ch++) sum += (double)x[((size_t)u * W + v) * C + ch] * w[((size_t)t * K + k) * C + ch];
        }
        y[((size_t)i * W + j) * K + k] = sum;
      }
  return y;
}

struct Variant { const char *suffix; int columns; bool exact; };
static const Variant variants[] = {{"_tf32_wide", 128, false}, {"_tf32", 64, false}, {"_fp32", 64, true}};

static double tolerance(const Variant &v) { return v.exact ? 1e-5 : 1e-3; }

TEST(conv3_forward) {
  const int sizes[][4] = {{9, 14, 16, 64}, {9, 14, 48, 16}, {1, 1, 32, 16}, {13, 11, 64, 144}, {1, 131, 16, 48}};
  for (const Variant &v : variants)
    for (auto [H, W, C, K] : sizes) {
      const Floats x = c.numbers(H * W * C), w = c.numbers(9 * K * C), b = c.numbers(K);
      const Floats rounded = v.exact ? w : tf32(w);
      Buffer<float> dx(x), dw(rounded), db(b), y(H * W * K);
      run(std::string("conv3") + v.suffix, ceil_div(H * W, 128) * ceil_div(K, v.columns), dx, dw, db, y, nullptr, 0, 1, H, W, C, K);
      Doubles want = ref_conv3(x, w, b, H, W, C, K);
      for (double &u : want) u = u > 0 ? u : 0;
      c.check(std::string("conv3") + v.suffix + " C=" + std::to_string(C) + " K=" + std::to_string(K), y.get(), want, tolerance(v));
    }
}

TEST(conv3_wide_is_narrow) { // to the last bit, so that the choice changes no picture
  const int H = 9, W = 31, C = 48, K = 144;
  const Floats x = c.numbers(H * W * C), w = tf32(c.numbers(9 * K * C));
  Buffer<float> dx(x), dw(w), wide(H * W * K), narrow(H * W * K);
  run("conv3_tf32_wide", ceil_div(H * W, 128) * ceil_div(K, 128), dx, dw, nullptr, wide, nullptr, 0, 0, H, W, C, K);
  run("conv3_tf32", ceil_div(H * W, 128) * ceil_div(K, 64), dx, dw, nullptr, narrow, nullptr, 0, 0, H, W, C, K);
  const Floats want = narrow.get();
  c.check("conv3_tf32_wide as narrow", wide.get(), Doubles(want.begin(), want.end()), 0);
}

TEST(conv3_long_sums) { // as long as VGG's, of numbers above zero
  const int H = 3, W = 5, C = 512, K = 16;
  Floats x = c.numbers(H * W * C), w = c.numbers(9 * K * C);
  for (float &v : x) v = std::fabs(v);
  for (float &v : w) v = std::fabs(v);
  Buffer<float> dx(x), dw(w), y(H * W * K);
  run("conv3_fp32", 1, dx, dw, nullptr, y, nullptr, 0, 0, H, W, C, K);
  c.check("conv3_fp32 C=512", y.get(), ref_conv3(x, w, {}, H, W, C, K), 1e-6);
}

TEST(pipeline_of_conv3_backward) { // the same kernel with flipped weights, adding, under a mask
  const int H = 9, W = 15, C = 32, K = 80;
  for (const Variant &v : variants) {
    const Floats g = c.numbers(H * W * K), w = c.numbers(9 * K * C), old = c.numbers(H * W * C), mask = c.numbers(H * W * C);
    Floats back(9 * C * K);
    for (int t = 0; t < 9; t++)
      for (int k = 0; k < K; k++)
        for (int ch = 0; ch < C; ch++) back[(t * C + ch) * K + k] = w[((8 - t) * K + k) * C + ch];
    Doubles want(H * W * C); // the transpose, by spreading
    for (int i = 0; i < H * W; i++)
      for (int t = 0; t < 9; t++) {
        const int u = i / W + t / 3 - 1, z = i % W + t % 3 - 1;
        if (u < 0 || z < 0 || u >= H || z >= W) continue;
        for (int k = 0; k < K; k++)
          for (int ch = 0; ch < C; ch++) want[(u * W + z) * C + ch] += (double)g[i * K + k] * w[(t * K + k) * C + ch];
      }
    Buffer<float> dg(g), dw(v.exact ? back : tf32(back)), out(old), dm(mask);
    run(std::string("conv3") + v.suffix, ceil_div(H * W, 128) * ceil_div(C, v.columns), dg, dw, nullptr, out, dm, 1, 0, H, W, K, C);
    c.check(std::string("conv3 backward") + v.suffix, out.get(), after(want, &old, &mask), tolerance(v));
  }
}

TEST(gemm1) {
  const int M = 9 * 15, C = 48, K = 80;
  for (const Variant &v : variants)
    for (int guided = 0; guided < 2; guided++) {
      const Floats x = c.numbers(M * C), w = c.numbers(K * C), guide = c.numbers(M), old = c.numbers(M * K), mask = c.numbers(M * K);
      Doubles want(M * K);
      for (int p = 0; p < M; p++)
        for (int k = 0; k < K; k++)
          for (int ch = 0; ch < C; ch++)
            want[p * K + k] += (double)x[p * C + ch] * w[k * C + ch] * (guided ? (double)guide[p] * guide[p] : 1);
      Buffer<float> dx(x), dw(w), dg(guide), out(guided ? old : Floats(M * K, NAN)), dm(mask);
      run(std::string("gemm1") + v.suffix, ceil_div(M, 128) * ceil_div(K, v.columns), dx, dw, guided ? (float *)dg : nullptr, out, guided ? (float *)dm : nullptr, guided, M, C, K);
      c.check(std::string("gemm1") + v.suffix, out.get(), after(want, guided ? &old : nullptr, guided ? &mask : nullptr), tolerance(v));
    }
}
