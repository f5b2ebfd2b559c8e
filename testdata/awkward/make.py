"""Makes the awkward pictures of this folder and what they should look like.

Needs Pillow, NumPy, tifffile and imagecodecs, ImageMagick (convert), libtiff's tiffcp,
libjpeg-turbo's cjpeg and jpegtran, and cwebp with webpmux, and
libheif's heif-enc. The expected pixels are those of
Pillow and LittleCMS, turned upright, converted to sRGB and flattened on white, or those that
the file was made from.
"""

import hashlib
import io
import pathlib
import shutil
import sys
import tempfile

import numpy as np
from PIL import Image, ImageCms, ImageOps

import tiffs

HERE = pathlib.Path(__file__).parent


def photo(w=35, h=27):
    """photo draws smooth colours, edges and a little noise."""
    y, x = np.mgrid[0:h, 0:w]
    r = 128 + 110 * np.sin(x / 7) * np.cos(y / 9)
    g = 255 * y / (h - 1)
    b = 128 + 100 * np.cos((x + y) / 13)
    m = np.dstack([r, g, b])
    m[h // 4:h // 2, w // 5:w // 2] = (230, 40, 30)
    m[h // 2:3 * h // 4, w // 2:4 * w // 5] = (20, 60, 220)
    m[h // 3:2 * h // 3, 3 * w // 4:] = (250, 250, 245)
    m += np.random.default_rng(7).normal(0, 2, m.shape)
    return np.clip(m, 0, 255).round().astype(np.uint8)


class Cases:
    """Cases collects the files and the table of what is expected of them."""

    def __init__(self, tmp):
        self.rows, self.folder, self.pictures = {}, pathlib.Path(tmp), {}

    def path(self, name):
        return str(HERE / name)

    def tmp(self, name):
        return str(self.folder / name)

    def __call__(self, name, want=None, mean=0.02, worst=1, notes=""):
        """Expects pixels: those of an array of levels, or of Pillow."""
        if want is None:
            want = oracle(self.path(name))
        want = np.asarray(want, np.float64)
        if want.ndim == 2:
            want = np.repeat(want[..., None], 3, 2)
        pixels = np.clip(want, 0, 255).round().astype(np.uint8)
        digest = hashlib.sha256(pixels.tobytes() + str(pixels.shape).encode()).hexdigest()[:8]
        self.pictures[digest] = pixels
        self.rows[name] = ("pixels", digest + ".png", mean, worst, notes)

    def compare_with_pillow(self, name, want):
        """Says where Pillow reads something else than what the file was made from."""
        try:
            got = oracle(self.path(name))
        except Exception as err:
            print(f"{name}: Pillow does not read it: {err}")
            return
        want = np.asarray(want, np.float64)
        if want.ndim == 2:
            want = np.repeat(want[..., None], 3, 2)
        if got.shape != want.shape or abs(got - want).mean() > 1:
            print(f"{name}: Pillow reads something else")

    def want_like(self, name, other):
        self.rows[name] = self.rows[other]

    def error(self, name, kind, text):
        """Expects an error of a kind (format, corrupt, small, large) with a text in it."""
        self.rows[name] = ("error", kind, 0, 0, text)

    def convert_lab(self, pixels):
        lab = ImageCms.profileToProfile(Image.fromarray(pixels), ImageCms.createProfile("sRGB"),
                                        ImageCms.createProfile("LAB", 5000), outputMode="LAB")
        lab.info.pop("icc_profile", None)  # holds the time
        lab.save(self.tmp("lab.tif"))
        return self.tmp("lab.tif")

    def convert_from_lab(self, lab):
        return ImageCms.profileToProfile(lab, ImageCms.createProfile("LAB", 5000), ImageCms.createProfile("sRGB"),
                                         outputMode="RGB", flags=ImageCms.Flags.NOOPTIMIZE)

    def picture_1bit(self, name, bits):
        Image.fromarray(bits).save(self.path(name), compression="group4")
        self(name, bits * 255)

    def save(self):
        want = HERE / "want"
        shutil.rmtree(want, ignore_errors=True)
        want.mkdir()
        used = {row[1] for row in self.rows.values()}
        for digest, pixels in self.pictures.items():
            if digest + ".png" in used:
                m = Image.fromarray(pixels)
                if (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all():
                    m = m.convert("L")
                m.save(want / (digest + ".png"), optimize=True)
        lines = ["# file\tpixels or error\texpected picture or kind of error\tmean difference\tlargest difference\ttext"]
        lines += ["\t".join([name] + [str(v) for v in row]) for name, row in sorted(self.rows.items())]
        (HERE / "table.tsv").write_text("\n".join(lines) + "\n")
        names = set(self.rows)
        for f in HERE.iterdir():
            if f.is_file() and f.suffix not in (".py", ".tsv", ".md", ".go") and f.name not in names:
                f.unlink()


def oracle(path):
    """oracle reads a picture with Pillow and LittleCMS."""
    m = Image.open(path)
    m.load()
    icc = m.info.get("icc_profile")
    m = ImageOps.exif_transpose(m)
    alpha = None
    if m.mode in ("LA", "RGBA", "PA") or "transparency" in m.info:
        m = m.convert("RGBA")
        alpha = m.getchannel("A")
        m = m.convert("RGB")
    if icc:
        m = ImageCms.profileToProfile(m, ImageCms.ImageCmsProfile(io.BytesIO(icc)),
                                      ImageCms.createProfile("sRGB"), outputMode="RGB",
                                      flags=ImageCms.Flags.NOOPTIMIZE)  # which would interpolate twice
    m = np.asarray(m.convert("RGB"), np.float64)
    if alpha is not None:
        a = np.asarray(alpha, np.float64)[..., None] / 255
        m = m * a + 255 * (1 - a)
    return m


def main():
    import importlib
    with tempfile.TemporaryDirectory() as tmp:
        case = Cases(tmp)
        for module in ("tiffs", "bmps", "jpegs", "others", "profiles"):
            if (HERE / (module + ".py")).exists():
                importlib.import_module(module).make(case, photo(), tmp)
        case.save()


if __name__ == "__main__":
    main()
