"""What a good stylisation is, as numbers.

Owns: style targets, the perceptual loss, the stability loss and the lattice loss.

Style is the mean and the centred covariance of every feature layer (a Gram matrix split into its
two parts), each term divided by its mean distance from photographs to that painting, so that every
layer and every style starts at about one. Content is the squared difference of two middle layers
over their variance. Features skip the outer 8 pixels, or the network hides texture in the rim.

A dark photo must stay dark though every painting has one brightness: style is measured on the
output divided by `exposure_factor` of the photo, the same factor that the stability loss expects
when it dims a photo.
"""
import torch

import data
import network

CONTENT_LAYERS = {2: 0.4, 3: 0.6}  # conv3 at a quarter, conv4 at an eighth of the size
MEAN_WEIGHT = 0.5
CONTENT_WEIGHT = 1.1
VARIATION_WEIGHT = 1.0
LATTICE_WEIGHT = 300.0
POOLED_SHARE = 0.75      # style statistics of the whole batch: a crop need not have every colour
RIM = 8
LATTICE_PERIOD = 8       # pixels between the positions of the coarsest layer
LUMA = torch.tensor(network.LUMA).view(1, 3, 1, 1)


def exposure_factor(image):
    """[N]: how much darker than usual a painting of this photo should be; 1 for daylight."""
    luma = (image * LUMA).sum(1).mean((1, 2))
    return 0.35 + 0.65 * (luma / 0.30).clamp(max=1)


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
        """[N]: the distance of statistics to those of painting `style` in one layer."""
        mean_term = ((mean - self.means[layer][style])**2).mean(1)
        covariance_term = ((covariance - self.covariances[layer][style])**2).mean((1, 2))
        return (MEAN_WEIGHT * mean_term / self.mean_scales[layer][style] +
                covariance_term / self.covariance_scales[layer][style])

    def nearest(self, style, others):
        """The painting of `others` whose statistics are closest to those of painting `style`."""
        def total(other):
            return sum(float(self.distance(i, self.means[i][style:style + 1],
                                           self.covariances[i][style:style + 1], other))
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


class PerceptualLoss:
    """Total loss per picture for a batch of one style (an index into the paintings)."""

    def __init__(self, features, targets, content_factors):
        self.features, self.targets = features, targets
        self.content_factors = content_factors
        self.style_weight = 1.0  # below one at the start of a training from nothing

    def __call__(self, photo, output, style, strength=1.0, pooled=True):
        """strength < 1: the output is a mix with identity. Returns the per-picture total and a
        dict of its parts."""
        inside = (slice(None), slice(None), slice(RIM, -RIM), slice(RIM, -RIM))
        found = self.features(output[inside])
        bright = exposure_factor(photo)
        dark = bool((bright < 0.97).any())
        measured = self.features((output / bright.view(-1, 1, 1, 1))[inside]) if dark else found
        with torch.no_grad():
            wanted = self.features(photo[inside], max(CONTENT_LAYERS) + 1, False)
        style_terms = []
        for i, (_, mean, covariance) in enumerate(measured):
            term = self.targets.distance(i, mean, covariance, style)
            if pooled and len(mean) > 1:
                pooled_mean = mean.mean(0, True)
                second = (covariance + mean[:, :, None] * mean[:, None]).mean(0, True)
                pooled_cov = second - pooled_mean[:, :, None] * pooled_mean[:, None]
                term = (1 - POOLED_SHARE) * term + POOLED_SHARE * self.targets.distance(
                    i, pooled_mean, pooled_cov, style)
            style_terms.append(term)
        style_loss = torch.stack(style_terms).sum(0)
        content = sum(weight * ((found[i][0] - wanted[i][0])**2).mean((1, 2, 3)) /
                      self.targets.content_variance[i] for i, weight in CONTENT_LAYERS.items())
        variation = total_variation(output)
        content_weight = (CONTENT_WEIGHT * self.content_factors[style] *
                          (1 + 1.5 * (1 - strength)))
        total = (self.style_weight * strength**2 * style_loss + content_weight * content +
                 VARIATION_WEIGHT * strength * variation)
        if strength < 1:
            total = total + 8 * (1 - strength)**2 * (photo - output).abs().mean((1, 2, 3))
        return total, {"style": style_loss.detach(), "content": content.detach(),
                       "variation": variation.detach()}


class StabilityPair:
    """A second view of some photos of a batch: moved, dimmed, noisy; and how far the stylised
    second view is from the stylised first one moved and dimmed alike."""

    def __init__(self, rng, wide, crop, margin, count):
        """wide [N,3,crop + 2 margin, ...]: the photos with their surroundings."""
        self.crop, self.margin, self.count = crop, margin, count
        self.maps = data.random_motion(rng, count, crop, margin)
        noise = torch.tensor([rng.uniform(0, 0.04) for _ in range(count)]).view(-1, 1, 1, 1)
        dim = torch.tensor([rng.uniform(0.2, 1.0) if rng.random() < 0.3 else 1.0
                            for _ in range(count)]).view(-1, 1, 1, 1)
        # How a dim view looks matters less than that a steady one stays steady.
        self.importance = torch.where(dim < 1, 0.3, 1.0).flatten()
        moved = data.warp(wide[:count], self.maps)
        moved = moved[:, :, margin:margin + crop, margin:margin + crop] * dim
        first = wide[:count, :, margin:margin + crop, margin:margin + crop]
        self.dimmed = (exposure_factor(moved) / exposure_factor(first)).view(-1, 1, 1, 1)
        self.view = (moved + noise * torch.randn_like(moved)).clamp(0, 1)

    def loss(self, first, second):
        """first, second: the stylised batch and the stylised views. The first is the target; it
        counts where it lies 12 pixels inside the frame, the second's own rim counts three times."""
        maps = self.maps.clone()
        maps[:, :, 2] *= (self.crop + 2 * self.margin) / self.crop
        crop = self.crop
        inside = torch.zeros(self.count, 1, crop, crop)
        inside[:, :, 12:-12, 12:-12] = 1
        weight = torch.full((1, 1, crop, crop), 3.0)
        weight[:, :, RIM:-RIM, RIM:-RIM] = 1
        weight = (data.warp(inside, maps, "bilinear", "zeros") > 0.99).float() * weight
        target = data.warp(first[:self.count].detach(), maps) * self.dimmed
        squared = ((second - target)**2 * weight).sum((1, 2, 3))
        return self.importance * squared / (3 * weight.sum((1, 2, 3)) + 1)
