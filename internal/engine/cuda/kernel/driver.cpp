// A libcuda.so.1 for machines without a card: memory is the host's, kernels run by emu.h.
// It is what the tests of the Go side load, so it is stricter than a card: memory begins
// as NaN, a kernel must be in the module that was loaded, and a launch must name the
// block, the shared memory and the addresses that its kernel is made for.
//
//   NST_EMU_SEED     of the scheduler (1)
//   NST_EMU_DEVICES  number of cards (1)
//   NST_EMU_MEMORY   bytes of each (4 GiB)
//   NST_EMU_MANAGED  whether host and card may use shared memory at the same time (1)
//   NST_EMU_MUTE     the number of a card that cannot be asked for its name (none)
//   NST_EMU_DEAD     1: the card has failed; whatever runs, copies or waits says so (0)
#include "host.h"

#include <chrono>
#include <mutex>
#include <set>
#include <vector>

#define API extern "C" __attribute__((visibility("default"))) int
using Address = unsigned long long;

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_DEVICE = 101, INVALID_PTX = 218, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700 };

struct Module { std::string ptx; };
struct Function { const Kernel *kernel; unsigned limit; }; // of arena, in bytes
struct Event { double ms; };

static std::mutex lock;
static std::map<Address, size_t> allocations; // address to bytes
static size_t used;

static unsigned long long setting(const char *name, unsigned long long usual) {
  const char *s = getenv(name);
  return s ? strtoull(s, nullptr, 10) : usual;
}
static int dead() { return setting("NST_EMU_DEAD", 0) ? ILLEGAL_ADDRESS : OK; }
static size_t memory() { return setting("NST_EMU_MEMORY", 4ull << 30); }
static int complain(int code, const std::string &what) {
  fprintf(stderr, "libcuda (emulated): %s\n", what.c_str());
  return code;
}

// within tells whether n bytes from a are allocated.
static bool within(Address a, size_t n) {
  auto i = allocations.upper_bound(a);
  return i != allocations.begin() && (--i, a + n <= i->first + i->second);
}

API cuInit(unsigned) { return OK; }
API cuDriverGetVersion(int *v) { *v = 13000; return OK; }
API cuDeviceGetCount(int *n) { *n = (int)setting("NST_EMU_DEVICES", 1); return OK; }
API cuDeviceGet(int *d, int i) { *d = i; return i >= 0 && i < (int)setting("NST_EMU_DEVICES", 1) ? OK : INVALID_DEVICE; }
API cuDeviceGetName(char *s, int n, int d) {
  if (d == (int)setting("NST_EMU_MUTE", -1)) return INVALID_DEVICE;
  snprintf(s, n, "emulated card");
  return OK;
}
API cuDeviceGetUuid(char *id, int d) { memset(id, d, 16); return OK; }
API cuDeviceGetUuid_v2(char *id, int d) { return cuDeviceGetUuid(id, d); }
API cuDeviceGetPCIBusId(char *s, int n, int d) { snprintf(s, n, "0000:%02x:00.0", d); return OK; }
API cuDeviceComputeCapability(int *major, int *minor, int) { *major = 8; *minor = 0; return OK; }
API cuDeviceTotalMem_v2(size_t *n, int) { *n = memory(); return OK; }
API cuDeviceGetAttribute(int *v, int a, int) {
  switch (a) {
  case 1: *v = 1024; break;         // threads of a block
  case 8: *v = 48 << 10; break;     // shared memory of a block
  case 10: *v = 32; break;          // lanes of a warp
  case 16: *v = 2; break;           // multiprocessors
  case 75: *v = 8; break;           // compute capability
  case 76: *v = 0; break;
  case 89: *v = (int)setting("NST_EMU_MANAGED", 1); break;
  case 81: *v = 164 << 10; break;   // shared memory of a multiprocessor
  case 97: *v = 163 << 10; break;   // shared memory of a block, if asked for
  default: *v = 1;
  }
  return OK;
}

API cuDevicePrimaryCtxRetain(void **c, int d) { *c = (void *)(intptr_t)(d + 1); return OK; }
API cuDevicePrimaryCtxRelease(int) { return OK; }
API cuDevicePrimaryCtxRelease_v2(int) { return OK; }
API cuDevicePrimaryCtxGetState(int, unsigned *flags, int *active) { *flags = 0; *active = 1; return OK; }
API cuCtxSetCurrent(void *) { return OK; }
API cuCtxGetCurrent(void **c) { *c = (void *)1; return OK; }
API cuCtxGetDevice(int *d) { *d = 0; return OK; }
API cuCtxPushCurrent_v2(void *) { return OK; }
API cuCtxPopCurrent_v2(void **c) { *c = (void *)1; return OK; }
API cuMemGetInfo_v2(size_t *free_, size_t *total) {
  std::lock_guard<std::mutex> hold(lock);
  *total = memory();
  *free_ = memory() > used ? memory() - used : 0;
  return OK;
}
API cuMemAlloc_v2(Address *p, size_t n) {
  std::lock_guard<std::mutex> hold(lock);
  if (n == 0) return INVALID_VALUE;
  if (used + n > memory()) return OUT_OF_MEMORY;
  void *m = aligned_alloc(256, (n + 255) / 256 * 256);
  if (!m) return OUT_OF_MEMORY;
  memset(m, 0xff, n);
  *p = (Address)m;
  allocations[*p] = n;
  used += n;
  return OK;
}
API cuMemAllocManaged(Address *p, size_t n, unsigned) { return cuMemAlloc_v2(p, n); }
API cuMemFree_v2(Address p) {
  std::lock_guard<std::mutex> hold(lock);
  auto i = allocations.find(p);
  if (i == allocations.end()) return INVALID_VALUE;
  used -= i->second;
  allocations.erase(i);
  free((void *)p);
  return OK;
}

// A synchronous copy from pageable memory of the host may return before its last bytes are
// on the card, and streams that do not block do not wait for it. Here it lands as late as
// it may: when the default stream is waited for or used again.
struct Late { Address to; std::vector<char> bytes; };
static std::vector<Late> late;
static int land() {
  std::lock_guard<std::mutex> hold(lock);
  for (const Late &l : late)
    if (within(l.to, l.bytes.size())) memcpy((void *)l.to, l.bytes.data(), l.bytes.size());
  late.clear();
  return dead();
}
API cuCtxSynchronize() { return land(); }

// copy moves n bytes, at one or two addresses of the card.
static int copy(void *to, const void *from, size_t n, Address card, Address other = 0) {
  std::lock_guard<std::mutex> hold(lock);
  if (dead()) return dead();
  if (!within(card, n) || (other && !within(other, n))) return complain(INVALID_VALUE, "a copy leaves the memory of the card");
  memmove(to, from, n);
  return OK;
}
API cuMemcpyHtoD_v2(Address to, const void *from, size_t n) {
  if (land()) return dead();
  std::lock_guard<std::mutex> hold(lock);
  if (!within(to, n)) return complain(INVALID_VALUE, "a copy leaves the memory of the card");
  late.push_back({to, std::vector<char>((const char *)from, (const char *)from + n)});
  return OK;
}
API cuMemcpyDtoH_v2(void *to, Address from, size_t n) { land(); return copy(to, (void *)from, n, from); }
API cuMemcpyDtoD_v2(Address to, Address from, size_t n) { land(); return copy((void *)to, (void *)from, n, to, from); }
API cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t n, void *) { return copy((void *)to, from, n, to); }
API cuMemcpyDtoHAsync_v2(void *to, Address from, size_t n, void *) { return copy(to, (void *)from, n, from); }
API cuMemcpyDtoDAsync_v2(Address to, Address from, size_t n, void *) { return copy((void *)to, (void *)from, n, to, from); }
API cuMemsetD32_v2(Address to, unsigned v, size_t n) {
  std::lock_guard<std::mutex> hold(lock);
  if (!within(to, n * 4)) return complain(INVALID_VALUE, "memset leaves the memory of the card");
  for (size_t i = 0; i < n; i++) ((unsigned *)to)[i] = v;
  return OK;
}
API cuMemsetD8_v2(Address to, unsigned char v, size_t n) {
  std::lock_guard<std::mutex> hold(lock);
  if (!within(to, n)) return complain(INVALID_VALUE, "memset leaves the memory of the card");
  memset((void *)to, v, n);
  return OK;
}
API cuMemsetD32Async(Address to, unsigned v, size_t n, void *) { return cuMemsetD32_v2(to, v, n); }
API cuMemsetD8Async(Address to, unsigned char v, size_t n, void *) { return cuMemsetD8_v2(to, v, n); }

API cuStreamCreate(void **s, unsigned) { *s = (void *)2; return OK; }
API cuStreamSynchronize(void *s) { return s ? dead() : land(); }
API cuStreamQuery(void *) { return OK; }
API cuStreamWaitEvent(void *, void *, unsigned) { return OK; }
API cuStreamDestroy_v2(void *) { return OK; }
API cuEventCreate(void **e, unsigned) { *e = new Event{0}; return OK; }
API cuEventRecord(void *e, void *) {
  ((Event *)e)->ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
  return OK;
}
API cuEventSynchronize(void *) { return OK; }
API cuEventQuery(void *) { return OK; }
API cuEventElapsedTime(float *ms, void *a, void *b) { *ms = (float)(((Event *)b)->ms - ((Event *)a)->ms); return OK; }
API cuEventElapsedTime_v2(float *ms, void *a, void *b) { return cuEventElapsedTime(ms, a, b); }
API cuEventDestroy_v2(void *e) { delete (Event *)e; return OK; }

API cuModuleLoadData(void **m, const void *image) {
  if (!strstr((const char *)image, ".version")) return INVALID_PTX;
  *m = new Module{(const char *)image};
  return OK;
}
API cuModuleLoadDataEx(void **m, const void *image, unsigned, void *, void *) { return cuModuleLoadData(m, image); }
API cuModuleUnload(void *m) { delete (Module *)m; return OK; }
API cuModuleGetFunction(void **f, void *m, const char *name) {
  const auto k = kernels().find(name);
  if (k == kernels().end() || ((Module *)m)->ptx.find(".entry " + k->first + "(") == std::string::npos) return NOT_FOUND;
  *f = new Function{&k->second, 48 << 10};
  return OK;
}
API cuFuncSetAttribute(void *f, int attribute, int v) {
  if (attribute != 8) return OK; // 8: the most bytes of arena
  if (v > 163 << 10) return INVALID_VALUE;
  ((Function *)f)->limit = v;
  return OK;
}
API cuFuncGetAttribute(int *v, int attribute, void *f) {
  const Function &fn = *(Function *)f;
  *v = attribute == 0 ? fn.kernel->threads : attribute == 8 ? (int)fn.limit : 0;
  return OK;
}
// The size of each parameter, as drivers since CUDA 12.4 tell it: so that a caller can
// count them.
API cuFuncGetParamInfo(void *f, size_t i, size_t *offset, size_t *size) {
  const std::string &params = ((Function *)f)->kernel->params;
  if (i >= params.size()) return INVALID_VALUE;
  size_t at = 0, n = 0;
  for (size_t k = 0; k <= i; k++) {
    at += n;
    n = params[k] == 'p' || params[k] == 'd' ? 8 : 4;
    at = (at + n - 1) / n * n;
  }
  *offset = at;
  if (size) *size = n;
  return OK;
}

// check tells what is wrong with a launch of k, if anything.
static std::string check(const Function &f, unsigned gx, unsigned gy, unsigned gz, int threads, unsigned bytes, void **params) {
  const Kernel &k = *f.kernel;
  if (threads != k.threads) return "a block has " + std::to_string(threads) + " threads, want " + std::to_string(k.threads);
  if (bytes != k.bytes) return "a block has " + std::to_string(bytes) + " bytes of arena, want " + std::to_string(k.bytes);
  if (bytes > f.limit) return "more arena than cuFuncSetAttribute allowed";
  if (gx == 0 || gy == 0 || gz != 1 || gx > 0x7fffffffu || gy > 65535) return "bad grid";
  for (size_t i = 0; i < k.params.size(); i++) {
    if (!params[i]) return "parameter " + std::to_string(i) + " is missing";
    const Address a = k.params[i] == 'p' ? *(Address *)params[i] : 0;
    if (a && (a % 4 || !within(a, 4))) return "parameter " + std::to_string(i) + " is no address of the card";
  }
  return "";
}

API cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned bytes, void *, void **params, void **) {
  std::lock_guard<std::mutex> hold(lock);
  static const bool seeded = (emu::S.seed = setting("NST_EMU_SEED", 1), true);
  (void)seeded;
  if (dead()) return dead();
  const Function &fn = *(Function *)f;
  const std::string wrong = check(fn, gx, gy, gz, bx * by * bz, bytes, params);
  if (!wrong.empty()) return complain(INVALID_VALUE, fn.kernel->name + ": " + wrong);
  emu::launch(fn.kernel->name.c_str(), gx, gy, bx, bytes, [&] { fn.kernel->call(params); });
  return OK;
}

API cuGetErrorName(int code, const char **s) { *s = code ? "CUDA_ERROR (emulated)" : "CUDA_SUCCESS"; return OK; }
API cuGetErrorString(int code, const char **s) { *s = code == OUT_OF_MEMORY ? "out of memory" : code ? "emulated error" : "no error"; return OK; }
