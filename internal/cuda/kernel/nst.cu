// All kernels: one module, one PTX file.
#include "conv.cu"
#include "first.cu"
#include "loss.cu"
#include "pool.cu"
#include "vector.cu"
