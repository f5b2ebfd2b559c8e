// Gram matrices, moments and small matrices against plain loops in float64.
#include "test.h"

static double weight(const Floats &guide, int p, bool guided) { return guided ? (double)guide[p] * guide[p] : 1; }

static std::string sized(const std::string &name, int C, bool guided) { return name + " C=" + std::to_string(C) + (guided ? " guided" : ""); }

static void check_gram(Case &c, int HW, int C, int slab) {
  for (const std::string suffix : {"_tf32", "_fp32"})
    for (int guided = 0; guided < 2; guided++) {
      const Floats x = c.numbers(HW * C), guide = c.numbers(HW);
      Doubles want(C * C);
      for (int p = 0; p < HW; p++)
        for (int i = 0; i < C; i++)
          for (int j = 0; j < C; j++) want[i * C + j] += 0.5 * weight(guide, p, guided) * x[p * C + i] * x[p * C + j];
      const int groups = ceil_div(C, 64), pairs = groups * (groups + 1) / 2, slabs = ceil_div(HW, slab);
      Buffer<float> dx(x), dg(guide), part(pairs * slabs * 4096), out(C * C);
      run("gram_part" + suffix, pairs * slabs, dx, guided ? (float *)dg : nullptr, part, HW, C, slab);
      run("gram_sum", ceil_div(C * C, 32), part, out, C, slabs, 0.5f);
      c.check(sized("gram" + suffix, C, guided), out.get(), want, suffix == "_fp32" ? 1e-5 : 1e-3);
      bool symmetric = true;
      for (int i = 0; i < C * C; i++) symmetric = symmetric && as_bits(out[i]) == as_bits(out[i % C * C + i / C]);
      if (!symmetric) error("gram%s: not symmetric", suffix.c_str());
    }
}

TEST(gram) {
  const int sizes[][3] = {{9 * 14, 16, 1024}, {1100, 48, 1024}, {31, 64, 1024}, {2100, 80, 2048}, {1, 144, 1024}};
  for (auto [HW, C, slab] : sizes) check_gram(c, HW, C, slab);
}

TEST(pipeline_of_gram) { check_gram(c, 7 * 31, 80, 1024); } // small, for planted faults

TEST(moments) {
  const int sizes[][3] = {{9 * 14, 16, 64}, {77, 48, 512}, {515, 80, 256}};
  for (auto [HW, C, slab] : sizes)
    for (int guided = 0; guided < 2; guided++) {
      Floats x = c.numbers(HW * C);
      const Floats guide = c.numbers(HW), g = c.numbers(2 * C), old = c.numbers(HW * C), mask = c.numbers(HW * C);
      for (int p = 0; p < HW; p++) x[p * C + 5] = 0; // a channel that never stirs
      double total = 0;
      Doubles mean(C), std(C), dx(HW * C), shift(HW * C);
      for (int p = 0; p < HW; p++) {
        total += weight(guide, p, guided);
        for (int i = 0; i < C; i++) {
          mean[i] += weight(guide, p, guided) * x[p * C + i];
          std[i] += weight(guide, p, guided) * x[p * C + i] * x[p * C + i];
        }
      }
      for (int i = 0; i < C; i++) std[i] = std::sqrt(std[i] / total - (mean[i] /= total) * mean[i]);
      for (int p = 0; p < HW; p++)
        for (int i = 0; i < C; i++) {
          const double w = weight(guide, p, guided) / total;
          dx[p * C + i] = w * (g[i] + (std[i] > 0 ? g[C + i] / std[i] * (x[p * C + i] - mean[i]) : 0));
          shift[p * C + i] = weight(guide, p, guided) * g[i];
        }
      const int slabs = ceil_div(HW, slab), grid = ceil_div(HW * C / 4, 256);
      Buffer<float> in(x), dg(guide), m(2 * C), grad(g), ab(2 * C), out(old), dm(mask), plain(HW * C);
      Buffer<double> part(slabs * 2 * C);
      float *weights = guided ? (float *)dg : nullptr;
      run("moments_part", ceil_div(C, 32) * slabs, in, weights, part, HW, C, slab);
      run("moments_sum", ceil_div(C, 32), part, m, m + C, C, slabs, 1 / total);
      Doubles want = mean;
      want.insert(want.end(), std.begin(), std.end());
      c.check(sized("moments", C, guided), m.get(), want, 1e-6);
      run("moments_factors", 1, grad, m, ab, C, (float)(1 / total));
      run("channel_affine", grid, in, ab, ab + C, weights, out, dm, 1, HW, C);
      c.check(sized("moments gradient", C, guided), out.get(), after(dx, &old, &mask), 1e-6);
      run("channel_affine", grid, nullptr, nullptr, grad, weights, plain, nullptr, 0, HW, C);
      c.check(sized("channel_affine without x", C, guided), plain.get(), shift, 1e-6);
      run("moments_sum", ceil_div(C, 32), part, m, nullptr, C, slabs, 1 / total);
      c.check(sized("mean", C, guided), Floats((float *)m, m + C), mean, 1e-6);
    }
}

TEST(matrices) {
  for (int n : {16, 48, 80, 3})
    for (int variant = 0; variant < 4; variant++) {
      const Floats a = c.numbers(n * n), b = c.numbers(n * n), old = c.numbers(n * n);
      const bool ta = variant & 1, tb = variant & 2;
      Doubles want(n * n), sym(n * n);
      for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
          sym[i * n + j] = 0.25 * ((double)a[i * n + j] + a[j * n + i]);
          for (int k = 0; k < n; k++) want[i * n + j] += (double)(ta ? a[k * n + i] : a[i * n + k]) * (tb ? b[j * n + k] : b[k * n + j]);
        }
      Buffer<float> da(a), db(b), out(ta ? old : Floats(n * n, NAN)), s(n * n);
      run("small_gemm", ceil_div(n, 32) * ceil_div(n, 32), da, db, out, n, (int)ta, (int)tb, (int)ta);
      c.check("small_gemm n=" + std::to_string(n), out.get(), after(want, ta ? &old : nullptr, nullptr), 1e-6);
      run("symmetrise", ceil_div(n * n, 256), da, s, n, 0.25f);
      c.check("symmetrise", s.get(), sym, 1e-6);
    }
}
