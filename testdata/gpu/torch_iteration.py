"""Time the loss of VGG-19 and its gradient to the pixels with PyTorch on an NVIDIA card.

    torch_iteration.py SIZE [SIZE...]

The objective is that of objective.py, with random weights. For each size, both layouts, TF32 and
not: milliseconds (the median of 30 after 10) and the most memory that PyTorch reserved. Needs
nothing but PyTorch and objective.py.
"""

import statistics
import sys
import time

import torch
from objective import CHANNELS, MEAN, step


def measure(size, layout, tf32):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(7)
    torch.cuda.empty_cache()
    weights, c = [], 3
    for k in CHANNELS:
        if k != "M":
            bound = (6 / (9 * c)) ** 0.5
            w = torch.empty(k, c, 3, 3, device="cuda").uniform_(-bound, bound)
            weights.append((w.contiguous(memory_format=layout), torch.zeros(k, device="cuda")))
            c = k
    mean = torch.tensor(MEAN, device="cuda").view(1, 3, 1, 1)
    x = torch.rand(1, 3, size, size, device="cuda").contiguous(memory_format=layout).requires_grad_()
    for _ in range(9):
        step(x, weights, mean, inplace=True)
    torch.cuda.synchronize()
    torch.cuda.empty_cache()  # what trying algorithms took does not count
    torch.cuda.reset_peak_memory_stats()
    step(x, weights, mean, inplace=True).item()
    times = []
    for _ in range(30):
        began = time.perf_counter()
        step(x, weights, mean, inplace=True).item()
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times), torch.cuda.max_memory_reserved() >> 20


def main():
    print("PyTorch", torch.__version__, "CUDA", torch.version.cuda, torch.cuda.get_device_name(0))
    for size in map(int, sys.argv[1:] or ["512", "1024"]):
        for tf32 in True, False:
            for name, layout in ("nchw", torch.contiguous_format), ("channels_last", torch.channels_last):
                ms, mb = measure(size, layout, tf32)
                print(f"torch {size} px, {'tf32' if tf32 else 'fp32'}, {name}: {ms:.2f} ms an evaluation, {mb} MB", flush=True)


if __name__ == "__main__":
    main()
