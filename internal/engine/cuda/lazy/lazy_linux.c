//go:build gpu

// The driver of NVIDIA's cards, found when it is asked for. gorgonia.org/cu wants the
// symbols of libcuda when it is linked and its library when it starts, and ends the
// process where there is no card. Here is each of those symbols: a jump to where
// libcuda has it, or to missing() as long as there is none.
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

// What gorgonia.org/cu v0.9.6 refers to, built with the headers of CUDA 11.8 to 13.0.
#define SYMBOLS(F) \
	F(cuArray3DCreate_v2) F(cuArray3DGetDescriptor_v2) F(cuArrayCreate_v2) F(cuArrayDestroy) \
	F(cuArrayGetDescriptor_v2) F(cuCtxCreate_v2) F(cuCtxDestroy_v2) F(cuCtxDisablePeerAccess) \
	F(cuCtxEnablePeerAccess) F(cuCtxGetApiVersion) F(cuCtxGetCacheConfig) F(cuCtxGetCurrent) \
	F(cuCtxGetDevice) F(cuCtxGetFlags) F(cuCtxGetLimit) F(cuCtxGetSharedMemConfig) \
	F(cuCtxGetStreamPriorityRange) F(cuCtxPopCurrent_v2) F(cuCtxPushCurrent_v2) \
	F(cuCtxResetPersistingL2Cache) F(cuCtxSetCacheConfig) F(cuCtxSetCurrent) F(cuCtxSetLimit) \
	F(cuCtxSetSharedMemConfig) F(cuCtxSynchronize) F(cuDeviceCanAccessPeer) F(cuDeviceGet) \
	F(cuDeviceGetAttribute) F(cuDeviceGetCount) F(cuDeviceGetName) F(cuDeviceGetP2PAttribute) \
	F(cuDeviceGetUuid) F(cuDeviceGetUuid_v2) F(cuDevicePrimaryCtxGetState) \
	F(cuDevicePrimaryCtxRelease) F(cuDevicePrimaryCtxRelease_v2) F(cuDevicePrimaryCtxReset) \
	F(cuDevicePrimaryCtxReset_v2) F(cuDevicePrimaryCtxRetain) F(cuDevicePrimaryCtxSetFlags) \
	F(cuDevicePrimaryCtxSetFlags_v2) F(cuDeviceTotalMem_v2) F(cuDriverGetVersion) F(cuEventCreate) \
	F(cuEventDestroy_v2) F(cuEventElapsedTime) F(cuEventElapsedTime_v2) F(cuEventQuery) \
	F(cuEventRecord) F(cuEventSynchronize) F(cuFuncGetAttribute) F(cuFuncSetAttribute) \
	F(cuFuncSetCacheConfig) F(cuFuncSetSharedMemConfig) F(cuGraphAddChildGraphNode) \
	F(cuGraphAddDependencies) F(cuGraphAddEmptyNode) F(cuGraphAddHostNode) F(cuGraphAddKernelNode) \
	F(cuGraphAddKernelNode_v2) F(cuGraphAddMemcpyNode) F(cuGraphAddMemsetNode) F(cuGraphClone) \
	F(cuGraphCreate) F(cuGraphDestroy) F(cuGraphDestroyNode) F(cuGraphExecDestroy) \
	F(cuGraphGetEdges) F(cuLaunchKernel) F(cuLinkAddData_v2) F(cuLinkAddFile_v2) F(cuLinkComplete) \
	F(cuLinkCreate_v2) F(cuLinkDestroy) F(cuMemAdvise) F(cuMemAllocManaged) F(cuMemAllocPitch_v2) \
	F(cuMemAlloc_v2) F(cuMemFreeHost) F(cuMemFree_v2) F(cuMemGetAddressRange_v2) F(cuMemGetInfo_v2) \
	F(cuMemPrefetchAsync) F(cuMemcpy) F(cuMemcpy2DAsync_v2) F(cuMemcpy2DUnaligned_v2) \
	F(cuMemcpy2D_v2) F(cuMemcpy3DAsync_v2) F(cuMemcpy3DPeer) F(cuMemcpy3DPeerAsync) F(cuMemcpy3D_v2) \
	F(cuMemcpyAsync) F(cuMemcpyAtoA_v2) F(cuMemcpyAtoD_v2) F(cuMemcpyAtoHAsync_v2) \
	F(cuMemcpyAtoH_v2) F(cuMemcpyDtoA_v2) F(cuMemcpyDtoDAsync_v2) F(cuMemcpyDtoD_v2) \
	F(cuMemcpyDtoHAsync_v2) F(cuMemcpyDtoH_v2) F(cuMemcpyHtoAAsync_v2) F(cuMemcpyHtoA_v2) \
	F(cuMemcpyHtoDAsync_v2) F(cuMemcpyHtoD_v2) F(cuMemcpyPeer) F(cuMemcpyPeerAsync) \
	F(cuMemsetD16Async) F(cuMemsetD16_v2) F(cuMemsetD2D16Async) F(cuMemsetD2D16_v2) \
	F(cuMemsetD2D32Async) F(cuMemsetD2D32_v2) F(cuMemsetD2D8Async) F(cuMemsetD2D8_v2) \
	F(cuMemsetD32Async) F(cuMemsetD32_v2) F(cuMemsetD8Async) F(cuMemsetD8_v2) F(cuModuleGetFunction) \
	F(cuModuleGetGlobal_v2) F(cuModuleGetSurfRef) F(cuModuleGetTexRef) F(cuModuleLoad) \
	F(cuModuleLoadData) F(cuModuleLoadDataEx) F(cuModuleLoadFatBinary) F(cuModuleUnload) \
	F(cuOccupancyMaxActiveBlocksPerMultiprocessor) \
	F(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags) F(cuPointerGetAttribute) \
	F(cuPointerSetAttribute) F(cuStreamAttachMemAsync) F(cuStreamCreate) \
	F(cuStreamCreateWithPriority) F(cuStreamDestroy_v2) F(cuStreamGetFlags) F(cuStreamGetPriority) \
	F(cuStreamQuery) F(cuStreamSynchronize) F(cuStreamWaitEvent) F(cuStreamWaitValue32) \
	F(cuStreamWaitValue32_v2) F(cuStreamWriteValue32) F(cuStreamWriteValue32_v2) \
	F(cuSurfRefGetArray) F(cuSurfRefSetArray) F(cuTexRefGetAddressMode) F(cuTexRefGetAddress_v2) \
	F(cuTexRefGetArray) F(cuTexRefGetBorderColor) F(cuTexRefGetFilterMode) F(cuTexRefGetFlags) \
	F(cuTexRefGetFormat) F(cuTexRefGetMaxAnisotropy) F(cuTexRefSetAddress2D_v3) \
	F(cuTexRefSetAddressMode) F(cuTexRefSetAddress_v2) F(cuTexRefSetArray) F(cuTexRefSetBorderColor) \
	F(cuTexRefSetFilterMode) F(cuTexRefSetFlags) F(cuTexRefSetFormat) F(cuTexRefSetMaxAnisotropy) \
	F(cuTexRefSetMipmapFilterMode) F(cuTexRefSetMipmapLevelBias) F(cuTexRefSetMipmapLevelClamp)

// CUDA_ERROR_NOT_SUPPORTED.
static int missing(void) { return 801; }

// Hidden, so that libcuda itself, which has functions of these names, never gets ours.
#if defined(__x86_64__)
#define JUMP(name) "jmp *nst_" name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name) "adrp x16, nst_" name "\n ldr x16, [x16, #:lo12:nst_" name "]\n br x16\n"
#else
#error "no jumps for this processor"
#endif
#define FORWARD(name) \
	__attribute__((visibility("hidden"))) void *nst_##name = (void *)missing; \
	__asm__(".text\n.globl " #name "\n.hidden " #name "\n.type " #name ",@function\n" #name ": " JUMP(#name));
SYMBOLS(FORWARD)

#define ENTRY(name) {#name, &nst_##name},
static const struct {
	const char *name;
	void **to;
} entries[] = {SYMBOLS(ENTRY)};

// cuInit is called by the package gorgonia.org/cu as it is initialised. The work is
// that of nst_cuda_load, so that a program that needs no card starts at once.
__attribute__((visibility("hidden"))) int cuInit(unsigned flags) {
	(void)flags;
	return 0;
}

static int (*init)(unsigned);

// nst_cuda_load opens the library at path. It returns NULL, or what dlopen says.
const char *nst_cuda_load(const char *path) {
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return dlerror();
	if (!(init = (int (*)(unsigned))dlsym(library, "cuInit")))
		return "is not CUDA's driver: it has no cuInit";
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		void *symbol = dlsym(library, entries[i].name);
		if (symbol)
			*entries[i].to = symbol;
	}
	return NULL;
}

// nst_cuda_init returns what the driver's own cuInit does.
int nst_cuda_init(void) { return init(0); }
