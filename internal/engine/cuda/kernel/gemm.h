// The product on tensor cores that convolutions and 1x1 maps share: an implicit matrix
// of pixels by TAPS*C, times weights, in tiles of 128 pixels by BN outputs.
#pragma once
#include "device.h"

// How exact a product is: rounded to TF32; or to 3xTF32, where each factor is split in two
// and sums are taken out of the tensor cores after 32 terms, which makes it as good as
// float32.
enum Precision { TF32, FP32 };

// Tile says how a block of 128 threads works: 2x2 warps, each with 64 pixels by BN/2
// outputs. A stage of the pipeline holds 32 terms of the sums for 128 pixels and BN
// outputs; a row of it is 128 bytes, whose eight 16-byte chunks are permuted by the row
// number, so that neither copies nor ldmatrix meet bank conflicts.
template <int BN_, int STAGES_, Precision P_> struct Tile {
  static constexpr int BM = 128, BN = BN_, BK = 32, STAGES = STAGES_, THREADS = 128;
  static constexpr int I = 4, J = BN / 16; // mma tiles of a warp: 16 pixels by 8 outputs
  static constexpr unsigned ROW = BK * 4, A_BYTES = BM * ROW, STAGE = A_BYTES + BN * ROW;
  static constexpr int OUT_ROW = BN + 8; // floats: the sums leave by way of arena
  static constexpr Precision P = P_;
};

// Matrices are the operands: x [M][C], pixels in the rows of a picture W wide, and
// w [TAPS][N][C]. C and N are multiples of 4.
struct Matrices {
  const float *x, *w;
  int H, W, M, C, N;
};

// neighbours has bit t set if tap t of a 3x3 window on pixel p is inside the picture.
DEV unsigned neighbours(const Matrices &s, int p) {
  if (p >= s.M) return 0;
  const int y = p / s.W, x = p - y * s.W;
  const unsigned row = (x > 0 ? 1u : 0u) | 2u | (x < s.W - 1 ? 4u : 0u);
  return (y > 0 ? row : 0u) | row << 3 | (y < s.H - 1 ? row << 6 : 0u);
}

// Loader fills stages. A thread copies chunk t%8 of each 16th row; where it is in the
// TAPS*C terms of the sums is told by a tap and a channel.
template <class T, int TAPS> struct Loader {
  unsigned inside[TAPS == 9 ? T::BM / 16 : 1]; // of each of the thread's pixels, by tap
  const float *x, *w;          // of its first pixel and its first output, channel 0
  unsigned to;
  int tap, c, pixels, outputs; // how many of its pixels and outputs there are, times 16

  METHOD Loader(const Matrices &s, int m0, int n0) {
    const int row = THREAD / 8, chunk = THREAD % 8;
    if (TAPS == 9) {
#pragma unroll
      for (int i = 0; i < T::BM / 16; i++) inside[i] = neighbours(s, m0 + row + i * 16);
    }
    x = s.x + (long long)(m0 + row) * s.C;
    w = s.w + (long long)(n0 + row) * s.C;
    pixels = s.M - m0 - row;
    outputs = s.N - n0 - row;
    to = arena_base() + row * T::ROW + (chunk ^ (row & 7)) * 16;
    tap = 0;
    c = chunk * 4;
    wrap(s.C);
  }

  METHOD void wrap(int C) {
    for (; c >= C; c -= C) tap++;
  }

  // load begins to copy the next 32 terms to a stage. Where there is no pixel, output or
  // term it puts zeros.
  METHOD void load(const Matrices &s, int stage) {
    const bool any = tap < TAPS;
    const int shift = TAPS == 9 ? (tap / 3 - 1) * s.W + tap % 3 - 1 : 0;
    const float *a = x + (long long)shift * s.C + c;
    const float *b = w + (long long)tap * s.N * s.C + c;
    const unsigned at = to + stage * T::STAGE;
    const long long step = 16ll * s.C; // added one by one: multiples would take registers
#pragma unroll
    for (int i = 0; i < T::BM / 16; i++, a += step) {
      const bool ok = any && (TAPS == 9 ? inside[i] >> tap & 1 : i * 16 < pixels);
      copy16(at + i * 16 * T::ROW, ok ? a : s.x, ok);
    }
#pragma unroll
    for (int i = 0; i < T::BN / 16; i++, b += step) {
      const bool ok = any && i * 16 < outputs;
      copy16(at + T::A_BYTES + i * 16 * T::ROW, ok ? b : s.w, ok);
    }
    c += T::BK;
    wrap(s.C);
  }
};

// split sets hi to x in TF32 and lo to the rest.
DEV void split(float x, unsigned &hi, unsigned &lo) {
  hi = to_tf32(x);
  lo = to_tf32(x - as_float(hi));
}

// round_all sets hi to the words of x in TF32, and lo to the rest.
template <int N, int M> DEV void round_all(const unsigned (&x)[N][M], unsigned (&hi)[N][M], unsigned (&lo)[N][M]) {
#pragma unroll
  for (int i = 0; i < N; i++)
#pragma unroll
    for (int k = 0; k < M; k++) split(as_float(x[i][k]), hi[i][k], lo[i][k]);
}

// product adds a b to d: rounded to TF32, which b already is if ROUNDED; or exactly, by
// three products of parts, the small ones first.
template <Precision P, bool ROUNDED, int I, int J> DEV void product(float (&d)[I][J][4], const unsigned (&a)[I][4], const unsigned (&b)[J][2]) {
  unsigned ah[I][4], al[I][4], bh[J][2], bl[J][2];
  round_all(a, ah, al);
  if (P == TF32 && ROUNDED) {
    mma_tile(d, ah, b);
    return;
  }
  round_all(b, bh, bl);
  if (P == FP32) {
    mma_tile(d, al, bh);
    mma_tile(d, ah, bl);
  }
  mma_tile(d, ah, bh);
}

// multiply adds the product of a stage to d. Weights that are in TF32 already need no
// rounding.
template <class T, bool ROUNDED> DEV void multiply(float (&d)[T::I][T::J][4], unsigned stage, int wm, int wn) {
  const int lane = THREAD % 32;
  const int arow = wm + (lane & 15), brow = wn + (lane & 7) + (lane >> 4) * 8;
  const unsigned a0 = stage + arow * T::ROW, b0 = stage + T::A_BYTES + brow * T::ROW;
#pragma unroll
  for (int k = 0; k < T::BK / 8; k++) {
    unsigned a[T::I][4], b[T::J][2];
    const unsigned ac = ((k * 2 + (lane >> 4)) ^ (arow & 7)) * 16, bc = ((k * 2 + (lane >> 3 & 1)) ^ (brow & 7)) * 16;
#pragma unroll
    for (int i = 0; i < T::I; i++) ldmatrix(a[i], a0 + i * 16 * T::ROW + ac);
#pragma unroll
    for (int j = 0; j < T::J; j += 2) {
      unsigned r[4];
      ldmatrix(r, b0 + j * 8 * T::ROW + bc);
      b[j][0] = r[0]; b[j][1] = r[1]; b[j + 1][0] = r[2]; b[j + 1][1] = r[3];
    }
    product<T::P, ROUNDED>(d, a, b);
  }
}

template <int I, int J> DEV void clear(float (&d)[I][J][4]) {
#pragma unroll
  for (int i = 0; i < I; i++)
#pragma unroll
    for (int j = 0; j < J; j++)
#pragma unroll
      for (int k = 0; k < 4; k++) d[i][j][k] = 0.f;
}

template <class D, int I, int J> DEV void add_to(D (&d)[I][J][4], const float (&part)[I][J][4]) {
#pragma unroll
  for (int i = 0; i < I; i++)
#pragma unroll
    for (int j = 0; j < J; j++)
#pragma unroll
      for (int k = 0; k < 4; k++) d[i][j][k] += part[i][j][k];
}

// accumulate adds a stage to d; in FP32 by way of a sum of its own, for tensor cores do
// not round their sums.
template <class T, bool ROUNDED> DEV void accumulate(float (&d)[T::I][T::J][4], unsigned stage, int wm, int wn) {
  if (T::P == TF32) {
    multiply<T, ROUNDED>(d, stage, wm, wn);
    return;
  }
  float part[T::I][T::J][4];
  clear(part);
  multiply<T, ROUNDED>(part, stage, wm, wn);
  add_to(d, part);
}

// FAULT_WAIT, FAULT_BARRIER and FAULT_REUSE plant a fault each, which the tests must
// find.
template <int N> DEV void wait_stage() {
#ifndef FAULT_WAIT
  copy_wait<N>();
#endif
}

// stage_out writes the sums of a warp to arena, from where they can go in whole rows.
template <class T> DEV void stage_out(const float (&d)[T::I][T::J][4], int wm, int wn) {
  const int lane = THREAD % 32;
  float *to = arena + (wm + lane / 4) * T::OUT_ROW + wn + lane % 4 * 2;
#pragma unroll
  for (int i = 0; i < T::I; i++)
#pragma unroll
    for (int j = 0; j < T::J; j++)
#pragma unroll
      for (int h = 0; h < 2; h++) *(Pair *)(to + (i * 16 + h * 8) * T::OUT_ROW + j * 8) = Pair{d[i][j][h * 2], d[i][j][h * 2 + 1]};
}

// gemm computes the tile of block BLOCK, outputs first so that blocks that run together
// share pixels, and hands four neighbouring outputs at a time to finish(pixel, output, quad).
template <class T, int TAPS, bool ROUNDED, class F> DEV void gemm(const Matrices &s, F finish) {
  const int columns = (s.N + T::BN - 1) / T::BN;
  const int m0 = BLOCK / columns * T::BM, n0 = BLOCK % columns * T::BN;
  const int steps = (TAPS * s.C + T::BK - 1) / T::BK;
  Loader<T, TAPS> loader(s, m0, n0);
#pragma unroll
  for (int i = 0; i < T::STAGES - 1; i++) {
    if (i < steps) loader.load(s, i);
    copy_commit();
  }
  const int warp = THREAD / 32;
  const int wm = warp % 2 * 64, wn = warp / 2 * (T::BN / 2);
  float d[T::I][T::J][4];
  clear(d);
  int now = 0, next = T::STAGES - 1;
  for (int i = 0; i < steps; i++) {
    wait_stage<T::STAGES - 2>();
#ifdef FAULT_REUSE
    if (i + T::STAGES - 1 < steps) loader.load(s, next);
    copy_commit();
#endif
#ifndef FAULT_BARRIER
    // What all threads have copied is there, and all have read the stage before, which
    // is now filled anew.
    SYNC();
#endif
#ifndef FAULT_REUSE
    if (i + T::STAGES - 1 < steps) loader.load(s, next);
    copy_commit(); // an empty group keeps the count
#endif
    accumulate<T, ROUNDED>(d, arena_base() + now * T::STAGE, wm, wn);
    now = now + 1 == T::STAGES ? 0 : now + 1;
    next = next + 1 == T::STAGES ? 0 : next + 1;
  }
  copy_wait<0>();
  SYNC(); // all have read the last stage
  stage_out<T>(d, wm, wn);
  SYNC();
#pragma unroll 4
  for (int e = THREAD; e < T::BM * T::BN / 4; e += T::THREADS) {
    const int row = e / (T::BN / 4), column = e % (T::BN / 4) * 4, p = m0 + row, n = n0 + column;
    if (p < s.M && n < s.N) finish(p, n, *(const Quad *)(arena + row * T::OUT_ROW + column));
  }
}
