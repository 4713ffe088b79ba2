"""The style networks: one trunk, one row of numbers per style.

Owns: the layers, how a row of style weights becomes the parameters of every norm, and the exact
identity. Depends on kernels.py (training speed) only; `forward_plain` is the same network in plain
PyTorch, the definition that export.py writes as ONNX.

    image -> space to depth 2 -> conv N -> conv M, stride 2 -> conv W, stride 2
          -> residual blocks of W -> nearest x2, conv M -> nearest x2, conv N, plus the first
          conv's output -> conv 12 -> depth to space 2
    painting = sigmoid(that + gain * luma(image) + offset) gain, offset: 3 numbers each per style
    output   = painting * (1 - photo) + image * photo      photo: 1 for identity, 0 for a style

All convs are 3x3 with reflection padding; every one but the last has an instance norm whose gamma
and beta are rows of a table (conditional instance normalization, Dumoulin et al. 2017) and a ReLU
(none after the second norm of a block). Instance norm discards exposure: `gain` brings it back, so
dark scenes stay dark; it reads luma because the photo's hues are not the painting's. Every
per-style number is linear in the style weights, so mixes are too. ARCHITECTURES has the widths:
`live` takes 4,869 multiply-adds per pixel in its convolutions, `fine` 27,369.
"""
from dataclasses import dataclass

import torch
from torch import nn
import torch.nn.functional as F

import kernels

LUMA = (0.299, 0.587, 0.114)
SQUEEZE = 2        # space-to-depth factor
SIZE_MULTIPLE = 8  # height and width must be multiples of it


@dataclass(frozen=True)
class Architecture:
    widths: tuple  # N, M, W
    blocks: int

    def layer_plan(self):
        """(name, inputs, outputs, stride) of every conv that has a norm, in order."""
        narrow, middle, wide = self.widths
        plan = [("first", 3 * SQUEEZE**2, narrow, 1), ("down1", narrow, middle, 2),
                ("down2", middle, wide, 2)]
        for block in range(self.blocks):
            plan += [(f"block{block}a", wide, wide, 1), (f"block{block}b", wide, wide, 1)]
        return plan + [("up1", wide, middle, 1), ("up2", middle, narrow, 1)]


ARCHITECTURES = {"live": Architecture((12, 24, 48), 4), "fine": Architecture((32, 64, 96), 6)}


def per_channel(values):
    """[N,C] -> [N,C,1,1]"""
    return values[:, :, None, None]


class StyleNetwork(nn.Module):
    """Image [N,3,H,W] in 0..1 and style weights [N,S] -> image in 0..1. Style 0 is identity."""

    def __init__(self, style_count, pack):
        """pack: a key of ARCHITECTURES."""
        super().__init__()
        self.style_count, self.pack = style_count, pack
        self.architecture = ARCHITECTURES[pack]
        self.plan = self.architecture.layer_plan()
        self.widths = [outputs for _, _, outputs, _ in self.plan]
        self.convs = nn.ParameterList()
        for _, inputs, outputs, _ in self.plan:
            weight = torch.randn(outputs, inputs, 3, 3) * (2 / (9 * inputs))**0.5
            self.convs.append(nn.Parameter(kernels.channels_last(weight)))
        last_inputs, last_outputs = self.architecture.widths[0], 3 * SQUEEZE**2
        last = torch.randn(last_outputs, last_inputs, 3, 3) * 0.5 * (1 / (9 * last_inputs))**0.5
        self.last = nn.Parameter(kernels.channels_last(last))
        self.last_bias = nn.Parameter(torch.zeros(last_outputs))
        # The second norm of a block starts small: a block begins close to doing nothing.
        gamma = torch.cat([torch.full((outputs,), 0.3 if name.endswith("b") else 1.0)
                           for name, _, outputs, _ in self.plan])
        noise = 0.02 * torch.randn(2, style_count, gamma.numel())
        self.gamma = nn.Parameter(gamma + noise[0])
        self.beta = nn.Parameter(noise[1])
        self.gain = nn.Parameter(torch.full((style_count, 3), 2.0))
        self.offset = nn.Parameter(torch.full((style_count, 3), -0.9))
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1).repeat(3, 1, 1, 1))
        photo = torch.zeros(style_count, 1)
        photo[0] = 1
        self.register_buffer("photo", photo)

    STYLE_TABLES = ("gamma", "beta", "gain", "offset")

    def style_parameters(self, style):
        """Style weights [N,S] -> per layer (gamma, beta), then gain, offset, photo."""
        gammas = torch.split(style @ self.gamma, self.widths, 1)
        betas = torch.split(style @ self.beta, self.widths, 1)
        return (list(zip(gammas, betas)), style @ self.gain, style @ self.offset,
                style @ self.photo)

    def last_layer(self):
        """(weight, bias) of the last conv: the parameters less what would paint a lattice of two
        pixels on flat areas. All SQUEEZE x SQUEEZE phases of a colour answer flat features alike
        when their taps have the same sum."""
        phases = self.last.view(3, SQUEEZE**2, *self.last.shape[1:])
        taps = phases.mean((3, 4), keepdim=True)
        weight = (phases - taps + taps.mean(1, keepdim=True)).flatten(0, 1)
        bias = self.last_bias.view(3, -1).mean(1).repeat_interleave(SQUEEZE**2)
        return kernels.channels_last(weight), bias

    def _finish(self, image, x, gain, offset, photo):
        luma = F.conv2d(image, self.luma)
        logits = F.pixel_shuffle(x, SQUEEZE) + per_channel(gain) * luma + per_channel(offset)
        return torch.sigmoid(logits) * (1 - per_channel(photo)) + image * per_channel(photo)

    def forward(self, image, style):
        norms, gain, offset, photo = self.style_parameters(style)
        layers = iter(zip(self.convs, norms, self.plan))

        def layer(x, residual=None, relu=True, up=1):
            weight, (gamma, beta), (_, _, _, stride) = next(layers)
            return kernels.style_norm(F.conv2d(x, weight, stride=stride), gamma, beta, residual,
                                      relu, up)

        x = kernels.channels_last(kernels.pad(F.pixel_unshuffle(image, SQUEEZE)))
        first = layer(x)
        x = layer(layer(first))
        for block in range(self.architecture.blocks):
            up = 2 if block == self.architecture.blocks - 1 else 1
            x = layer(layer(x), x, relu=False, up=up)
        x = layer(layer(x, up=2), first)
        return self._finish(image, F.conv2d(x, *self.last_layer()), gain, offset, photo)

    def forward_plain(self, image, style):
        norms, gain, offset, photo = self.style_parameters(style)
        layers = iter(zip(self.convs, norms, self.plan))

        def layer(x, relu=True):
            weight, (gamma, beta), (_, _, _, stride) = next(layers)
            x = F.conv2d(kernels.pad(x), weight, stride=stride)
            x = F.instance_norm(x, eps=kernels.EPSILON)
            x = x * per_channel(gamma) + per_channel(beta)
            return F.relu(x) if relu else x

        def upsample(x):
            return F.interpolate(x, scale_factor=2, mode="nearest")

        first = layer(F.pixel_unshuffle(image, SQUEEZE))
        x = layer(layer(first))
        for _ in range(self.architecture.blocks):
            x = x + layer(layer(x), relu=False)
        x = layer(upsample(layer(upsample(x)))) + first
        return self._finish(image, F.conv2d(kernels.pad(x), *self.last_layer()), gain, offset,
                            photo)

    def macs_per_pixel(self):
        """Multiply-adds of the convolutions per pixel of the image."""
        scale, total = 1 / SQUEEZE**2, 0.0
        for name, inputs, outputs, stride in self.plan:
            scale *= 4.0 if name.startswith("up") else 1 / stride**2
            total += 9 * inputs * outputs * scale
        return total + 9 * self.architecture.widths[0] * 3 + self.luma.numel()
