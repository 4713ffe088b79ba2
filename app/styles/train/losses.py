"""What a good stylisation is, as numbers.

Owns: style targets, the perceptual loss, the stability and noise losses, the lattice and rim losses.

Style is the mean and the centred covariance of every feature layer (a Gram matrix split into its
two parts), each term divided by its mean distance from photographs to that painting, so that every
layer and every style starts at about one. Content is the squared difference of two middle layers
over their variance. Features may skip the outer 8 pixels, in which pixels that are optimised hide
texture; a network that is trained needs them, with the rim loss against that: what no loss looks at
becomes a smooth frame.

A dark photo must stay dark though every painting has one brightness: features are those of the
output, and of the photo, divided by `exposure_factor` of the photo, the same factor that the
stability loss expects when it dims a photo.
"""
from dataclasses import dataclass
from typing import Optional

import torch

import data
import network

CONTENT_LAYERS = {2: 0.4, 3: 0.6}  # conv3 at a quarter, conv4 at an eighth of the size
MEAN_WEIGHT = 0.5
CONTENT_WEIGHT = 1.1
VARIATION_WEIGHT = 1.0
LATTICE_WEIGHT = 1500.0
NOISE_WEIGHT = 0.02
RIM_WEIGHT = 0.1
POOLED_SHARE = 0.75      # style statistics of the whole batch: a crop need not have every colour
RIM = 8
LATTICE_PERIOD = 8       # pixels between the positions of the coarsest layer
NOISE_SIGMA = 2 / 255    # of the noise whose gain is held down


def luma(image):
    """[N,3,H,W] -> [N,1,H,W]"""
    return sum(weight * image[:, i:i + 1] for i, weight in enumerate(network.LUMA))


def exposure_factor(image):
    """[N,1,1,1]: how much darker than usual a painting of this photo should be; 1 for daylight."""
    return 0.35 + 0.65 * (luma(image).mean((1, 2, 3), keepdim=True) / 0.30).clamp(max=1)


@dataclass
class Goal:
    """What a batch shall look like: it is made of G groups of equal size, one after another. Each
    shall be `first`, or `1 - blend` of it and `blend` of `second`, mixed with the photo itself
    where `strength` is below one. Styles are indices into the paintings."""
    first: torch.Tensor
    second: Optional[torch.Tensor] = None
    blend: Optional[torch.Tensor] = None
    strength: Optional[torch.Tensor] = None

    @staticmethod
    def of(style):
        return Goal(torch.tensor([style]))

    def mixed(self, value):
        """`value(style)` of the group's styles, weighted like them."""
        first = value(self.first)
        if self.second is None:
            return first
        blend = self.blend.view(-1, *[1] * (first.dim() - 1))
        return (1 - blend) * first + blend * value(self.second)


def members(group_values, count):
    """[G] -> [count]: each group's value for all of its pictures."""
    return group_values[:, None].expand(-1, count // len(group_values)).reshape(-1)


class StyleTargets:
    """Feature statistics of the paintings, and the scale of every term."""

    def __init__(self, features, photos, paintings):
        with torch.no_grad():
            batches = [features(photos.crops(16, 160)) for _ in range(3)]
            photo_mean = [torch.cat([b[i][1] for b in batches]) for i in range(len(batches[0]))]
            photo_cov = [torch.cat([b[i][2] for b in batches]) for i in range(len(batches[0]))]
            self.content_variance = [torch.cat([b[i][0] for b in batches]).var()
                                     for i in range(len(batches[0]))]
            statistics = [features(p) for p in paintings]
        self.means, self.covariances, self.mean_scales, self.covariance_scales = [], [], [], []
        for i in range(len(photo_mean)):
            mean = torch.cat([s[i][1] for s in statistics])
            covariance = torch.cat([s[i][2] for s in statistics])
            self.means.append(mean)
            self.covariances.append(covariance)
            self.mean_scales.append(torch.stack(
                [((photo_mean[i] - m)**2).mean() for m in mean]))
            self.covariance_scales.append(torch.stack(
                [((photo_cov[i] - c)**2).mean() for c in covariance]))

    def distance(self, layer, mean, covariance, style):
        """[N]: the distance of statistics to those of the paintings `style` [N] in one layer."""
        mean_term = ((mean - self.means[layer][style])**2).mean(1)
        covariance_term = ((covariance - self.covariances[layer][style])**2).mean((1, 2))
        return (MEAN_WEIGHT * mean_term / self.mean_scales[layer][style] +
                covariance_term / self.covariance_scales[layer][style])

    def terms(self, style, other):
        """[T, 2]: of every term of `distance`, how far apart the paintings are, by the scale of
        `style` and by that of `other`."""
        rows = []
        for layer, (mean, covariance) in enumerate(zip(self.means, self.covariances)):
            for weight, values, scales in (
                    (MEAN_WEIGHT, mean, self.mean_scales[layer]),
                    (1.0, covariance, self.covariance_scales[layer])):
                apart = weight * ((values[style] - values[other])**2).mean()
                rows.append(torch.stack([apart / scales[style], apart / scales[other]]))
        return torch.stack(rows)

    def nearest(self, style, others):
        """The painting of `others` whose statistics are closest to those of painting `style`."""
        def total(other):
            return sum(float(self.distance(i, self.means[i][style:style + 1],
                                           self.covariances[i][style:style + 1], [other]))
                       for i in range(len(self.means)))
        return min(others, key=total)


def total_variation(x):
    return ((x[:, :, 1:] - x[:, :, :-1])**2).mean((1, 2, 3)) + (
        (x[:, :, :, 1:] - x[:, :, :, :-1])**2).mean((1, 2, 3))


def lattice_energy(x):
    """[N]: variance of the mean 8x8 cell, which is zero for anything but a lattice of that grid."""
    period = LATTICE_PERIOD
    x = x[:, :, :x.shape[2] // period * period, :x.shape[3] // period * period]
    count, channels, height, width = x.shape
    cells = x.reshape(count, channels, height // period, period, width // period, period)
    return cells.mean((2, 4)).var((2, 3), unbiased=False).mean(1)


def rim_imbalance(x):
    """Along each side of the pictures: how far the energy of gradients in three bands of RIM / 2
    pixels is from that further inside; mean squared logarithm of the ratio."""
    down, right = (x[:, :, 1:, :-1] - x[:, :, :-1, :-1]), (x[:, :, :-1, 1:] - x[:, :, :-1, :-1])
    energy, width, total = (down**2 + right**2).mean((0, 1)), RIM // 2, 0.0
    for side in (energy, energy.flip(0), energy.t(), energy.t().flip(0)):
        inwards = side.mean(1) + 1e-4
        bands = inwards[:3 * width].view(3, width).mean(1)
        total = total + (bands / inwards[2 * RIM:5 * RIM].mean().detach()).log().pow(2).mean() / 4
    return total


class PerceptualLoss:
    """Total loss per picture of a batch that shall meet a Goal. `rim`: outer pixels that features
    skip."""

    def __init__(self, features, targets, content_factors, rim=0):
        self.features, self.targets, self.rim = features, targets, rim
        self.content_factors = torch.tensor(content_factors)

    def __call__(self, photo, output, goal, pooled=True, style_weight=1.0, levels=None):
        """Returns the per-picture total and a dict of its parts. style_weight: below one at the
        start of a training from nothing. levels [S]: the loss that each style has on its own
        (None: all the same); a mix shall be as near to both in proportion to these, where else
        the styles that are met easily would yield to the others."""
        rows, columns = (slice(self.rim, size - self.rim) for size in photo.shape[2:])
        inside = (slice(None), slice(None), rows, columns)
        count, bright = len(photo), exposure_factor(photo)
        found = self.features((output / bright)[inside])
        with torch.no_grad():
            wanted = self.features((photo / bright)[inside], max(CONTENT_LAYERS) + 1, False)
        if levels is None:
            levels = torch.ones_like(self.content_factors)
        style_loss = goal.mixed(lambda style: levels[style])[:, None] * goal.mixed(
            lambda style: self._distance(found, style, pooled) / levels[style][:, None])
        style_loss = style_loss.reshape(-1)
        content = sum(weight * ((found[i][0] - wanted[i][0])**2).mean((1, 2, 3)) /
                      self.targets.content_variance[i] for i, weight in CONTENT_LAYERS.items())
        content_weight = CONTENT_WEIGHT * members(
            goal.mixed(lambda style: self.content_factors[style]), count)
        variation = total_variation(output)
        if goal.strength is None:
            total = (style_weight * style_loss + content_weight * content +
                     VARIATION_WEIGHT * variation)
        else:
            strength = members(goal.strength, count)
            total = (style_weight * strength**2 * style_loss +
                     content_weight * (1 + 1.5 * (1 - strength)) * content +
                     VARIATION_WEIGHT * strength * variation +
                     8 * (1 - strength)**2 * (photo - output).abs().mean((1, 2, 3)))
        return total, {"style": style_loss.detach(), "content": content.detach(),
                       "variation": variation.detach()}

    def _distance(self, found, style, pooled):
        """[G, N / G]: the style distance of every picture to the style [G] of its group."""
        count = len(found[0][1])
        size, total = count // len(style), 0.0
        for layer, (_, mean, covariance) in enumerate(found):
            term = self.targets.distance(layer, mean, covariance, members(style, count))
            term = term.view(len(style), size)
            if pooled and size > 1:
                second = covariance + mean[:, :, None] * mean[:, None]
                mean, second = (x.view(len(style), size, *x.shape[1:]).mean(1)
                                for x in (mean, second))
                whole = self.targets.distance(layer, mean, second - mean[:, :, None] *
                                              mean[:, None], style)
                term = (1 - POOLED_SHARE) * term + POOLED_SHARE * whole[:, None]
            total = total + term
        return total


@dataclass
class Motion:
    """How second views differ: affine maps of the crop with its surroundings, the deviation of
    the noise, the factor by which they are dimmed (each [N,...])."""
    maps: torch.Tensor
    noise: torch.Tensor
    dim: torch.Tensor

    @staticmethod
    def random(rng, count, crop, margin):
        return Motion(
            data.random_motion(rng, count, crop, margin),
            torch.tensor([rng.uniform(0, 0.04) for _ in range(count)]).view(-1, 1, 1, 1),
            torch.tensor([rng.uniform(0.2, 1.0) if rng.random() < 0.3 else 1.0
                          for _ in range(count)]).view(-1, 1, 1, 1))


class SecondViews:
    """The first photos of a batch seen again, moved, dimmed and noisy; and how far the stylised
    second views are from the stylised first ones moved and dimmed alike."""

    def __init__(self, wide, crop, margin, motion):
        """wide [N,3,crop + 2 margin, ...]: the photos with their surroundings."""
        self.crop, self.margin, self.motion = crop, margin, motion
        self.count = len(motion.maps)
        cut = (slice(None), slice(None), slice(margin, margin + crop), slice(margin, margin + crop))
        moved = data.warp(wide[:self.count], motion.maps)[cut] * motion.dim
        self.dimmed = exposure_factor(moved) / exposure_factor(wide[:self.count][cut])
        self.pictures = (moved + motion.noise * torch.randn_like(moved)).clamp(0, 1)

    def loss(self, first, second):
        """[count]. first, second: the stylised batch and the stylised views. The first is the
        target; it counts where it lies 12 pixels inside the frame, the second's own rim counts
        three times. How a dim view looks matters less than that a steady one stays steady."""
        maps, crop = self.motion.maps.clone(), self.crop
        maps[:, :, 2] *= (crop + 2 * self.margin) / crop
        inside = torch.zeros(self.count, 1, crop, crop)
        inside[:, :, 12:-12, 12:-12] = 1
        weight = torch.full((1, 1, crop, crop), 3.0)
        weight[:, :, RIM:-RIM, RIM:-RIM] = 1
        weight = (data.warp(inside, maps, "bilinear", "zeros") > 0.99).float() * weight
        target = data.warp(first[:self.count].detach(), maps) * self.dimmed
        squared = ((second - target)**2 * weight).sum((1, 2, 3))
        importance = 1 - 0.7 * (self.motion.dim < 1).float().flatten()
        return importance * squared / (3 * weight.sum((1, 2, 3)) + 1)


def noisy(photo):
    return photo + NOISE_SIGMA * torch.randn_like(photo)


def noise_gain_squared(calm, disturbed):
    """[N]: of a stylised photo and the stylised `noisy` photo."""
    return ((disturbed - calm.detach())**2).mean((1, 2, 3)) / NOISE_SIGMA**2
