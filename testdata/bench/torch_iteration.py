"""Evaluate the loss of VGG-19 and its gradient to the pixels with PyTorch, once for each line read.

    torch_iteration.py SIZE THREADS {nchw|channels_last|compile|bfloat16}

Answers like main.go: seconds, peak memory of the process in bytes, loss. The objective is main.go's. compile is
torch.compile of channels_last, which needs PyTorch 2 and a C++ compiler. bfloat16 is autocast of channels_last: 8 bits of
a number instead of 24.
"""

import contextlib
import pathlib
import resource
import sys
import time

import torch

TESTDATA = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(TESTDATA / "torch"), str(TESTDATA / "gpu")]
import model  # noqa: E402
import objective  # noqa: E402


def main():
    size, threads, form = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    memory = torch.contiguous_format if form == "nchw" else torch.channels_last
    seeded = model.seeded_weights("vgg19", 7, torch.float32)
    weights = [(w.contiguous(memory_format=memory), b) for w, b in (seeded.values() if isinstance(seeded, dict) else seeded)]
    del seeded
    x = torch.from_numpy(model.picture(size, size, 2)).float().reshape(1, 3, size, size)
    x = x.contiguous(memory_format=memory).requires_grad_()
    mean = torch.tensor(objective.MEAN).view(1, 3, 1, 1)

    loss = torch.compile(objective.loss) if form == "compile" else objective.loss
    precision = torch.autocast("cpu", torch.bfloat16) if form == "bfloat16" else contextlib.nullcontext()

    print("ready torch", torch.__version__, form, flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        with precision:
            value = objective.step(x, weights, mean, False, loss).item()
        seconds = time.perf_counter() - began
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, value, flush=True)


if __name__ == "__main__":
    main()
