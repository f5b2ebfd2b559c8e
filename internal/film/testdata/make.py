"""Writes anim.webp: a square that moves over a ground, with a frame that is partly transparent. Needs Pillow."""
from PIL import Image

frames = []
for i in range(5):
    m = Image.new("RGBA", (40, 36), (200, 100, 50, 255))
    m.paste((10, 20, 230, 255), (4 + 5 * i, 6 + 2 * i, 12 + 5 * i, 14 + 2 * i))
    if i == 3:
        m.paste((0, 0, 0, 0), (0, 30, 40, 36))
    frames.append(m)
frames[0].save("anim.webp", save_all=True, append_images=frames[1:], duration=[70, 40, 300, 50, 110], loop=3, lossless=True, exact=True, minimize_size=True)
