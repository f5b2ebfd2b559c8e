"""What seven programs compute, each written as that program has it.

A class is one program with its settings as they come: how it prepares a picture, its terms with its weights and
reductions, where it starts and how it steps. They share the network and nothing else, so that a mistake in one
convention cannot hide in all: Gram matrices, means, sums and total variations are written out in each. The formulas
were read in the programs; no line is theirs.

Pictures are (3, H, W), RGB in [0, 1]. The variables of a program, v (1, 3, H, W), are in its own unit.
"""

import torch

from .anishathalye import Anishathalye
from .crowsonkb import Crowsonkb
from .gatys import Gatys
from .gordicaleksa import Gordicaleksa
from .neural_style import JCJohnson
from .neural_style_pt import ProGamerGov
from .pastiche import Pastiche

PEERS = Gatys, Pastiche, JCJohnson, ProGamerGov, Anishathalye, Crowsonkb, Gordicaleksa


class Enough(Exception):
    """Ends an optimiser that would go on."""


def run(peer, start, evaluations):
    """The losses at the first evaluations of a program's own optimiser, from a picture."""
    v = peer.enter(start).contiguous().requires_grad_()
    losses = []

    def evaluate():
        if len(losses) == evaluations:
            raise Enough
        if v.grad is not None:
            v.grad = None
        with torch.enable_grad():
            loss = sum(peer.terms(v).values())
            loss.backward()
        losses.append(loss.item())
        return loss

    step = peer.step(v)
    try:
        while True:
            step(evaluate)
    except Enough:
        return losses
