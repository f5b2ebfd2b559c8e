// 3x3 convolutions, stride 1, padded by zeros, and 1x1 maps, over features [HW][C].
#include "gemm.h"

// The wide tile is for 128 outputs and more, the narrow one for fewer or for pictures so
// small that wide tiles leave multiprocessors idle.
using Wide = Tile<128, 3, TF32>;
using Narrow = Tile<64, 3, TF32>;
using Exact = Tile<64, 3, FP32>;
static_assert(Wide::STAGES * Wide::STAGE == 98304 && Narrow::STAGES * Narrow::STAGE == 73728, "kernels.h says otherwise");

// conv3 is out [HW][K] = the convolution of x [HW][C] with w [9][K][C], + bias [K] if
// there is one, then max(0, .) if relu, then the common ending. With the weights flipped
// and transposed it is the gradient to x.
template <class T> DEV void conv3(const float *x, const float *w, const float *bias, Ending e, int relu, int H, int W, int C, int K) {
  const Matrices s{x, w, H, W, H * W, C, K};
  gemm<T, 9, true>(s, [&](int p, int k, Quad v) {
    if (bias) v = map(v, *(const Quad *)(bias + k), [](float u, float b) { return u + b; });
    if (relu) v = map(v, [](float u) { return u < 0.f ? 0.f : u; });
    e.put((long long)p * K + k, v);
  });
}

KERNEL(128, 2) conv3_tf32_wide(const float *x, const float *w, const float *bias, float *out, const float *mask, int add, int relu, int H, int W, int C, int K) {
  conv3<Wide>(x, w, bias, Ending{out, mask, add}, relu, H, W, C, K);
}
KERNEL(128, 3) conv3_tf32(const float *x, const float *w, const float *bias, float *out, const float *mask, int add, int relu, int H, int W, int C, int K) {
  conv3<Narrow>(x, w, bias, Ending{out, mask, add}, relu, H, W, C, K);
}
KERNEL(128, 2) conv3_fp32(const float *x, const float *w, const float *bias, float *out, const float *mask, int add, int relu, int H, int W, int C, int K) {
  conv3<Exact>(x, w, bias, Ending{out, mask, add}, relu, H, W, C, K);
}

// gemm1 is out [HW][K] = x [HW][C] times wᵀ, w [K][C], each pixel times the square of its
// guide if there is one, with the common ending.
template <class T> DEV void gemm1(const float *x, const float *w, const float *guide, Ending e, int HW, int C, int K) {
  const Matrices s{x, w, 1, HW, HW, C, K};
  gemm<T, 1, false>(s, [&](int p, int k, Quad v) {
    if (guide) {
      const float g = guide[p] * guide[p];
      v = map(v, [g](float u) { return g * u; });
    }
    e.put((long long)p * K + k, v);
  });
}

KERNEL(128, 2) gemm1_tf32_wide(const float *x, const float *w, const float *guide, float *out, const float *mask, int add, int HW, int C, int K) {
  gemm1<Wide>(x, w, guide, Ending{out, mask, add}, HW, C, K);
}
KERNEL(128, 3) gemm1_tf32(const float *x, const float *w, const float *guide, float *out, const float *mask, int add, int HW, int C, int K) {
  gemm1<Narrow>(x, w, guide, Ending{out, mask, add}, HW, C, K);
}
KERNEL(128, 2) gemm1_fp32(const float *x, const float *w, const float *guide, float *out, const float *mask, int add, int HW, int C, int K) {
  gemm1<Exact>(x, w, guide, Ending{out, mask, add}, HW, C, K);
}
