/* Lets gorgonia.org/cu v0.9.6 compile against the headers of CUDA 13, which gave five
   names without a version new parameters. libcuda still has the functions that these
   names meant before; here they mean them again. To be found before the real cuda.h. */
#ifndef NST_COMPAT_CUDA_H
#define NST_COMPAT_CUDA_H
#include_next <cuda.h>
#if defined(CUDA_VERSION) && CUDA_VERSION >= 13000
#undef cuCtxCreate
#undef cuMemAdvise
#undef cuMemPrefetchAsync
#undef cuGraphAddDependencies
#undef cuGraphGetEdges
extern CUresult CUDAAPI cuCtxCreate_v2(CUcontext *context, unsigned int flags, CUdevice device);
#define cuCtxCreate cuCtxCreate_v2
extern CUresult CUDAAPI cuMemAdvise(CUdeviceptr at, size_t count, CUmem_advise advice, CUdevice device);
extern CUresult CUDAAPI cuMemPrefetchAsync(CUdeviceptr at, size_t count, CUdevice device, CUstream stream);
extern CUresult CUDAAPI cuGraphAddDependencies(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to, size_t count);
extern CUresult CUDAAPI cuGraphGetEdges(CUgraph graph, CUgraphNode *from, CUgraphNode *to, size_t *count);
#endif
#endif
