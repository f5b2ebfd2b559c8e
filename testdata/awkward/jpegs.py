"""JPEG files for make.py: by libjpeg-turbo's cjpeg, Pillow and ImageMagick."""

import subprocess

import numpy as np
from PIL import Image

# An odd script: a scan for each component and each step.
SCANS = """0: 0-0, 0, 1;
1: 0-0, 0, 1;
2: 0-0, 0, 1;
0: 1-9, 0, 2;
2: 1-63, 0, 1;
1: 1-63, 0, 1;
0: 10-63, 0, 2;
0: 1-63, 2, 1;
0: 0-0, 1, 0;
1: 0-0, 1, 0;
2: 0-0, 1, 0;
2: 1-63, 1, 0;
1: 1-63, 1, 0;
0: 1-63, 1, 0;
"""


def make(case, photo, tmp):
    h, w, _ = photo.shape
    Image.fromarray(photo).save(case.tmp("photo.ppm"))
    open(case.tmp("scans.txt"), "w").write(SCANS)
    open(case.tmp("apart.txt"), "w").write("0;\n1;\n2;\n")

    def cjpeg(name, *options, want=None):
        with open(case.path(name), "wb") as out:
            subprocess.run(["cjpeg", "-quality", "90", *options, case.tmp("photo.ppm")], check=True, stdout=out)
        case(name, want, mean=0.7, worst=2)

    for sample in ("1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x4", "3x1", "3x2", "1x3"):
        cjpeg(f"jpeg-{sample}.jpg", "-sample", sample)
    cjpeg("jpeg-2x2-1x2-1x2.jpg", "-sample", "2x2,1x2,1x2")
    cjpeg("jpeg-2x1-1x1-2x1.jpg", "-sample", "2x2,2x1,1x2")
    cjpeg("jpeg-restart.jpg", "-sample", "2x2", "-restart", "2B")
    for sample in ("1x1", "2x1", "2x2"):
        cjpeg(f"jpeg-progressive-{sample}.jpg", "-progressive", "-sample", sample)
        cjpeg(f"jpeg-progressive-restart-{sample}.jpg", "-progressive", "-sample", sample, "-restart", "1")
    cjpeg("jpeg-progressive-restart-script.jpg", "-scans", case.tmp("scans.txt"), "-sample", "2x2", "-restart", "3B")
    cjpeg("jpeg-scans-apart.jpg", "-scans", case.tmp("apart.txt"), "-sample", "2x2")
    cjpeg("jpeg-scans-apart-restart.jpg", "-scans", case.tmp("apart.txt"), "-sample", "2x2", "-restart", "1")
    cjpeg("jpeg-progressive-1x4.jpg", "-progressive", "-sample", "1x4")
    for name, options in {
        "sequential": ["-sample", "1x1"], "2x2": ["-sample", "2x2"], "restart": ["-sample", "2x2", "-restart", "2B"],
        "progressive": ["-progressive", "-sample", "2x2"], "progressive-restart": ["-progressive", "-sample", "2x1", "-restart", "1"],
        "script": ["-scans", case.tmp("scans.txt"), "-sample", "2x2"], "grey": ["-grayscale"],
    }.items():
        cjpeg(f"jpeg-arithmetic-{name}.jpg", "-arithmetic", *options)
    cjpeg("jpeg-rgb.jpg", "-rgb")
    cjpeg("jpeg-rgb-2x2.jpg", "-rgb", "-sample", "2x2")
    cjpeg("jpeg-grey-progressive.jpg", "-grayscale", "-progressive", "-restart", "2B")
    cjpeg("jpeg-grey-2x2.jpg", "-grayscale", "-sample", "2x2")
    cjpeg("jpeg-grey-3x2.jpg", "-grayscale", "-sample", "3x2")

    inks = Image.fromarray(photo).convert("CMYK")
    k = np.asarray(inks).copy()
    k[..., 3] = np.linspace(0, 90, w * h).reshape(h, w)
    inks = Image.fromarray(k, "CMYK")
    inks.save(case.path("jpeg-cmyk.jpg"), quality=90)
    case("jpeg-cmyk.jpg", None, mean=0.7, worst=2)
    data = open(case.path("jpeg-cmyk.jpg"), "rb").read()
    at = data.index(b"\xff\xee")
    bare = data[:at] + data[at + 2 + int.from_bytes(data[at + 2:at + 4], "big"):]
    open(case.path("jpeg-cmyk-unmarked.jpg"), "wb").write(bare)
    case("jpeg-cmyk-unmarked.jpg", None, mean=0.7, worst=2)
    inks.save(case.tmp("inks.tif"))
    for name, factor in (("444", "1x1"), ("420", "2x2"), ("422", "2x1")):
        subprocess.run(["convert", case.tmp("inks.tif"), "-quality", "90", "-sampling-factor", factor, "-strip",
                        case.path(f"jpeg-ycck-{name}.jpg")], check=True)
        case(f"jpeg-ycck-{name}.jpg", None, mean=0.7, worst=2)
    inks.save(case.path("jpeg-cmyk-progressive.jpg"), quality=90, progressive=True)
    case("jpeg-cmyk-progressive.jpg", None, mean=0.7, worst=2)

    for o in (3, 6):
        exif = Image.Exif()
        exif[274] = o
        Image.fromarray(photo).save(case.path(f"jpeg-orientation-{o}.jpg"), quality=90, exif=exif, subsampling=0)
        case(f"jpeg-orientation-{o}.jpg", None, mean=0.7, worst=2)

    # Refusals.
    plain = open(case.path("jpeg-1x1.jpg"), "rb").read()

    def error(name, data, kind, text):
        open(case.path(name), "wb").write(data)
        case.error(name, kind, text)

    frame = plain.index(b"\xff\xc0")
    error("jpeg-12bit.jpg", plain[:frame + 4] + b"\x0c" + plain[frame + 5:], "format", "samples of 12 bits")
    error("jpeg-lossless.jpg", plain[:frame + 1] + b"\xc3" + plain[frame + 2:], "format", "lossless")
    error("jpeg-hierarchical.jpg", plain[:frame + 1] + b"\xc5" + plain[frame + 2:], "format", "hierarchical")
    error("jpeg-no-height.jpg", plain[:frame + 5] + b"\0\0" + plain[frame + 7:], "format", "DNL")
    progressive = open(case.path("jpeg-progressive-1x1.jpg"), "rb").read()
    last = progressive.rindex(b"\xff\xda")
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10" + b""
    error("jpeg-many-scans.jpg", progressive[:last] + scan * 2000 + progressive[last:], "format", "more than 100 scans")
    error("jpeg-short.jpg", plain[:len(plain) * 2 // 3], "corrupt", "")
    arithmetic = open(case.path("jpeg-arithmetic-restart.jpg"), "rb").read()
    error("jpeg-restart-short.jpg", arithmetic[:len(arithmetic) // 2] + b"\xff\xd9", "corrupt", "")
    error("jpeg-huge.jpg", plain[:frame + 5] + b"\xff\xff\xff\xff" + plain[frame + 9:], "large", "65535x65535")
