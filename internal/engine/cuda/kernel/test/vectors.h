// Sums, scalars and the arithmetic of vectors against float64, at lengths that no group of
// four divides.
#include "test.h"

static const int lengths[] = {1, 7, 1024, 8195, 20001};

template <class F> static Doubles each(const Floats &a, const Floats &b, F f) {
  Doubles out(a.size());
  for (size_t i = 0; i < a.size(); i++) out[i] = f((double)a[i], (double)b[i]);
  return out;
}

template <class F> static double total(const Floats &a, const Floats &b, F f) {
  double sum = 0;
  for (double v : each(a, b, f)) sum += v;
  return sum;
}

TEST(sums) {
  for (int n : lengths) {
    const Floats x = c.numbers(n), y = c.numbers(n);
    const int parts = ceil_div(n, 8192);
    Buffer<float> dx(x), dy(y), out(1);
    Buffer<double> part(parts), wide(1), number(Doubles{0.25});
    const auto add_up = [&](const char *name, double want) {
      run("sum_last", 1, part, parts, 2.0, nullptr, nullptr, out, wide);
      c.check(name, out.get(), {2 * want}, 1e-6);
      if (!(std::fabs(wide[0] - 2 * want) <= 1e-12 * std::fabs(want) + 1e-12)) error("%s: %.17g, want %.17g", name, wide[0], 2 * want);
      run("sum_last", 1, part, parts, -1.0, number, number, nullptr, wide);
      c.check(name, {(float)wide[0]}, {0.25 - 0.25 * want}, 1e-6);
    };
    run("sqdiff_part", parts, dx, dy, part, n);
    add_up("sqdiff", total(x, y, [](double a, double b) { const double d = (float)(a - b); return d * d; }));
    run("dot_part", parts, dx, dy, part, n);
    add_up("dot", total(x, y, [](double a, double b) { return a * b; }));
    run("abssum_part", parts, dx, part, n);
    add_up("abssum", total(x, y, [](double a, double) { return std::fabs(a); }));
    run("absmax_part", parts, dx, part, n);
    run("max_last", 1, part, parts, out, nullptr);
    double most = 0;
    for (float v : x) most = std::max(most, (double)std::fabs(v));
    c.check("absmax", out.get(), {most}, 0);
    dx[n / 2] = NAN;
    run("absmax_part", parts, dx, part, n);
    run("max_last", 1, part, parts, out, wide);
    if (out[0] == out[0]) error("absmax of a NaN among %d is %g", n, out[0]);
  }
}

TEST(elements) {
  for (int n : lengths) {
    const Floats x = c.numbers(n), y = c.numbers(n), mask = c.numbers(n);
    Buffer<float> dx(x), dy(y), dm(mask), out(n), sum(y), g(Floats{3}), norm(Floats{50});
    Buffer<double> by(Doubles{-0.5});
    const int grid = ceil_div(n, 1024);
    run("sqdiff_grad", grid, dx, dy, g, 0.5f, out, nullptr, 0, n);
    c.check("sqdiff_grad", out.get(), each(x, y, [](double a, double b) { return 1.5 * (a - b); }), 1e-6);
    run("sqdiff_grad", grid, dx, dy, g, 0.5f, sum, dm, 1, n);
    c.check("sqdiff_grad added", sum.get(), after(each(x, y, [](double a, double b) { return 1.5 * (a - b); }), &y, &mask), 1e-6);
    run("normalized", grid, dx, norm, 4.f, out, nullptr, 0, n);
    c.check("normalized", out.get(), each(x, y, [](double a, double) { return 4 * a / 50; }), 1e-6);
    run("pass", grid, dx, out, nullptr, 0, n);
    c.check("pass", out.get(), each(x, y, [](double a, double) { return a; }), 0);
    run("pass", grid, dx, out, dm, 1, n);
    c.check("pass added", out.get(), after(each(x, y, [](double a, double) { return a; }), &x, &mask), 1e-6);
    run("relu", grid, dx, out, n);
    c.check("relu", out.get(), each(x, y, [](double a, double) { return std::max(a, 0.0); }), 0);
    run("sub", grid, dx, dy, out, n);
    c.check("sub", out.get(), each(x, y, [](double a, double b) { return a - b; }), 1e-6);
    run("scale", grid, 3.f, nullptr, dx, out, n);
    c.check("scale", out.get(), each(x, y, [](double a, double) { return 3 * a; }), 1e-6);
    run("axpy", grid, 2.f, by, dx, dy, n);
    c.check("axpy", dy.get(), each(x, y, [](double a, double b) { return b - a; }), 1e-6);
  }
}

TEST(adam) {
  const int n = 1031;
  const Floats x = c.numbers(n), g = c.numbers(n), m = c.numbers(n);
  Floats v = c.numbers(n);
  for (float &u : v) u *= u;
  Buffer<float> dx(x), dg(g), dm(m), dv(v);
  run("adam", 2, dx, dg, dm, dv, 0.9f, 0.99f, 0.1f, 0.01f, -0.02f, 0.3f, 1e-8f, n);
  Doubles wx(n), wm(n), wv(n);
  for (int i = 0; i < n; i++) {
    wm[i] = 0.9f * m[i] + 0.1f * g[i];
    wv[i] = 0.99f * v[i] + 0.01f * g[i] * g[i];
    wx[i] = x[i] - 0.02 * wm[i] / (std::sqrt(wv[i]) / 0.3 + 1e-8);
  }
  c.check("adam m", dm.get(), wm, 1e-6);
  c.check("adam v", dv.get(), wv, 1e-6);
  c.check("adam x", dx.get(), wx, 1e-6);
}

TEST(scalars) {
  const int n = 64;
  const Floats x = c.numbers(n), w = c.numbers(n);
  Buffer<float> dx(x), dw(w), out(1);
  Buffer<const float *> terms(n);
  double want = 0;
  for (int i = 0; i < n; i++) {
    terms[i] = dx + i;
    want += (double)x[i] * w[i];
  }
  run("weighted_sum", 1, terms, dw, n, out);
  c.check("weighted_sum", out.get(), {want}, 1e-6);
  run("scale_scalar", 1, dx, 0.3f, out);
  c.check("scale_scalar", out.get(), {0.3 * x[0]}, 1e-6);
}
