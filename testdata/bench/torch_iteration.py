"""Evaluate the loss of VGG-19 and its gradient to the pixels with PyTorch, once for each line read.

    torch_iteration.py SIZE THREADS {nchw|channels_last}

Answers like main.go: seconds, peak memory of the process in bytes, loss. The objective is main.go's.
"""

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
    size, threads, layout = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    seeded = model.seeded_weights("vgg19", 7, torch.float32)
    weights = [(w.contiguous(memory_format=memory), b) for w, b in (seeded.values() if isinstance(seeded, dict) else seeded)]
    del seeded
    x = torch.from_numpy(model.picture(size, size, 2)).float().reshape(1, 3, size, size)
    x = x.contiguous(memory_format=memory).requires_grad_()
    mean = torch.tensor(objective.MEAN).view(1, 3, 1, 1)

    print("ready torch", torch.__version__, layout, flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        loss = objective.step(x, weights, mean, inplace=False).item()
        seconds = time.perf_counter() - began
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, loss, flush=True)


if __name__ == "__main__":
    main()
