// All kernels: one module, one PTX file.
#include "conv.cu"
