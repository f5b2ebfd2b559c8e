"""The objective that ../bench and ./torch_iteration.py time: VGG-19 up to relu5_1, the usual taps,
targets of zeros. Needs nothing but PyTorch: torch_iteration.py takes it along to other machines.
"""

import torch.nn.functional as F

CHANNELS = [64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512]
STYLE, CONTENT = {0, 2, 4, 8, 12}, 9  # by convolution: relu1_1 .. relu5_1, relu4_2
MEAN = [103.939, 116.779, 123.68]  # of the pixels that VGG was trained on: blue, green, red


def loss(x, weights, mean, inplace):
    """Return the loss of x (1,3,h,w), RGB from 0 to 1.

    weights has filters and bias of each convolution, mean is MEAN as (1,3,1,1); inplace lets
    ReLUs overwrite what they read.
    """
    y, i, total = 255 * x.flip(1) - mean, 0, 0
    for c in CHANNELS:
        if c == "M":
            y = F.max_pool2d(y, 2)
            continue
        y = F.relu(F.conv2d(y, *weights[i], padding=1), inplace=inplace)
        if i in STYLE:
            f = y.reshape(y.shape[1], -1)
            total = total + 1000 / y.shape[1] ** 2 * ((f @ f.t() / f.shape[1]) ** 2).mean()
        if i == CONTENT:
            total = total + (y**2).mean()
        i += 1
    return total


def step(x, weights, mean, inplace, loss=loss):
    """Return the loss of x, and leave its gradient in x.grad. loss may be a compiled form of it."""
    x.grad = None
    total = loss(x, weights, mean, inplace)
    total.backward()
    return total
