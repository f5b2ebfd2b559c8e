"""Teaches the small network that nst carries with it what VGG-19 sees. README.md tells how."""

import argparse
import copy
import math
import os
import queue
import threading
import time

import numpy as np
import torch

import network
import pictures
from descent import Descent

TAPS = len(network.CONVS)
INDEX = {name: i for i, name in enumerate(network.CONVS)}

# Weights of the errors of features and of Gram matrices. The taps of nst's default objective are always looked at; at the
# start of a run nine tenths of its style loss are relu4_1's. Of the others one is looked at in turn.
ALWAYS = {"3_1": (1, 9), "4_1": (5, 45), "4_2": (2, 1), "5_1": (1, 3)}
IN_TURN = {"1_1": (2, 6), "2_1": (2, 12)}  # these have the most positions and are learnt soonest: one of the two a step

# The lower part is taught first: what matters most ends there. The upper part follows, on a lower one that stays as it is.
PARTS = {"lower": range(INDEX["4_1"] + 1), "upper": range(INDEX["4_1"] + 1, TAPS)}


def taps(step, part):
    """The taps that a step looks at, {index: weights}."""
    always = {INDEX[name]: w for name, w in ALWAYS.items() if INDEX[name] in part}
    turns = [(INDEX[name], w) for name, w in IN_TURN.items() if INDEX[name] in part]
    others = [i for i in part if i not in always and i not in dict(turns)]
    always.update(turns[step % 2 : step % 2 + 1])
    return {**always, others[step // 2 % len(others)]: (0.3 * len(others), 0.1 * len(others))}


# Of the first two blocks every other row and column is looked at: neighbours say nearly the same, and there are many.
EVERY = [2 if name[0] in "12" else 1 for name in network.CONVS]


def measured(f, i):
    """The features (n, c, h, w) of layer i as (n, c, p), at the positions that are looked at.

    nst measures a style by averages of relu4_1 over some positions. Taught by such averages a student errs as little on
    pictures that are there, but more at each position, and is the easier to deceive: log.md.
    """
    return network.planes(f[:, :, :: EVERY[i], :: EVERY[i]])


def gram(f):
    """(n, c, c) of features (n, c, p): means over positions."""
    return torch.bmm(f, f.transpose(1, 2)) / f.shape[2]


def root(squares):
    """The root of relative squared errors: few pictures have errors ten times those of most, and would be all that squares learn from."""
    return (squares + 1e-4).sqrt()


class Seen:
    """What the teacher sees at a tap: its features (n, C, p), their Gram matrices, and the sums of the squares of both."""

    def __init__(self, features):
        self.features, self.gram = features, gram(features)
        self.square, self.squares = self.gram.diagonal(dim1=1, dim2=2).sum(1), (self.gram * self.gram).sum((1, 2))


def see(teacher, x, asked):
    """What the teacher sees in pictures x (n, 3, h, w) at the layers asked for."""
    seen = teacher.seen(x, {i: EVERY[i] for i in asked})
    return {i: Seen(seen[i]) for i in asked}


class Products(torch.autograd.Function):
    """f fᵀ and t fᵀ over positions, of the student's features f (n, c, p) and the teacher's t (n, C, p).

    The gradient is what PyTorch would find, with one tensor of the size of f where it would make three.
    """

    @staticmethod
    def forward(ctx, f, t):
        ctx.save_for_backward(f, t)
        return gram(f), torch.bmm(t, f.transpose(1, 2)) / f.shape[2]

    @staticmethod
    def backward(ctx, d_gram, d_cross):
        f, t = ctx.saved_tensors
        p = f.shape[2]
        own = (d_gram + d_gram.transpose(1, 2)) / p
        return torch.baddbmm(torch.bmm(own, f), (d_cross / p).transpose(1, 2), t), None


def errors(f, t, e):
    """Relative squared errors of one tap, of the features and of the Gram matrices: (n) each, and the student's Gram matrices.

    f (n, c, p) are the student's features, t the teacher's, e (C, c) the map. The sum over positions and channels of
    (e f - t)² is taken from products of matrices, tr(eᵀe fᵀf) - 2 tr(eᵀ tᵀf) + tr(tᵀt), and so is that over the entries of
    Gram matrices: the differences themselves are many more numbers. Errors are relative to the picture's own features, or a
    few bright pictures would be all that counts, but not to less than a tenth of what is usual, for those that are even.
    """
    gf, cross = Products.apply(f, t.features)
    m = e.t() @ e
    feature = (m * gf).sum((1, 2)) - 2 * (e * cross).sum((1, 2)) + t.square
    mg = m @ gf
    matrix = (mg * mg.transpose(1, 2)).sum((1, 2)) - 2 * ((e.t() @ (t.gram @ e)) * gf).sum((1, 2)) + t.squares
    return feature / t.square.clamp(min=0.1 * float(t.square.mean())), matrix / t.squares.clamp(min=0.1 * float(t.squares.mean())), gf


def measure(student, seen, wanted, weights, paired):
    """The objective of a batch, and its relative errors by tap: (TAPS, 2), not a number for those without weight.

    seen are the student's features of all layers, wanted what the teacher sees by tap. With paired, what the halves of the
    batch differ by counts too.
    """
    loss, table = 0.0, np.full((TAPS, 2), np.nan)
    for i, (of_features, of_matrices) in weights.items():
        f, m, gf = errors(measured(seen[i], i), wanted[i], student.map(i))
        loss = loss + of_features * f.mean() + of_matrices * root(m).mean()
        if paired and i in DIFFERING:
            loss = loss + of_matrices * apart(gf, wanted[i].gram, student.map(i))
        table[i] = float(f.mean()), float(m.mean())
    return loss, table


DIFFERING = [INDEX[name] for name in ("2_1", "3_1", "4_1")]


def apart(gf, gt, e):
    """Relative error of the differences of Gram matrices between the first half of a batch, painted pictures, and the
    second, their styles: gf (n, c, c) the student's, gt (n, C, C) the teacher's.

    Once the student's matrices of the two agree, this is what the teacher's still differ by: all that is left of a style.
    """
    n = len(gf) // 2
    differ = e @ (gf[:n] - gf[n:]) @ e.t() - (gt[:n] - gt[n:])
    return root(differ.square().sum((1, 2)) / gt[n:].square().sum((1, 2))).mean()


class Judge:
    """Errors on whole pictures that are not learnt from, at two sizes, always the same."""

    def __init__(self, folder, teacher, part):
        self.folder, self.part, self.pictures = folder, part, []
        for file in pictures.files(folder):
            for size in (256, 384):
                picture = pictures.longest(file, size)
                self.pictures.append((picture, see(teacher, picture, part)))

    @torch.no_grad()
    def __call__(self, student):
        table = np.full((TAPS, 2), np.nan)
        table[self.part] = 0
        for picture, wanted in self.pictures:
            seen = student(picture, self.part.stop)
            for i in self.part:
                table[i] += [float(e) for e in errors(measured(seen[i], i), wanted[i], student.map(i))[:2]]
        print(f"judged by {self.folder}: {show(table / len(self.pictures))}", flush=True)


def show(table):
    """Root of the relative squares, percent, of features and Gram matrices by tap."""
    return " ".join(f"{n}:{100 * math.sqrt(max(a, 0)):.0f}/{100 * math.sqrt(max(b, 0)):.1f}" for n, (a, b) in zip(network.CONVS, table) if a == a)


BATCHES = [(4, 128), (2, 192), (2, 256)]  # pictures and their side; pairs need two
OFTEN = (0.3, 0.5, 0.2)


class Steps:
    """What each step learns from, made by a process of its own beside the one that learns: pictures, what the teacher sees in
    them, and whether they are pairs. The same seed gives the same steps."""

    def __init__(self, o, supply, pairs, part):
        self.queue = torch.multiprocessing.Queue(3)
        self.process = torch.multiprocessing.get_context("fork").Process(target=self.make, args=(o, supply, pairs, part), daemon=True)
        self.process.start()

    def make(self, o, supply, pairs, part):
        teacher = network.Teacher(o.program, o.teacher)
        for step in range(o.after, o.until or o.steps):
            n, size = BATCHES[supply.rng.choice(len(BATCHES), p=OFTEN)]
            paired = pairs is not None and step % o.paired == 0
            x = torch.from_numpy((pairs if paired else supply).batch(n, size))
            self.queue.put((x, see(teacher, x, taps(step, part)), paired))
        threading.Event().wait()  # what is in the queue is this process's memory

    def next(self):
        while True:
            try:
                return self.queue.get(timeout=10)
            except queue.Empty:
                if not self.process.is_alive():
                    raise RuntimeError("the process that makes the steps has ended") from None


def rate(step, steps, peak):
    """Rises for 100 steps, and falls to nothing along a cosine."""
    return peak * min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps))


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--teacher", required=True, help="VGG-19 as nst keeps it: vgg19.safetensors")
    p.add_argument("--program", required=True, help="the program that is made of the folder teacher")
    p.add_argument("--pictures", action="append", default=[], metavar="FOLDER=SHARE", help="pictures to learn from and how often; may be given again")
    p.add_argument("--pairs", action="append", default=[], metavar="FILE", help="lists of painted pictures and their styles, as paint.sh leaves them")
    p.add_argument("--paired", type=int, default=3, help="every so many steps one is of such pairs")
    p.add_argument("--apart", action="append", default=[], help="a folder whose pictures, and copies of them, must not be learnt from")
    p.add_argument("--drawn", type=float, default=0, help="how often a picture is drawn anew, as a print, a drawing or a mosaic")
    p.add_argument("--judge", action="append", default=[], help="a folder of pictures to judge the network by; they must be apart")
    p.add_argument("--part", choices=PARTS, required=True, help="which layers are taught: those up to conv4_1, or those above; the others stay as they are")
    p.add_argument("--start", help="a network to go on from; layers that are not there or have another shape are found by regression")
    p.add_argument("--anew", metavar="LAYER", help="find this layer and those after it by regression, though they are in --start")
    p.add_argument("--regress", type=int, default=48, help="batches of pictures for that")
    p.add_argument("--steps", type=int, default=12000)
    p.add_argument("--after", type=int, default=0, help="so many of the steps were made by an earlier run, whose network is --start")
    p.add_argument("--until", type=int, help="end after so many of the steps, with the rate that they have then")
    p.add_argument("--rate", type=float, default=6e-4, help="how far a step moves what a layer puts out, of a size of about 1")
    p.add_argument("--keep", type=float, default=0.998, help="of the mean of the networks at each step; the mean is what is written")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--out", required=True)
    p.add_argument("--note", default="", help="goes into the file")
    return p.parse_args()


@torch.no_grad()
def follow(mean, student, keep):
    """Moves the mean of the networks so far towards the present one: the mean is free of the noise of single steps."""
    for a, b in zip(mean.parameters(), student.parameters()):
        a.lerp_(b, 1 - keep)


def save(student, path, o, done):
    network.write(path + ".part", student.tensors(), {
        "format": "nst", "network": "slim", "convention": "caffe", "channels": "BGR", "scale": "255",
        "mean": "103.939,116.779,123.68", "std": "1,1,1", "licence": "CC BY 4.0",
        "source": "distilled by nst from VGG-19 of Simonyan and Zisserman, Oxford (CC BY 4.0)",
        "recipe": f"tools/distill, seed {o.seed}, {done} steps {o.note}".strip(),
    })
    os.replace(path + ".part", path)


def main():
    o = options()
    torch.set_num_threads(1)
    torch.manual_seed(o.seed)
    apart_from = [t for folder in o.apart for t in pictures.thumbnails(folder)]
    folders = []
    for spec in o.pictures:
        path, share = spec.rsplit("=", 1)
        folders.append((pictures.Folder(path, apart_from), float(share)))
        print(f"{path}: {len(folders[-1][0].pictures)} pictures, left out: {' '.join(folders[-1][0].left_out) or 'none'}", flush=True)
    supply = pictures.Crops(folders, o.seed, o.drawn)
    pairs = pictures.Pairs(o.pairs, apart_from, o.seed) if o.pairs else None
    teacher, part = network.Teacher(o.program, o.teacher), PARTS[o.part]
    student = network.Student.load(o.start) if o.start else None
    kept = INDEX[o.anew.removeprefix("conv")] if o.anew else TAPS
    if student is None or len(student.layers(kept)[0]) < TAPS:
        student = network.regressed(teacher, [torch.from_numpy(supply.batch(4, 160)) for _ in range(o.regress)], student, kept)
    student.freeze(part)
    judges = [Judge(folder, teacher, part) for folder in o.judge]
    for judge in judges:
        judge(student)
    steps = Steps(o, supply, pairs, part)
    mean_student = copy.deepcopy(student)
    descent, generator = Descent(student), torch.Generator().manual_seed(o.seed)
    began, table, mean = time.time(), np.full((TAPS, 2), np.nan), 0.0
    end = o.until or o.steps
    for step in range(o.after, end):
        x, wanted, paired = steps.next()
        seen = student(x, part.stop)
        loss, errs = measure(student, seen, wanted, taps(step, part), paired)
        if step % 4 == 0 or step < o.after + 40:
            descent.look(network.prepare(x), seen, network.POOLED, generator)
        student.zero_grad(set_to_none=True)
        loss.backward()
        descent.step(rate(step, o.steps, o.rate))
        follow(mean_student, student, min(o.keep, (step - o.after) / (step - o.after + 10)))
        table = np.where(np.isnan(table), errs, np.where(np.isnan(errs), table, 0.98 * table + 0.02 * errs))
        mean = loss.item() if step == o.after else 0.98 * mean + 0.02 * loss.item()
        if step % 100 == 0 or step == end - 1:
            print(f"{step} {time.time() - began:.0f}s {mean:.4f} {show(table)}", flush=True)
        if step % 1000 == 999 or step == end - 1:
            save(mean_student, o.out, o, step + 1)
            for judge in judges:
                judge(mean_student)


if __name__ == "__main__":
    main()
