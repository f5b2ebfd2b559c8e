// Every kernel: its name, threads of a block, and bytes of arena.
#define KERNELS(X)                  \
  X(conv3_tf32_wide, 128, 98304)    \
  X(conv3_tf32, 128, 73728)         \
  X(conv3_fp32, 128, 73728)         \
  X(gemm1_tf32_wide, 128, 98304)    \
  X(gemm1_tf32, 128, 73728)         \
  X(gemm1_fp32, 128, 73728)         \
  X(conv_first, 256, 0)             \
  X(conv_first_grad, 256, 0)        \
  X(relu, 256, 0)                   \
  X(pool, 256, 0)                   \
  X(pool_grad, 256, 0)              \
  X(sqdiff_part, 256, 0)            \
  X(dot_part, 256, 0)               \
  X(abssum_part, 256, 0)            \
  X(absmax_part, 256, 0)            \
  X(sum_last, 256, 0)               \
  X(max_last, 256, 0)               \
  X(sqdiff_grad, 256, 0)            \
  X(normalized, 256, 0)             \
  X(weighted_sum, 32, 0)            \
  X(scale_scalar, 32, 0)            \
  X(axpy, 256, 0)                   \
  X(scale, 256, 0)                  \
  X(sub, 256, 0)                    \
  X(pass, 256, 0)                   \
  X(clamp, 256, 0)                  \
  X(adam, 256, 0)
