"""Trains a pack of styles: one trunk and a row of numbers per style.

    python3 train.py --photos DIR --paintings DIR --features FILE.npz --out DIR --minutes 180

Everything that a style needs is in the catalogue (--styles, catalogue.json). The run writes
DIR/checkpoint.pt every three minutes and goes on from it when started again with the same --out;
--start-from takes the trunk, and the rows of styles that both have, from another checkpoint.
Photos named by data.photo_paths as held out are never shown. Export with export.py.
"""
import argparse
import math
import os
import random
import time

import torch

import checkpoint
import data
import features
import losses
from network import StyleNetwork

# From this share of the time on: crop size, batch, second views for stability, margin for motion.
PHASES = ((0.0, 128, 4, 2, 40), (0.55, 192, 2, 1, 40))
CLIP_NORM = 5.0
LEARNING_RATE_END = 5e-5
WARM_UP = 300            # iterations
STYLE_RAMP = 1500        # iterations over which the style weight grows, when started from nothing
AVERAGE_RATE = 0.002     # of the exponential moving average of the parameters
IDENTITY_MIX_SHARE = 0.12
CHECKPOINT_SECONDS = 180
BETA_MEAN, BETA_SQUARE = 0.9, 0.99


def arguments():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True, help="folder of photographs (.jpg)")
    parser.add_argument("--paintings", required=True, help="folder of the catalogue's files")
    parser.add_argument("--features", required=True, help="feature network (.npz)")
    parser.add_argument("--styles", default=os.path.join(here, "catalogue.json"))
    parser.add_argument("--out", required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, default=180, help="of the whole run")
    parser.add_argument("--start-from", help="checkpoint to start a new run from")
    parser.add_argument("--learning-rate", type=float, default=2e-3,
                        help="at the start; 5e-4 suits a start from a trained pack")
    parser.add_argument("--stability", type=float, default=120.0, help="weight; 0: none")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def learning_rate(start, progress, iteration):
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    rate = LEARNING_RATE_END + (start - LEARNING_RATE_END) * cosine
    return rate * min(1.0, (iteration + 1) / WARM_UP)


class Run:
    """The state of one training: network, optimiser, average, clock."""

    def __init__(self, options):
        self.options = options
        self.path = os.path.join(options.out, "checkpoint.pt")
        self.styles = data.read_catalogue(options.styles)
        training, _ = data.photo_paths(options.photos)
        calibration = data.Photos(training[:96], 99)
        self.features = features.FeatureNetwork(options.features, calibration.crops(48, 160))
        paintings = [data.read_painting(options.paintings, style) for style in self.styles]
        self.targets = losses.StyleTargets(self.features, calibration, paintings)
        factors = [style.get("content", 1.0) for style in self.styles]
        self.loss = losses.PerceptualLoss(self.features, self.targets, factors)
        self.photos = data.Photos(training, options.seed + int(time.time()))
        self.network = StyleNetwork(len(self.styles) + 1)
        self.iteration, self.elapsed, self.new_styles = 0, 0.0, []
        self.from_nothing = not options.start_from
        state = None
        if os.path.exists(self.path):
            state = torch.load(self.path)
            if [s["name"] for s in state["styles"]] != [s["name"] for s in self.styles]:
                raise SystemExit(f"{self.path} has other styles than {options.styles}; "
                                 "use --start-from with another --out")
            checkpoint.assign(self.network, state["parameters"])
            self.iteration, self.elapsed = state["iteration"], state["elapsed"]
            self.from_nothing = state["settings"]["from_nothing"]
            self.new_styles = state["settings"]["new_styles"]
        elif options.start_from:
            source = torch.load(options.start_from)
            self.new_styles = checkpoint.transfer(self.network, self.styles, source,
                                                  self.targets.nearest)
        self.parameters = list(self.network.parameters())
        flat = checkpoint.flatten(self.parameters)
        self.average = state["average"] if state else flat.clone()
        self.mean = state["adam_mean"] if state else torch.zeros_like(flat)
        self.square = state["adam_square"] if state else torch.zeros_like(flat)

    def save(self):
        checkpoint.save(self.path, {
            "styles": self.styles, "iteration": self.iteration, "elapsed": self.elapsed,
            "settings": dict(vars(self.options), from_nothing=self.from_nothing,
                             new_styles=self.new_styles),
            "parameters": checkpoint.flatten(self.parameters), "average": self.average,
            "adam_mean": self.mean, "adam_square": self.square})

    def pick_style(self, progress):
        """Index of a style; new ones come twice as often in the first third."""
        chances = [2.0 if progress < 0.33 and style["name"] in self.new_styles else 1.0
                   for style in self.styles]
        return self.photos.random.choices(range(len(self.styles)), chances)[0]

    def step(self, progress):
        """One iteration; returns (style, total loss, stability loss)."""
        _, crop, batch, views, margin = [p for p in PHASES if p[0] <= progress][-1]
        rng = self.photos.random
        style = self.pick_style(progress)
        strength = rng.uniform(0.2, 0.9) if rng.random() < IDENTITY_MIX_SHARE else 1.0
        weights = torch.zeros(batch, len(self.styles) + 1)
        weights[:, 0], weights[:, style + 1] = 1 - strength, strength
        wide = self.photos.crops(batch, crop + 2 * margin, soften=True)
        photo = wide[:, :, margin:margin + crop, margin:margin + crop].contiguous()
        views = views if self.options.stability > 0 else 0
        stability = torch.zeros(1)
        if views:
            with torch.no_grad():
                pair = losses.StabilityPair(rng, wide, crop, margin, views)
            both = self.network(torch.cat([photo, pair.view]),
                                torch.cat([weights, weights[:views]]))
            output = both[:batch]
            stability = pair.loss(output, both[batch:])
        else:
            output = self.network(photo, weights)
        self.loss.style_weight = 1.0
        if self.from_nothing:
            self.loss.style_weight = min(1.0, 0.1 + 0.9 * self.iteration / STYLE_RAMP)
        total, parts = self.loss(photo, output, style, strength)
        lattice = losses.lattice_energy(output)
        calm = self.options.stability * self.styles[style].get("stability", 1.0)
        objective = (total.mean() + calm * stability.sum() / batch +
                     losses.LATTICE_WEIGHT * lattice.mean())
        gradient = checkpoint.flatten(torch.autograd.grad(objective, self.parameters))
        norm = float(gradient.norm())
        if math.isfinite(norm):
            self._update(gradient * min(1.0, CLIP_NORM / (norm + 1e-9)), progress)
        return (style if strength == 1 else None, float(total.mean()), float(stability.mean()),
                float(parts["style"].mean()), float(parts["content"].mean()), float(lattice.mean()))

    def _update(self, gradient, progress):
        self.mean.mul_(BETA_MEAN).add_(gradient, alpha=1 - BETA_MEAN)
        self.square.mul_(BETA_SQUARE).addcmul_(gradient, gradient, value=1 - BETA_SQUARE)
        self.iteration += 1
        rate = learning_rate(self.options.learning_rate, progress, self.iteration)
        mean = self.mean / (1 - BETA_MEAN**self.iteration)
        square = self.square / (1 - BETA_SQUARE**self.iteration)
        flat = checkpoint.flatten(self.parameters) - rate * mean / (square.sqrt() + 1e-8)
        checkpoint.assign(self.network, flat)
        self.average.lerp_(flat, max(AVERAGE_RATE, 10 / (self.iteration + 10)))


def report(run, log, rate):
    names = {i: style["name"] for i, style in enumerate(run.styles)}
    columns = [sum(entry[k] for entries in log.values() for entry in entries) /
               sum(len(entries) for entries in log.values()) for k in range(5)]
    per_style = " ".join(f"{names[i][:6]} {sum(e[0] for e in log[i]) / len(log[i]):.2f}"
                         for i in sorted(log))
    print(f"{run.iteration} {run.elapsed / 60:.1f} min {rate:.1f} it/s total {columns[0]:.3f} "
          f"stability {columns[1]:.5f} style {columns[2]:.3f} content {columns[3]:.3f} "
          f"lattice {columns[4]:.6f} | {per_style}", flush=True)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    random.seed(options.seed)
    os.makedirs(options.out, exist_ok=True)
    run = Run(options)
    print(f"{len(run.styles)} styles, {run.network.macs_per_pixel():.0f} MAC per pixel, "
          f"new: {run.new_styles}", flush=True)
    total, log, last_save, last_report = options.minutes * 60, {}, time.time(), time.time()
    clock, since = time.time(), 0
    while run.elapsed < total:
        style, *numbers = run.step(run.elapsed / total)
        now = time.time()
        run.elapsed, clock = run.elapsed + now - clock, now
        if style is not None:
            log.setdefault(style, []).append(numbers)
        since += 1
        if log and now - last_report > 60:
            report(run, log, since / (now - last_report))
            log, since, last_report = {}, 0, now
        if now - last_save > CHECKPOINT_SECONDS:
            run.save()
            last_save = now
    run.save()


if __name__ == "__main__":
    main()
