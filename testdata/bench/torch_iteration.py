"""Evaluate the loss of VGG-19 and its gradient to the pixels with PyTorch, once for each line read.

    torch_iteration.py SIZE THREADS {nchw|channels_last}

Answers like main.go: seconds, peak memory of the process in bytes, loss. The objective is main.go's.
"""

import pathlib
import resource
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "torch"))
import model  # noqa: E402

CHANNELS = [64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512]
STYLE, CONTENT = {0, 2, 4, 8, 12}, 9  # by convolution: relu1_1 .. relu5_1, relu4_2
MEAN = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)


def main():
    size, threads, layout = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    seeded = model.seeded_weights("vgg19", 7, torch.float32)
    weights = [(w.contiguous(memory_format=memory), b) for w, b in (seeded.values() if isinstance(seeded, dict) else seeded)]
    del seeded
    x = torch.from_numpy(model.picture(size, size, 2)).float().reshape(1, 3, size, size)
    x = x.contiguous(memory_format=memory).requires_grad_()

    def step():
        y, i, total = 255 * x.flip(1) - MEAN, 0, 0
        for c in CHANNELS:
            if c == "M":
                y = F.max_pool2d(y, 2)
                continue
            y = F.relu(F.conv2d(y, *weights[i], padding=1))
            if i in STYLE:
                f = y.reshape(y.shape[1], -1)
                total = total + 1000 / y.shape[1] ** 2 * ((f @ f.t() / f.shape[1]) ** 2).mean()
            if i == CONTENT:
                total = total + (y**2).mean()
            i += 1
        x.grad = None
        total.backward()
        return total.item()

    print("ready torch", torch.__version__, layout, flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        loss = step()
        seconds = time.perf_counter() - began
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, loss, flush=True)


if __name__ == "__main__":
    main()
