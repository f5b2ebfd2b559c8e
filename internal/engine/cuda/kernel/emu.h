// The part of CUDA that the kernels use, on the host: a fiber for each thread of a block,
// one block at a time. It is made to find faults, not to be fast:
//
//   - a warp picked at random runs as far as it can before the next one does, so that
//     what no barrier orders happens in the worst order; blocks come in random order;
//   - an asynchronous copy arrives at a random moment between its issue and the wait;
//   - shared memory is NaN when a block begins; copies and ldmatrix check its bounds;
//   - tensor cores ignore the 13 low bits of a factor and cut sums off instead of
//     rounding them (Fasi et al. 2021, "Numerical behavior of NVIDIA tensor cores");
//   - a barrier that not all threads reach is an error.
//
// Everything depends on the seed alone.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <vector>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#define DEV static inline
#define METHOD inline
#define KERNEL(threads, blocks) extern "C" void
#define SHARED(T, name, dims) auto &name = *(T(*) dims)emu::fixed(__FILE__, __LINE__, sizeof(T dims))
#define SYNC() emu::sync()
#define THREAD emu::S.cur
#define BLOCK emu::S.bx
#define arena ((float *)emu::S.dynamic.data())
#define __restrict__

namespace emu {

struct Copy { unsigned to; const float *from; }; // from is null to clear

struct Fiber {
  std::unique_ptr<char[]> stack;
#if defined(__x86_64__)
  void *sp;
#else
  ucontext_t uc;
#endif
  bool done;
  const int *wait; // runs again when *wait is no longer seen
  int seen;
  std::vector<Copy> open;               // copies of no group yet
  std::deque<std::vector<Copy>> groups; // oldest first
  bool runnable() const { return !done && (!wait || *wait != seen); }
};

struct Warp { int generation = 0, arrived = 0; void *slot[32]; };
struct Fixed { const char *file; int line; std::unique_ptr<char[]> data; };

struct State {
#if defined(__x86_64__)
  void *sp;
#else
  ucontext_t uc;
#endif
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<Fixed> fixed;
  std::vector<char> dynamic; // what kernels call arena
  int cur, bx, by, threads, generation, arrived;
  uint64_t seed = 1;
  const char *kernel = "";
  std::function<void()> body;
};
inline State S;

[[noreturn]] inline void fail(const char *what) {
  fprintf(stderr, "emu: %s: %s (block %d,%d thread %d)\n", S.kernel, what, S.bx, S.by, S.cur);
  abort();
}

inline unsigned roll(unsigned n) { // a number below n
  S.seed = S.seed * 6364136223846793005ull + 1442695040888963407ull;
  return (unsigned)(S.seed >> 33) % n;
}

inline void enter() {
  S.body();
  S.fibers[S.cur].done = true;
}

#if defined(__x86_64__)
// emu_switch(save, load) keeps the registers that a call must keep, and goes on where
// load was left: a hundred times faster than swapcontext, which calls the kernel.
asm(R"(
  .text
  .globl emu_switch
  .hidden emu_switch
emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");
extern "C" __attribute__((visibility("hidden"))) void emu_switch(void **save, void *load);
inline void yield() { emu_switch(&S.fibers[S.cur].sp, S.sp); }
inline void resume(Fiber &f) { emu_switch(&S.sp, f.sp); }
inline void start() { enter(); yield(); abort(); }
inline void prepare(Fiber &f, size_t size) {
  uintptr_t top = ((uintptr_t)f.stack.get() + size) & ~(uintptr_t)15;
  void **sp = (void **)top - 8; // six registers, the address to go to, and one to align
  memset(sp, 0, 8 * sizeof *sp);
  sp[6] = (void *)start;
  f.sp = sp;
}
#else
inline void yield() { swapcontext(&S.fibers[S.cur].uc, &S.uc); }
inline void resume(Fiber &f) { swapcontext(&S.uc, &f.uc); }
inline void start() { enter(); yield(); abort(); }
inline void prepare(Fiber &f, size_t size) {
  getcontext(&f.uc);
  f.uc.uc_stack.ss_sp = f.stack.get();
  f.uc.uc_stack.ss_size = size;
  f.uc.uc_link = nullptr;
  makecontext(&f.uc, (void (*)())start, 0);
}
#endif

inline void block_on(const int *generation, int seen) {
  Fiber &f = S.fibers[S.cur];
  f.wait = generation;
  f.seen = seen;
  while (*generation == seen) yield();
  f.wait = nullptr;
}

inline void sync() {
  const int g = S.generation;
  if (++S.arrived == S.threads) {
    S.arrived = 0;
    S.generation++;
  } else {
    block_on(&S.generation, g);
  }
}

// collective runs f once all lanes of the warp have come with what they bring; all go on
// after it.
template <class F> void collective(void *mine, F f) {
  Warp &w = S.warps[S.cur / 32];
  const int g = w.generation;
  w.slot[S.cur % 32] = mine;
  if (++w.arrived == 32) {
    w.arrived = 0;
    w.generation++;
    f(w.slot);
  } else {
    block_on(&w.generation, g);
  }
}

// fixed returns the shared memory that line of file declares, the same for all threads
// of a block.
inline void *fixed(const char *file, int line, size_t size) {
  for (Fixed &f : S.fixed)
    if (f.line == line && f.file == file) return f.data.get();
  S.fixed.push_back({file, line, std::unique_ptr<char[]>(new char[size])});
  memset(S.fixed.back().data.get(), 0xff, size);
  return S.fixed.back().data.get();
}

inline char *shared(unsigned at, unsigned size) {
  if (at % size || at + size > S.dynamic.size()) fail("shared memory is left or misaligned");
  return S.dynamic.data() + at;
}

inline void land(const Copy &c) {
  char *to = shared(c.to, 16);
  if (c.from) memcpy(to, c.from, 16);
  else memset(to, 0, 16);
}

inline void begin_block() {
  constexpr size_t stack = 64 << 10;
  S.generation = S.arrived = 0;
  S.warps.assign((S.threads + 31) / 32, Warp());
  S.fixed.clear();
  std::fill(S.dynamic.begin(), S.dynamic.end(), (char)0xff);
  if ((int)S.fibers.size() < S.threads) S.fibers.resize(S.threads);
  for (int i = 0; i < S.threads; i++) {
    Fiber &f = S.fibers[i];
    if (!f.stack) f.stack.reset(new char[stack]);
    f.done = false;
    f.wait = nullptr;
    f.open.clear();
    f.groups.clear();
    prepare(f, stack);
  }
}

// run_warp lets a warp go on until each of its lanes is done or waits for another warp,
// and tells how many got done.
inline int run_warp(int w) {
  int done = 0;
  for (bool moved = true; moved;) {
    moved = false;
    const int first = roll(32);
    for (int l = 0; l < 32; l++) {
      const int i = w * 32 + (first + l) % 32;
      if (i >= S.threads || !S.fibers[i].runnable()) continue;
      S.cur = i;
      resume(S.fibers[i]);
      done += S.fibers[i].done;
      moved = true;
    }
  }
  return done;
}

// shuffled returns the numbers below n in random order.
inline std::vector<int> shuffled(int n) {
  std::vector<int> v(n);
  for (int i = 0; i < n; i++) v[i] = i;
  for (int i = n - 1; i > 0; i--) std::swap(v[i], v[roll(i + 1)]);
  return v;
}

inline void run_block() {
  begin_block();
  for (int left = S.threads; left > 0;) {
    bool any = false;
    for (int i = 0; i < S.threads && !any; i++) any = S.fibers[i].runnable();
    if (!any) fail("threads wait for each other");
    for (int w : shuffled((int)S.warps.size())) left -= run_warp(w);
  }
}

// launch runs body for every thread of a grid, blocks in random order, with so many bytes
// in arena.
inline void launch(const char *kernel, int gx, int gy, int threads, unsigned bytes, std::function<void()> body) {
  S.kernel = kernel;
  S.threads = threads;
  S.body = body;
  S.dynamic.assign(bytes, 0);
  for (int i : shuffled(gx * gy)) {
    S.bx = i % gx;
    S.by = i / gx;
    run_block();
  }
}

} // namespace emu

DEV float root(float x) { return std::sqrt(x); }
DEV double root(double x) { return std::sqrt(x); }
DEV float fused(float a, float b, float c) { return std::fma(a, b, c); }
DEV unsigned arena_base() { return 0; }

DEV void copy16(unsigned to, const float *from, bool ok) {
  if (ok && (uintptr_t)from % 16) emu::fail("a copy of 16 bytes is misaligned");
  const emu::Copy c{to, ok ? from : nullptr};
  if (emu::roll(2)) emu::land(c);
  else emu::S.fibers[emu::S.cur].open.push_back(c);
}

DEV void copy_commit() {
  emu::Fiber &f = emu::S.fibers[emu::S.cur];
  f.groups.push_back(std::move(f.open));
  f.open.clear();
}

template <int N> DEV void copy_wait() {
  emu::Fiber &f = emu::S.fibers[emu::S.cur];
  for (; (int)f.groups.size() > N; f.groups.pop_front())
    for (const emu::Copy &c : f.groups.front()) emu::land(c);
}

DEV void ldmatrix(unsigned (&r)[4], unsigned at) {
  struct Lane { unsigned *r; unsigned at; } mine{r, at};
  emu::collective(&mine, [](void **slot) {
    for (int l = 0; l < 32; l++)
      for (int m = 0; m < 4; m++)
        memcpy(((Lane *)slot[l])->r + m, emu::shared(((Lane *)slot[m * 8 + l / 4])->at, 16) + l % 4 * 4, 4);
  });
}

DEV float as_float(unsigned x) { float f; memcpy(&f, &x, 4); return f; }

DEV unsigned as_bits(float x) { unsigned u; memcpy(&u, &x, 4); return u; }

DEV unsigned to_tf32(float x) {
  const unsigned u = as_bits(x);
  return x != x ? u : (u + 0x1000u) & ~0x1fffu;
}

// add_cut returns a + b, cut off and not rounded.
DEV float add_cut(float a, float b) {
  const double exact = (double)a + b;
  const float f = (float)exact;
  return std::fabs((double)f) > std::fabs(exact) ? as_float(as_bits(f) - 1) : f;
}

template <int I, int J> DEV void mma_tile(float (&d)[I][J][4], const unsigned (&a)[I][4], const unsigned (&b)[J][2]) {
  struct Lane { float (*d)[J][4]; const unsigned (*a)[4]; const unsigned (*b)[2]; } mine{d, a, b};
  emu::collective(&mine, [](void **slot) {
    const auto lane = [&](int l) { return (Lane *)slot[l]; };
    const auto cut = [](unsigned u) { return as_float(u & ~0x1fffu); };
    float right[8][J * 8];
    for (int k = 0; k < 8; k++)
      for (int n = 0; n < J * 8; n++) right[k][n] = cut(lane(n % 8 * 4 + k % 4)->b[n / 8][k / 4]);
    for (int m = 0; m < I * 16; m++) {
      float row[8], sum[J * 8] = {};
      bool zero = true;
      for (int k = 0; k < 8; k++) {
        row[k] = cut(lane(m % 8 * 4 + k % 4)->a[m / 16][m / 8 % 2 + k / 4 * 2]);
        zero = zero && row[k] == 0;
      }
      if (zero) continue; // pixels beyond the picture
      for (int k = 0; k < 8; k++)
        for (int n = 0; n < J * 8; n++) sum[n] += row[k] * right[k][n];
      for (int n = 0; n < J * 8; n++) {
        float &v = lane(m % 8 * 4 + n % 8 / 2)->d[m / 16][n / 8][m / 8 % 2 * 2 + n % 2];
        v = add_cut(v, sum[n]);
      }
    }
  });
}
