// Gram matrices: products over pixels of features [HW][C], in slabs of pixels.
#include "gemm.h"
#include "vector.h"

// A block of 128 threads computes 64 by 64 channels; its 2x2 warps take 32 by 32. A stage
// holds 32 pixels of both operands. Pixels are the rows of a stage, so a fragment is read
// down a column: rows of 72 floats put its 32 words into 32 banks.
constexpr int GRAM = 64, GRAM_K = 32, GRAM_ROW = GRAM + 8, GRAM_STAGES = 3;
constexpr int GRAM_OPERAND = GRAM_K * GRAM_ROW;               // floats
constexpr int GRAM_STAGE = 2 * GRAM_OPERAND + GRAM_K;         // and the guide, squared
static_assert(GRAM_STAGES * GRAM_STAGE * 4 == 55680, "kernels.h says otherwise");
constexpr int GRAM_RUN = 1024; // pixels that are summed up in float32

// Span is what a block works on: two groups of 64 channels, and the pixels [from, to).
struct Span {
  const float *x, *guide;
  int C, left, right, from, to;
};

// gram_load begins to copy the 32 pixels from p on to a stage. A tile on the diagonal needs
// one operand only.
DEV void gram_load(const Span &s, int p, int stage) {
  float *to = arena + stage * GRAM_STAGE;
  const unsigned at = arena_base() + stage * GRAM_STAGE * 4;
  const int chunk = THREAD % 16 * 4, operands = s.left == s.right ? 1 : 2;
  for (int o = 0; o < operands; o++) {
    const int c = (o == 0 ? s.left : s.right) + chunk;
#pragma unroll
    for (int i = 0; i < GRAM_K; i += 8) {
      const int row = i + THREAD / 16, q = p + row;
      const bool ok = q < s.to && c < s.C;
      copy16(at + (o * GRAM_OPERAND + row * GRAM_ROW + chunk) * 4, ok ? s.x + (long long)q * s.C + c : s.x, ok);
    }
  }
  if (s.guide && THREAD < GRAM_K) {
    const float g = p + THREAD < s.to ? s.guide[p + THREAD] : 0.f;
    to[2 * GRAM_OPERAND + THREAD] = g * g;
  }
}

// gram_multiply adds the products of a stage to d.
template <Precision P> DEV void gram_multiply(float (&d)[2][4][4], const Span &s, int stage, int wm, int wn) {
  const float *left = arena + stage * GRAM_STAGE, *weight = left + 2 * GRAM_OPERAND;
  const float *right = s.left == s.right ? left : left + GRAM_OPERAND;
  const int g = THREAD % 32 / 4, q = THREAD % 4;
#pragma unroll
  for (int k = 0; k < GRAM_K; k += 8) {
    unsigned a[2][4], b[4][2];
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const float v = left[(k + q + e / 2 * 4) * GRAM_ROW + wm + i * 16 + g + e % 2 * 8];
        a[i][e] = as_bits(s.guide ? v * weight[k + q + e / 2 * 4] : v);
      }
#pragma unroll
    for (int j = 0; j < 4; j++)
#pragma unroll
      for (int e = 0; e < 2; e++) b[j][e] = as_bits(right[(k + q + e * 4) * GRAM_ROW + wn + j * 8 + g]);
    product<P, false>(d, a, b);
  }
}

template <Precision P> DEV void gram_part(const float *x, const float *guide, float *part, int HW, int C, int slab) {
  const int groups = (C + GRAM - 1) / GRAM, pairs = groups * (groups + 1) / 2;
  int left = 0, right = BLOCK % pairs; // pairs are (0,0) (0,1) ... (1,1) (1,2) ...
  for (; right >= groups - left; left++) right -= groups - left;
  right += left;
  const int from = BLOCK / pairs * slab, to = HW - from < slab ? HW : from + slab;
  const Span s{x, guide, C, left * GRAM, right * GRAM, from, to};
  const int steps = (to - from + GRAM_K - 1) / GRAM_K;
  const int wm = THREAD / 32 % 2 * 32, wn = THREAD / 64 * 32;
  float d[2][4][4];
  double total[2][4][4] = {};
  clear(d);
  for (int i = 0; i < GRAM_STAGES - 1; i++) {
    if (i < steps) gram_load(s, from + i * GRAM_K, i);
    copy_commit();
  }
  for (int i = 0; i < steps; i++) {
    wait_stage<GRAM_STAGES - 2>();
#ifndef FAULT_BARRIER
    SYNC();
#endif
    const int ahead = i + GRAM_STAGES - 1;
    if (ahead < steps) gram_load(s, from + ahead * GRAM_K, ahead % GRAM_STAGES);
    copy_commit();
    if (P == FP32) {
      float sum[2][4][4];
      clear(sum);
      gram_multiply<P>(sum, s, i % GRAM_STAGES, wm, wn);
      add_to(d, sum);
    } else {
      gram_multiply<P>(d, s, i % GRAM_STAGES, wm, wn);
    }
    if ((i + 1) % (GRAM_RUN / GRAM_K) == 0 || i + 1 == steps) {
      add_to(total, d);
      clear(d);
    }
  }
  const int g = THREAD % 32 / 4, q = THREAD % 4;
  float *out = part + (long long)BLOCK * GRAM * GRAM;
#pragma unroll
  for (int i = 0; i < 2; i++)
#pragma unroll
    for (int j = 0; j < 4; j++)
#pragma unroll
      for (int h = 0; h < 2; h++)
        *(Pair *)(out + (wm + i * 16 + h * 8 + g) * GRAM + wn + j * 8 + q * 2) = Pair{(float)total[i][j][h * 2], (float)total[i][j][h * 2 + 1]};
}

KERNEL(128, 2) gram_part_tf32(const float *x, const float *guide, float *part, int HW, int C, int slab) {
  gram_part<TF32>(x, guide, part, HW, C, slab);
}
KERNEL(128, 2) gram_part_fp32(const float *x, const float *guide, float *part, int HW, int C, int slab) {
  gram_part<FP32>(x, guide, part, HW, C, slab);
}

// gram_sum adds up the slabs, scales, and mirrors what is above the diagonal, so that the
// matrix is symmetric to the last bit. A block makes 32 neighbours; eight threads share
// one.
KERNEL(256, 4) gram_sum(const float *part, float *out, int C, int slabs, float scale) {
  SHARED(double, s, [SHARERS][GROUP]);
  const int groups = (C + GRAM - 1) / GRAM, pairs = groups * (groups + 1) / 2;
  const int at = BLOCK * GROUP + THREAD % GROUP, row = at / C, column = at % C, lane = THREAD / GROUP;
  const int i = row < column ? row : column, j = row < column ? column : row;
  const int a = i / GRAM, b = j / GRAM, pair = a * groups - a * (a - 1) / 2 + b - a;
  const float *p = part + (long long)pair * GRAM * GRAM + i % GRAM * GRAM + j % GRAM;
  double sum = 0;
  if (at < C * C)
    for (int k = lane; k < slabs; k += SHARERS) sum += p[(long long)k * pairs * GRAM * GRAM];
  s[lane][THREAD % GROUP] = sum;
  SYNC();
  if (lane != 0 || at >= C * C) return;
  for (int k = 1; k < SHARERS; k++) sum += s[k][THREAD];
  out[at] = (float)(sum * scale);
}
