"""Measures of a stylisation, each a plain function of pictures [1,3,H,W] in 0..1.

Owns: what the columns of evaluate.py's table mean. Depends on data.py (motion) and losses.py
(luma, the noise whose gain counts).
"""
import math

import torch
import torch.nn.functional as F

import data
from losses import NOISE_SIGMA, luma

FRAME, SURROUNDINGS, STEPS = 256, 64, 3  # stability: frame side, margin, frames per motion
STRIDE_PERIOD = 8


def psnr(a, b):
    return -10 * math.log10(max(float(((a - b)**2).mean()), 1e-12))


def rmse(a, b):
    return float(((a - b)**2).mean().sqrt())


def gradient_magnitude(x):
    y = luma(x)
    dx, dy = y[:, :, :-1, 1:] - y[:, :, :-1, :-1], y[:, :, 1:, :-1] - y[:, :, :-1, :-1]
    return (dx**2 + dy**2 + 1e-12).sqrt()


def sharpness(x):
    """Mean luma gradient."""
    return float(gradient_magnitude(x).mean())


def gradient_ssim(photo, output):
    """SSIM (8x8 means) of luma gradient magnitudes, each scaled to a mean square of 0.01: do the
    photo's edges survive, whatever their contrast."""
    a, b = (g * 0.1 / (g**2).mean().sqrt() for g in map(gradient_magnitude, (photo, output)))
    mean_a, mean_b = F.avg_pool2d(a, 8, 4), F.avg_pool2d(b, 8, 4)
    var_a = F.avg_pool2d(a * a, 8, 4) - mean_a**2
    var_b = F.avg_pool2d(b * b, 8, 4) - mean_b**2
    covariance = F.avg_pool2d(a * b, 8, 4) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    return float((((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) /
                  ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def mix_bound(terms, own, rest):
    """The least that the larger of two ratios, of a mix's total loss to each of two styles over the
    style's own, can be for any picture, if it loses `rest` (content, variation) as each style does:
    with every statistic of its features where it suits both best, which is on the line between the
    paintings. terms: StyleTargets.terms; own, rest: pairs. By duality it is the largest, over
    weights of the ratios, of the least weighted sum, which is known term by term."""
    best = 0.0
    for weight in torch.linspace(0.01, 0.99, 99):
        first, second = weight * terms[:, 0] / own[0], (1 - weight) * terms[:, 1] / own[1]
        least = (first * second / (first + second)).sum()
        best = max(best, float(least + weight * rest[0] / own[0] + (1 - weight) * rest[1] / own[1]))
    return best


def lattice_ratio(pictures, size=256):
    """Mean over the frequencies that are multiples of 1/8 cycle per pixel (DC aside) of the power
    there over the median power around. About one to two for anything without a lattice."""
    window = torch.hann_window(size, periodic=True)
    power = torch.zeros(size, size)
    for x in pictures:
        y = luma(x)[0, 0]
        for top in range(0, y.shape[0] - size + 1, size):
            for left in range(0, y.shape[1] - size + 1, size):
                tile = y[top:top + size, left:left + size]
                tile = (tile - tile.mean()) * window[:, None] * window[None]
                power += torch.fft.fft2(tile).abs()**2
    step, ratios = size // STRIDE_PERIOD, []
    for v in range(0, size, step):
        for u in range(0, size // 2 + 1, step):
            if (u, v) != (0, 0):
                around = torch.roll(power, (6 - v, 6 - u), (0, 1))[:13, :13]
                peak = around[5:8, 5:8].mean()
                ratios.append(float(peak / around.flatten().median()))
    return sum(ratios) / len(ratios)


def clipped_share(photo, output):
    """Share of pixels that the output has black or white and the photo has not."""
    def extreme(x, margin):
        y = luma(x)
        return (y < margin) | (y > 1 - margin)
    return float((extreme(output, 0.01) & ~extreme(photo, 0.04)).float().mean())


def rim_ratio(pairs, rim=8):
    """How much finer or flatter than the rest the outer pixels are painted: energy of gradients in
    the outer `rim` pixels over that from 2 to 5 times as far in, over the photo's own; geometric
    mean over (photo, output) pairs."""
    def ratio(x):
        energy = gradient_magnitude(x)[0, 0]**2
        sides = sum(side.mean(1) for side in (energy, energy.flip(0), energy.t(),
                                              energy.t().flip(0)))
        return math.log(sides[:rim].mean() / sides[2 * rim:5 * rim].mean())
    return math.exp(sum(ratio(output) - ratio(photo) for photo, output in pairs) / len(pairs))


def _motions():
    """name -> list of affine maps of one camera motion, about the centre of the wide picture."""
    wide = FRAME + 2 * SURROUNDINGS
    steps = range(STEPS + 1)

    def turn(angle):
        cosine, sine = math.cos(angle), math.sin(angle)
        return [[cosine, -sine, 0.0], [sine, cosine, 0.0]]

    return {
        "pan": [[[1.0, 0.0, 2 * 1.37 * t / wide], [0.0, 1.0, 2 * 0.61 * t / wide]] for t in steps],
        "zoom": [[[1 - 0.012 * t, 0.0, 0.0], [0.0, 1 - 0.012 * t, 0.0]] for t in steps],
        "rotation": [turn(0.009 * t) for t in steps],
    }


def _relative(first, second):
    """The map that takes the first frame to the second, in the frame's own coordinates."""
    rows = [torch.cat([torch.tensor(m), torch.tensor([[0.0, 0.0, 1.0]])]) for m in (first, second)]
    relative = (torch.linalg.inv(rows[0]) @ rows[1])[:2]
    relative[:, 2] *= (FRAME + 2 * SURROUNDINGS) / FRAME
    return relative[None]


def stability(stylise, wide_pictures):
    """(warping error, noise gain) of `stylise` on pictures of FRAME + 2 SURROUNDINGS a side.

    Warping error: root mean square over pans, zooms and rotations of the difference between a
    stylised frame and the previous one moved along the exact motion. Noise gain: output RMSE over
    input RMSE for Gaussian noise of 2/255."""
    inner = (slice(None), slice(None), slice(16, -16), slice(16, -16))
    cut = (slice(None), slice(None), slice(SURROUNDINGS, -SURROUNDINGS),
           slice(SURROUNDINGS, -SURROUNDINGS))
    squares, gains = [], []
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for wide in wide_pictures:
            for maps in _motions().values():
                frames = [data.warp(wide, torch.tensor(m)[None])[cut].clamp(0, 1) for m in maps]
                outputs = [stylise(frame.contiguous()) for frame in frames]
                for t in range(1, len(maps)):
                    moved = data.warp(outputs[t - 1], _relative(maps[t - 1], maps[t]))
                    squares.append(float(((moved - outputs[t])[inner]**2).mean()))
            still = (wide[cut] * 0.9 + 0.05).contiguous()
            noise = NOISE_SIGMA * torch.randn(still.shape, generator=generator)
            gains.append(rmse(stylise(still + noise), stylise(still)) / rmse(noise, 0 * noise))
    return math.sqrt(sum(squares) / len(squares)), sum(gains) / len(gains)
