"""Gradient descent in the space of what filters and maps put out, not of their numbers.

What a layer takes in is nearly of one direction: its numbers are large together or small together. Descent along the gradient
then moves that direction for ever and learns the others late. With A the second moments of the inputs, the step G A⁻¹ moves
the outputs as their own gradients ask for (Benzing 2022, Gradient Descent on Neurons), and its length is known: the outputs
move by tr(D A Dᵀ) / k in the mean square, which is set to what the schedule says.
"""

import torch
import torch.nn.functional as F

DAMPING = 3e-2  # of the mean variance of inputs
KEEP = 0.98  # of the moments at each look


class Linear:
    """One filter or map: a matrix (k, n) that is applied to inputs of n numbers, the last being 1 for a filter's bias."""

    def __init__(self, matrix, bias=None):
        self.matrix, self.bias = matrix, bias
        self.moments, self.inverse, self.momentum = None, None, None

    def look(self, x):
        """Takes note of inputs (positions, n)."""
        m = x.t() @ x / x.shape[0]
        self.moments = m if self.moments is None else KEEP * self.moments + (1 - KEEP) * m

    def invert(self):
        n = len(self.moments)
        damped = self.moments + DAMPING * self.moments.diagonal().mean() * torch.eye(n)
        self.inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))

    def step(self, length):
        g = self.matrix.grad.reshape(self.matrix.shape[0], -1)
        if self.bias is not None:
            g = torch.cat([g, self.bias.grad[:, None]], 1)
        d = g @ self.inverse
        self.momentum = d if self.momentum is None else 0.9 * self.momentum + 0.1 * d
        d = self.momentum
        moved = ((d @ self.moments) * d).sum().div(len(d)).sqrt()
        d = d * (-length / (moved + 1e-12))
        if self.bias is not None:
            self.bias += d[:, -1]
            d = d[:, :-1]
        self.matrix += d.reshape(self.matrix.shape)


class Descent:
    """Steps for all filters and maps of a student."""

    def __init__(self, student):
        self.filters = [Linear(w, b) for w, b in zip(student.w, student.b)]
        self.maps = [Linear(m) for m in student.unit_maps]
        self.steps = 0

    @torch.no_grad()
    def look(self, pictures, seen, pooled, generator):
        """Takes note of what the layers see: pictures as prepared, features, and where pooling comes in between."""
        h = pictures
        for i, f in enumerate(seen):
            one = int(torch.randint(len(h), (), generator=generator))
            x = F.unfold(h[one : one + 1].float(), 3, padding=1)[0].t()
            x = x[torch.randint(len(x), (min(len(x), 768),), generator=generator)]
            self.filters[i].look(torch.cat([x, torch.ones(len(x), 1)], 1))
            y = f.float().permute(0, 2, 3, 1).reshape(-1, f.shape[1])
            self.maps[i].look(y[torch.randint(len(y), (min(len(y), 768),), generator=generator)])
            h = F.max_pool2d(f, 2) if pooled[i] else f

    @torch.no_grad()
    def step(self, length):
        for layer in (*self.filters, *self.maps):
            if layer.matrix.grad is None:
                continue
            if layer.inverse is None or self.steps % 40 == 0:
                layer.invert()
            layer.step(length)
        self.steps += 1
