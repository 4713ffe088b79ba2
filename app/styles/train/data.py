"""Photographs, paintings and motion for training and evaluation.

Owns: reading pictures, the split into training and held-out photos, random crops, the catalogue of
styles, and exact affine motion. Pictures are [1,3,H,W] float32 in 0..1.
"""
import glob
import json
import math
import os
import random

import numpy as np
from PIL import Image
import torch
import torch.nn.functional as F

HELD_OUT = 26
SHORT_SIDES = (192, 320)  # of the photos that crops are cut from
DEFAULT_SIZE = 352       # short side of a painting unless the catalogue says otherwise


def read_picture(path, short_side=None, long_side=None, box=None):
    """A picture, cropped to `box` (left, top, right, bottom as fractions), then resized."""
    picture = Image.open(path).convert("RGB")
    if box:
        picture = picture.crop([round(f * s) for f, s in zip(box, picture.size * 2)])
    width, height = picture.size
    scale = 1.0
    if short_side:
        scale = short_side / min(width, height)
    elif long_side:
        scale = long_side / max(width, height)
    if scale != 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = picture.resize(size, Image.LANCZOS if scale < 1 else Image.BICUBIC)
    return picture


def to_tensor(picture):
    array = np.asarray(picture, np.float32).transpose(2, 0, 1) / 255
    return torch.from_numpy(array.copy())[None]


def to_picture(tensor):
    array = tensor.detach().clamp(0, 1).numpy().transpose(1, 2, 0)
    return Image.fromarray((array * 255 + 0.5).astype(np.uint8))


def crop_to_multiple(tensor, multiple=8):
    height, width = tensor.shape[2] // multiple * multiple, tensor.shape[3] // multiple * multiple
    return tensor[:, :, :height, :width].contiguous()


def center_square(path, size):
    picture = to_tensor(read_picture(path, short_side=size))
    top, left = (picture.shape[2] - size) // 2, (picture.shape[3] - size) // 2
    return picture[:, :, top:top + size, left:left + size].contiguous()


def photo_paths(folder):
    """(training, held out): the same split on every machine."""
    paths = sorted(glob.glob(os.path.join(folder, "*.jpg")))
    held_out = random.Random(7).sample(paths, min(HELD_OUT, len(paths) // 4))
    return [p for p in paths if p not in set(held_out)], held_out


def read_catalogue(path):
    """The styles of a pack: dicts with name, file, painter, title, year and, optional, size (short
    side in pixels: a larger one makes larger strokes), content and stability (weight factors), box.
    """
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_painting(folder, style):
    path = os.path.join(folder, style["file"])
    return to_tensor(read_picture(path, short_side=style.get("size", DEFAULT_SIZE),
                                  box=style.get("box")))


class Photos:
    """Random crops of photos, which lie scaled to several short sides in one vector of bytes."""

    def __init__(self, paths, seed):
        self.random = random.Random(seed)
        self.places, planes, start = [], [], 0  # (first byte, height, width)
        for path in paths:
            short = min(Image.open(path).size)
            for size in SHORT_SIDES:
                if size <= short * 1.15:
                    picture = np.asarray(read_picture(path, short_side=size)).transpose(2, 0, 1)
                    self.places.append((start, *picture.shape[1:]))
                    planes.append(picture.reshape(-1))
                    start += picture.size
        self.bytes = torch.from_numpy(np.concatenate(planes))

    def _draw(self, size):
        """(byte of the crop's first pixel, bytes per row, per plane, step to the right)."""
        while True:
            start, height, width = self.random.choice(self.places)
            if min(height, width) >= size:
                break
        top, left = self.random.randint(0, height - size), self.random.randint(0, width - size)
        mirrored = self.random.random() < 0.5
        first = start + top * width + left + (size - 1 if mirrored else 0)
        return first, width, height * width, -1 if mirrored else 1

    def crops(self, count, size, soften=False):
        """[count,3,size,size]. soften: some crops get a defocused part, because flat areas are
        where a network's own lattice shows."""
        draws = torch.tensor([self._draw(size) for _ in range(count)])
        first, row, plane, step = (column.view(-1, 1, 1, 1) for column in draws.unbind(1))
        axis, channel = torch.arange(size), torch.arange(3).view(1, 3, 1, 1)
        index = first + channel * plane + axis.view(1, 1, -1, 1) * row + axis * step
        x = self.bytes[index].float().div_(255)
        for i in range(count if soften else 0):
            if self.random.random() < 0.15:
                x[i] = self._soften(x[i])
        return x

    def _soften(self, image):
        size = image.shape[-1]
        small = F.interpolate(image[None], size=(6, 6), mode="area")
        smooth = F.interpolate(small, size=(size, size), mode="bicubic", align_corners=True)[0]
        axis = torch.linspace(-1, 1, size)
        angle = self.random.uniform(0, 2 * math.pi)
        side = math.cos(angle) * axis[None] + math.sin(angle) * axis[:, None]
        blend = torch.sigmoid(12 * (side + self.random.uniform(-0.6, 0.6)))
        return image + (smooth.clamp(0, 1) - image) * blend


def calibration_photos(paths):
    """What feature scales and style targets are measured on."""
    return Photos(paths[:96], 99)


def random_motion(rng, count, crop, margin):
    """Affine maps for `warp` about the centre of a (crop + 2 margin) square: half small camera
    motion, half large shifts, which punish patterns that are locked to image positions."""
    maps = []
    for _ in range(count):
        shift = margin - 2.0 if rng.random() < 0.5 else 6.0
        zoom, angle = 1 + rng.uniform(-0.05, 0.05), math.radians(rng.uniform(-3, 3))
        if rng.random() < 0.3:
            zoom, angle = 1.0, 0.0
        x, y = (rng.uniform(-shift, shift) * 2 / (crop + 2 * margin) for _ in range(2))
        cosine, sine = zoom * math.cos(angle), zoom * math.sin(angle)
        maps.append([[cosine, -sine, x], [sine, cosine, y]])
    return torch.tensor(maps)


def warp(x, maps, mode="bicubic", padding="reflection"):
    grid = F.affine_grid(maps, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode=mode, padding_mode=padding, align_corners=False)
