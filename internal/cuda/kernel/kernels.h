// Every kernel: its name, threads of a block, and bytes of arena.
#define KERNELS(X)                  \
  X(conv3_tf32_wide, 128, 98304)    \
  X(conv3_tf32, 128, 73728)         \
  X(conv3_fp32, 128, 73728)         \
  X(gemm1_tf32_wide, 128, 98304)    \
  X(gemm1_tf32, 128, 73728)         \
  X(gemm1_fp32, 128, 73728)
