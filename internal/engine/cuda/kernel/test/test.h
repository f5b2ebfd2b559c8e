// What the tests of the kernels share: memory that ends at a page nobody may touch,
// launches by name as the Go side makes them, and comparison with references.
#pragma once
#include "../host.h"

#include <cstdarg>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline int failures;

__attribute__((format(printf, 1, 2))) inline void error(const char *format, ...) {
  va_list args;
  va_start(args, format);
  printf("FAIL ");
  vprintf(format, args);
  printf("\n");
  va_end(args);
  failures++;
}

// Buffer is memory of the card, NaN at first. A kernel that reads or writes beyond its
// last 16 bytes ends the program.
template <class T> class Buffer {
  size_t n, mapped;
  char *base;
  T *p;

public:
  explicit Buffer(size_t n) : n(n) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (n * sizeof(T) + 15) / 16 * 16;
    mapped = (bytes + page - 1) / page * page;
    base = (char *)mmap(nullptr, mapped + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(base + mapped, page, PROT_NONE);
    p = (T *)(base + mapped - bytes);
    memset((void *)p, 0xff, bytes);
  }
  explicit Buffer(const std::vector<T> &v) : Buffer(v.size()) { memcpy((void *)p, v.data(), n * sizeof(T)); }
  Buffer(const Buffer &) = delete;
  ~Buffer() { munmap(base, mapped + (size_t)sysconf(_SC_PAGESIZE)); }
  operator T *() { return p; }
  size_t size() const { return n; }
  std::vector<T> get() const { return std::vector<T>(p, p + n); }
};

// Case is one run of a test under one seed of the scheduler. What it compares also goes
// into a hash, which must not depend on that seed.
class Case {
  std::mt19937 random{7};

public:
  uint64_t hash = 14695981039346656037ull;

  // numbers returns n normal numbers, of which share are zero or below.
  Floats numbers(size_t n, float scale = 1) {
    std::normal_distribution<float> d(0, scale);
    Floats v(n);
    for (float &x : v) x = d(random);
    return v;
  }

  // check compares what a kernel made with what it should be, by the root of the mean
  // square of the difference over that of the reference.
  void check(const std::string &what, const Floats &got, const Doubles &want, double tolerance) {
    double error2 = 0, norm2 = 0;
    if (got.size() != want.size()) error("%s: %zu values, want %zu", what.c_str(), got.size(), want.size());
    for (size_t i = 0; i < got.size(); i++) {
      error2 += (got[i] - want[i]) * (got[i] - want[i]);
      norm2 += want[i] * want[i];
      add(got[i]);
    }
    const double e = std::sqrt(error2 / (norm2 > 0 ? norm2 : 1));
    if (getenv("VERBOSE")) printf("  %-60s %.2e\n", what.c_str(), e);
    if (!(e <= tolerance)) error("%s: error %.3g, want %.3g at most", what.c_str(), e, tolerance);
  }

  void add(float v) {
    const uint32_t u = as_bits(v);
    for (int i = 0; i < 4; i++) hash = (hash ^ (u >> i * 8 & 255)) * 1099511628211ull;
  }
};

// tf32 rounds as the Go side rounds weights.
inline Floats tf32(Floats v) {
  for (float &x : v) x = as_float(to_tf32(x));
  return v;
}

// run launches a kernel. Each argument takes 8 bytes; null is nullptr.
inline void slot(std::string &letters, uint64_t &s, const void *p) { letters += 'p'; s = (uint64_t)p; }
inline void slot(std::string &letters, uint64_t &s, int v) { letters += 'i'; s = (uint32_t)v; }
inline void slot(std::string &letters, uint64_t &s, float v) { letters += 'f'; s = as_bits(v); }
inline void slot(std::string &letters, uint64_t &s, double v) { letters += 'd'; memcpy(&s, &v, 8); }
template <class T> void slot(std::string &letters, uint64_t &s, Buffer<T> &b) { slot(letters, s, (const void *)(T *)b); }

template <class... A> void run(const std::string &name, int grid, A &&...args) {
  const auto k = kernels().find(name);
  if (k == kernels().end()) return error("there is no kernel %s", name.c_str());
  uint64_t slots[sizeof...(A)];
  void *params[sizeof...(A)];
  std::string letters;
  int n = 0;
  (slot(letters, slots[n++], args), ...);
  for (int i = 0; i < n; i++) params[i] = &slots[i];
  if (letters != k->second.params) return error("%s: parameters are %s, not %s", name.c_str(), k->second.params.c_str(), letters.c_str());
  emu::launch(name.c_str(), grid, 1, k->second.threads, k->second.bytes, [&] { k->second.call(params); });
}

inline int ceil_div(long long a, int b) { return (int)((a + b - 1) / b); }

// after is the common ending, for references.
inline Doubles after(Doubles v, const Floats *out, const Floats *mask) {
  for (size_t i = 0; i < v.size(); i++) {
    if (out) v[i] += (*out)[i];
    if (mask && !((*mask)[i] > 0)) v[i] = 0;
  }
  return v;
}

// Test registers a test: TEST(conv3) { ... c.check(...) }.
struct Test { const char *name; void (*f)(Case &); };
inline std::vector<Test> &tests() { static std::vector<Test> all; return all; }
struct Register { Register(const char *name, void (*f)(Case &)) { tests().push_back({name, f}); } };
#define TEST(name)                                  \
  static void test_##name(Case &c);                 \
  static Register register_##name(#name, test_##name); \
  static void test_##name(Case &c)
