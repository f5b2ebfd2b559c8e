"""Gradient descent in the space of what filters and maps put out, not of their numbers.

What a layer takes in is nearly of one direction: its numbers are large together or small together. Descent along the gradient
then moves that direction for ever and learns the others late. With A the second moments of the inputs, the step G A⁻¹ moves
the outputs as their own gradients ask for (Benzing 2022, Gradient Descent on Neurons), and its length is known: the outputs
move by tr(D A Dᵀ) / k in the mean square, which is set to what the schedule says.

The outputs, too, are asked to move nearly in one direction in most steps, that of the mean. With S the second moments of these
wishes, S^-1/2 D makes all directions alike, as Shampoo does (Gupta, Koren and Singer 2018).
"""

import torch
import torch.nn.functional as F

DAMPING = 3e-2  # of the mean variance of inputs
KEEP = 0.98  # of the moments at each look
KEEP_SPREAD = 0.97  # of what the outputs' steps have in common, at each step
MOMENTUM = 0.95


class Linear:
    """One filter or map: a matrix (k, n) that is applied to inputs of n numbers, the last being 1 for a filter's bias."""

    def __init__(self, matrix, bias=None):
        self.matrix, self.bias = matrix, bias
        self.moments, self.inverse = None, None  # of the inputs (n, n)
        self.spread, self.root = None, None  # of the steps in the outputs (k, k), and its inverse root
        self.momentum, self.steps = 0.0, 0

    def look(self, x):
        """Takes note of inputs (positions, n)."""
        self.moments = mixed(self.moments, x.t() @ x / x.shape[0], KEEP)

    def invert(self):
        self.inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped(self.moments)))
        if self.spread is not None:
            values, vectors = torch.linalg.eigh(damped(self.spread))
            self.root = (vectors * values.rsqrt()) @ vectors.t()

    def step(self, length):
        g = self.matrix.grad.reshape(self.matrix.shape[0], -1)
        if self.bias is not None:
            g = torch.cat([g, self.bias.grad[:, None]], 1)
        d = g @ self.inverse
        moved = d @ self.moments @ d.t()
        self.spread = mixed(self.spread, moved / (moved.diagonal().mean() + 1e-30), KEEP_SPREAD)
        self.steps += 1
        self.momentum = mixed(self.momentum, d, min(MOMENTUM, 1 - 1 / self.steps))
        d = self.momentum if self.root is None else self.root @ self.momentum
        moved = ((d @ self.moments) * d).sum().div(len(d)).sqrt()
        d = d * (-length / (moved + 1e-12))
        if self.bias is not None:
            self.bias += d[:, -1]
            d = d[:, :-1]
        self.matrix += d.reshape(self.matrix.shape)


def mixed(old, new, keep):
    return new if old is None else keep * old + (1 - keep) * new


def damped(m):
    return m + DAMPING * m.diagonal().mean() * torch.eye(len(m))


def neighbourhoods(h, count, generator):
    """What a filter takes in at so many places of features h (n, c, h, w), a 1 for the bias behind: (count, 9 c + 1)."""
    n, _, height, width = h.shape
    one, y, x = (torch.randint(k, (count,), generator=generator) for k in (n, height, width))
    around = F.pad(h, (1, 1, 1, 1))
    seen = torch.stack([around[one, :, y + dy, x + dx] for dy in range(3) for dx in range(3)], 2).flatten(1)
    return torch.cat([seen, torch.ones(count, 1)], 1)


class Descent:
    """Steps for all filters and maps of a student."""

    def __init__(self, student):
        self.filters = [Linear(w, b) for w, b in zip(student.w, student.b)]
        self.maps = [Linear(m) for m in student.unit_maps]
        self.steps = 0

    @torch.no_grad()
    def look(self, pictures, seen, pooled, generator):
        """Takes note of what the layers that are taught see: pictures as prepared, features, and where pooling comes in between."""
        h = pictures
        for i, f in enumerate(seen):
            if self.filters[i].matrix.requires_grad:
                self.filters[i].look(neighbourhoods(h, 768, generator))
                one, at = (torch.randint(k, (768,), generator=generator) for k in (f.shape[0], f.shape[2] * f.shape[3]))
                self.maps[i].look(f.flatten(2)[one, :, at])
            h = F.max_pool2d(f, 2) if pooled[i] else f

    @torch.no_grad()
    def step(self, length):
        for layer in (*self.filters, *self.maps):
            if layer.matrix.grad is None:
                continue
            # The first steps' moments are rough: they are taken in sooner.
            if layer.inverse is None or self.steps % 40 == 0 or self.steps in (5, 15):
                layer.invert()
            layer.step(length)
        self.steps += 1
