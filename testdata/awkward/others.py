"""PNG, GIF and WebP files for make.py, and files that are no pictures."""

import io
import struct
import subprocess
import zlib

import numpy as np
from PIL import Image, PngImagePlugin


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make(case, photo, tmp):
    h, w, _ = photo.shape

    def put(name, data, want=None, **more):
        open(case.path(name), "wb").write(data)
        case(name, want, **more)

    def error(name, data, kind, text):
        open(case.path(name), "wb").write(data)
        case.error(name, kind, text)

    # PNG.
    plain = encode(photo, "PNG")
    head, rest = plain[:33], plain[33:]
    exif = Image.Exif()
    exif[274] = 6
    block = exif.tobytes()
    digits = "\nexif\n%8d\n" % len(block) + "\n".join(block.hex()[i:i + 72] for i in range(0, len(block.hex()), 72)) + "\n"
    turned = np.rot90(photo, -1)
    put("png-exif-ztxt.png", head + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(digits.encode())) + rest, turned, notes="turned upright")
    put("png-exif-app1-text.png", head + chunk(b"tEXt", b"Raw profile type APP1\0" + digits.replace("exif", "generic").encode()) + rest, turned)
    put("png-exif-chunk.png", head + chunk(b"eXIf", block.removeprefix(b"Exif\0\0")) + rest, turned)
    put("png-no-end.png", plain[:-12], photo)
    put("png-after-end.png", plain + b"some words", photo)
    deep = photo.astype(np.uint16) * 257
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    ihdr = struct.pack(">IIBBBBB", w, h, 16, 2, 0, 0, 0)
    sixteen = plain[:8] + chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    put("png-16.png", sixteen, photo, notes="16 bits")
    grey = np.asarray(Image.fromarray(photo).convert("L"))
    put("png-1bit.png", encode(grey > 110, "PNG"), (grey > 110) * 255)
    clear = Image.fromarray(photo).quantize(32)
    clear.info["transparency"] = 3
    b = io.BytesIO()
    clear.save(b, "PNG", transparency=3)
    put("png-palette-transparent.png", b.getvalue())
    error("png-cut.png", plain[:len(plain) // 2], "corrupt", "")
    error("png-huge.png", plain[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 17000, 17000, 1, 0, 0, 0, 0)) + rest, "large", "17000x17000")
    error("png-one-row.png", encode(photo[:1], "PNG"), "small", f"{w}x1")
    error("png-wrong-sum.png", plain[:29] + b"\0\0\0\0" + rest, "corrupt", "")

    # GIF.
    palette = Image.fromarray(photo).quantize(64)
    gif = bytearray(encode(palette, "GIF"))
    put("gif-plain.gif", bytes(gif), palette.convert("RGB"))
    beyond = bytearray(gif)
    beyond[6:10] = struct.pack("<HH", 9, 9)
    put("gif-beyond-screen.gif", bytes(beyond), palette.convert("RGB"))
    frames = [Image.fromarray(np.roll(photo, i, 1)).quantize(64) for i in (0, 9)]
    b = io.BytesIO()
    frames[0].save(b, "GIF", save_all=True, append_images=frames[1:], duration=100)
    put("gif-animated.gif", b.getvalue(), frames[0].convert("RGB"), notes="first frame")
    error("gif-cut.gif", bytes(gif[:len(gif) // 2]), "corrupt", "")
    huge = bytearray(gif)
    huge[6:10] = struct.pack("<HH", 65535, 65535)
    error("gif-huge.gif", bytes(huge), "large", "65535x65535")

    # WebP.
    m = Image.fromarray(photo)
    put("webp-lossless.webp", encode(m, "WEBP", lossless=True), photo)
    put("webp-lossy.webp", encode(m, "WEBP", quality=90), None, mean=0.7, worst=2)
    alpha = np.linspace(0, 255, w * h).reshape(h, w).astype(np.uint8)
    rgba = Image.fromarray(np.dstack([photo, alpha]))
    put("webp-lossy-alpha.webp", encode(rgba, "WEBP", quality=90), None, mean=0.7, worst=2)
    others = [Image.fromarray(np.roll(photo, i, 0)) for i in (5, 11)]
    put("webp-animated.webp", encode(m, "WEBP", save_all=True, append_images=others, lossless=True, duration=80), photo, notes="first frame")
    put("webp-animated-lossy.webp", encode(m, "WEBP", save_all=True, append_images=others, quality=90, duration=80), None, mean=0.7, worst=2)
    clear = [Image.fromarray(np.dstack([np.roll(photo, i, 0), alpha])) for i in (0, 7)]
    put("webp-animated-alpha.webp", encode(clear[0], "WEBP", save_all=True, append_images=clear[1:], quality=90, duration=80), None, mean=0.7, worst=2)
    put("webp-animated-offset.webp", offset_animation(m), on_white(photo))
    put("webp-exif.webp", encode(m, "WEBP", lossless=True, exif=exif), turned)
    still = encode(m, "WEBP", lossless=True)
    error("webp-cut.webp", still[:len(still) // 2], "corrupt", "")
    b = bytearray(encode(rgba, "WEBP", quality=90))
    b[24:30] = b"\xff\x3f\0\xff\x3f\0"
    error("webp-huge.webp", bytes(b), "large", "16384x16384")
    b = bytearray(encode(m, "WEBP", save_all=True, append_images=others, lossless=True))
    error("webp-animated-no-frame.webp", bytes(b[:44]), "corrupt", "without a frame")

    # No pictures, or of formats that are not read.
    error("no-data.jpg", b"", "corrupt", "no data")
    error("web-page.jpg", b"<!DOCTYPE html><html>Not found</html>", "format", "web page")
    error("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format", "SVG")
    error("text.bmp", b"BMW was founded in 1916 in Munich.", "format", "")
    error("jpeg-2000.jp2", encode(m, "JPEG2000")[:200], "format", "JPEG 2000")
    error("photoshop.psd", b"8BPS\0\1" + bytes(40), "format", "Photoshop")
    Image.fromarray(photo).save(case.tmp("photo.png"))
    for name, options in {"heic.heic": [], "avif.avif": ["-A"]}.items():
        subprocess.run(["heif-enc", *options, "-q", "90", case.tmp("photo.png"), "-o", case.path(name)], check=True, stdout=subprocess.DEVNULL)
        case.error(name, "format", name[:4].upper())
    error("jpeg-xl.jxl", b"\xff\x0a" + bytes(30), "format", "JPEG XL")
    error("netpbm.ppm", b"P6\n3 3\n255\n" + bytes(27), "format", "netpbm")
    error("olympus.orf", b"IIRO\x08\0\0\0" + bytes(40), "format", "camera raw")


def on_white(photo):
    h, w, _ = photo.shape
    whole = np.full((h + 6, w + 10, 3), 255, np.uint8)
    whole[4:4 + h, 8:8 + w] = photo
    return whole


def offset_animation(m):
    """offset_animation is an animation whose only frame is smaller than the screen."""
    w, h = m.size
    frame = encode(m, "WEBP", lossless=True)[12:]
    three = lambda v: struct.pack("<I", v)[:3]
    body = three(4) + three(2) + three(w - 1) + three(h - 1) + three(100) + b"\0" + frame
    riff = lambda kind, b: kind + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2)
    out = riff(b"VP8X", b"\x02\0\0\0" + three(w + 9) + three(h + 5)) + riff(b"ANIM", bytes(6)) + riff(b"ANMF", body)
    return riff(b"RIFF", b"WEBP" + out)


def encode(m, format, **options):
    if isinstance(m, np.ndarray):
        m = Image.fromarray(m)
    b = io.BytesIO()
    m.save(b, format, **options)
    return b.getvalue()
