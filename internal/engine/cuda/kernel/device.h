// What the kernels need of CUDA, for three compilers: clang without the CUDA toolkit,
// nvcc, and with EMU any C++17 compiler, which then runs them on the host.
#pragma once

// Two and four neighbours in a row: one load or store of 8 or 16 bytes.
struct alignas(8) Pair { float x, y; };
struct alignas(16) Quad { float x, y, z, w; };

#if defined(EMU)
#include "emu.h"
#else

#if defined(__clang__)
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define LAUNCH_BOUNDS(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define DEV static __device__ __attribute__((always_inline)) inline
#define METHOD __device__ __attribute__((always_inline)) inline
#define THREAD ((int)__nvvm_read_ptx_sreg_tid_x())
#define BLOCK ((int)__nvvm_read_ptx_sreg_ctaid_x())
DEV float root(float x) { return __nvvm_sqrt_rn_f(x); }
DEV double root(double x) { return __nvvm_sqrt_rn_d(x); }
DEV float fused(float a, float b, float c) { return __nvvm_fma_rn_f(a, b, c); }
#else
#define LAUNCH_BOUNDS(...) __launch_bounds__(__VA_ARGS__)
#define DEV static __device__ __forceinline__
#define METHOD __device__ __forceinline__
#define THREAD ((int)threadIdx.x)
#define BLOCK ((int)blockIdx.x)
DEV float root(float x) { return __fsqrt_rn(x); }
DEV double root(double x) { return __dsqrt_rn(x); }
DEV float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }
#endif

// A kernel for blocks of `threads` threads, of which `blocks` should fit on a
// multiprocessor.
#define KERNEL(threads, blocks) extern "C" __global__ void LAUNCH_BOUNDS(threads, blocks)
// Shared memory of fixed size: SHARED(float, s, [4][32]).
#define SHARED(T, name, dims) __shared__ __attribute__((aligned(16))) T name dims
#define SYNC() __syncthreads()

// arena is the shared memory whose size the launch says.
extern __shared__ __attribute__((aligned(128))) float arena[];

// arena_base is the address of arena as copy16 and ldmatrix want it.
DEV unsigned arena_base() {
  unsigned a;
  asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(a) : "l"(arena));
  return a;
}

// copy16 begins to copy 16 bytes from global to shared memory, or to clear them there
// if not ok: no byte of from is read then.
DEV void copy16(unsigned to, const float *from, bool ok) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(ok ? 16 : 0) : "memory");
}

// copy_commit closes a group of copies of this thread.
DEV void copy_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// copy_wait waits until all but the last N groups of this thread have arrived. Other
// threads see them after the next SYNC.
template <int N> DEV void copy_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }

// ldmatrix reads four 8x4 matrices of 32-bit words: lane l says where row l%8 of matrix
// l/8 begins, and gets of each the word in row l/4, column l%4.
DEV void ldmatrix(unsigned (&r)[4], unsigned at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(at) : "memory");
}

// to_tf32 rounds to the 10 bits of fraction that the tensor cores read.
DEV unsigned to_tf32(float x) {
  unsigned r;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(x));
  return r;
}

DEV float as_float(unsigned x) {
  float f;
  asm("mov.b32 %0, %1;" : "=f"(f) : "r"(x));
  return f;
}

DEV unsigned as_bits(float x) {
  unsigned u;
  asm("mov.b32 %0, %1;" : "=r"(u) : "f"(x));
  return u;
}

// mma_tile adds a b to d: I times J products of 16x8 by 8x8, in the fragments of
// mma.m16n8k8. With g = lane/4 and q = lane%4, a holds (g,q) (g+8,q) (g,q+4) (g+8,q+4),
// b holds (q,g) (q+4,g), and d holds (g,2q) (g,2q+1) (g+8,2q) (g+8,2q+1).
template <int I, int J> DEV void mma_tile(float (&d)[I][J][4], const unsigned (&a)[I][4], const unsigned (&b)[J][2]) {
#pragma unroll
  for (int i = 0; i < I; i++)
#pragma unroll
    for (int j = 0; j < J; j++)
      asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
                   : "+f"(d[i][j][0]), "+f"(d[i][j][1]), "+f"(d[i][j][2]), "+f"(d[i][j][3])
                   : "r"(a[i][0]), "r"(a[i][1]), "r"(a[i][2]), "r"(a[i][3]), "r"(b[j][0]), "r"(b[j][1]));
}
#endif

template <class F> DEV Quad map(Quad a, F f) { return Quad{f(a.x), f(a.y), f(a.z), f(a.w)}; }
template <class F> DEV Quad map(Quad a, Quad b, F f) { return Quad{f(a.x, b.x), f(a.y, b.y), f(a.z, b.z), f(a.w, b.w)}; }

// Ending is how every kernel that makes a gradient ends: the value is written, or added
// to what is there; then, if there is a mask, it is 0 where the mask is not above 0. So
// the gradient of a ReLU costs no pass of its own.
struct Ending {
  float *out;
  const float *mask;
  int add;

  METHOD float value(long long at, float v) const {
    if (add) v += out[at];
    return mask && !(mask[at] > 0.f) ? 0.f : v;
  }
  METHOD void put(long long at, float v) const { out[at] = value(at, v); }
  METHOD void put(long long at, Quad v) const {
    if (add) {
      const Quad o = *(const Quad *)(out + at);
      v.x += o.x; v.y += o.y; v.z += o.z; v.w += o.w;
    }
    if (mask) {
      const Quad m = *(const Quad *)(mask + at);
      v.x = m.x > 0.f ? v.x : 0.f;
      v.y = m.y > 0.f ? v.y : 0.f;
      v.z = m.z > 0.f ? v.z : 0.f;
      v.w = m.w > 0.f ? v.w : 0.f;
    }
    *(Quad *)(out + at) = v;
  }
};
