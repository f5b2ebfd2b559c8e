// The kernels as host code, by name, for the driver that has no card and for the tests.
#pragma once
#define EMU 1
#include "nst.cu"

#include "kernels.h"
#include <map>
#include <string>
#include <utility>

// Kernel is what a launch must know. A parameter is given by a letter: p for a pointer, i
// for int, f for float, d for double.
struct Kernel {
  std::string name, params;
  int threads;
  unsigned bytes;
  std::function<void(void **)> call;
};

template <class T> char letter() { return std::is_pointer<T>::value ? 'p' : std::is_same<T, int>::value ? 'i' : std::is_same<T, float>::value ? 'f' : 'd'; }

template <class... A, size_t... I> void call_with(void (*f)(A...), void **p, std::index_sequence<I...>) { f(*(A *)p[I]...); }

template <class... A> Kernel describe(const char *name, int threads, unsigned bytes, void (*f)(A...)) {
  return {name, std::string{letter<A>()...}, threads, bytes, [f](void **p) { call_with(f, p, std::index_sequence_for<A...>{}); }};
}

inline const std::map<std::string, Kernel> &kernels() {
  static const std::map<std::string, Kernel> table = {
#define ROW(name, threads, bytes) {#name, describe(#name, threads, bytes, name)},
      KERNELS(ROW)
#undef ROW
  };
  return table;
}
