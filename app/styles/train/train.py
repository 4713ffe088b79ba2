"""Trains a pack of styles: one trunk and a row of numbers per style.

    python3 train.py --pack live --photos DIR --paintings DIR --features FILE.npz --out DIR
                     [--minutes 180] [--start-from CHECKPOINT.pt]

Everything that a style needs is in the catalogue (--styles, catalogue.json). The run writes
DIR/checkpoint.pt every few minutes and goes on from it when started again with the same --out;
--start-from takes the trunk, and the rows of styles that both have, from another checkpoint, which
may be of a narrower pack.
Photos named by data.photo_paths as held out are never shown. Export with export.py.
"""
import argparse
import math
import os
import random
import time
from dataclasses import dataclass

import torch

import checkpoint
import data
import features
import losses
from network import ARCHITECTURES, StyleNetwork


@dataclass(frozen=True)
class Phase:
    """How a batch looks from a share of the time on."""
    start: float
    crop: int     # pixels
    groups: int   # of `members` photos each, every group with a style of its own
    members: int
    moved: int    # second views for stability
    noisy: int    # and for the gain on noise
    margin: int = 40


PHASES = (Phase(0.0, 128, 1, 4, 2, 1), Phase(0.55, 192, 1, 2, 1, 1))
CLIP_NORM = 5.0
LEARNING_RATE_END = 5e-5
WARM_UP = 300            # iterations
STYLE_RAMP = 1500        # iterations over which the style weight grows, when started from nothing
AVERAGE_RATE = 0.002     # of the exponential moving average of the parameters
IDENTITY_MIX_SHARE = 0.12
STYLE_MIX_SHARE = 0.30
LEVEL_RATE = 0.05        # of the moving average of each style's own loss
BETA_MEAN, BETA_SQUARE = 0.9, 0.99


def arguments():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", required=True, choices=ARCHITECTURES, help="which network")
    parser.add_argument("--photos", required=True, help="folder of photographs (.jpg)")
    parser.add_argument("--paintings", required=True, help="folder of the catalogue's files")
    parser.add_argument("--features", required=True, help="feature network (.npz)")
    parser.add_argument("--styles", default=os.path.join(here, "catalogue.json"))
    parser.add_argument("--out", required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, default=180, help="of the whole run")
    parser.add_argument("--save-minutes", type=float, default=3, help="between checkpoints")
    parser.add_argument("--start-from", help="checkpoint to start a new run from")
    parser.add_argument("--learning-rate", type=float, default=2e-3,
                        help="at the start; 5e-4 suits a start from a trained pack")
    parser.add_argument("--stability", type=float, default=120.0,
                        help="weight; 0: neither motion nor noise")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def learning_rate(start, progress, iteration):
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    rate = LEARNING_RATE_END + (start - LEARNING_RATE_END) * cosine
    return rate * min(1.0, (iteration + 1) / WARM_UP)


class Optimiser:
    """Adam, clipped by norm, and the moving average, all on one flat vector per kind."""

    def __init__(self, network, state):
        self.network, self.parameters = network, list(network.parameters())
        flat = checkpoint.flatten(self.parameters)

        def vector(key, default):
            return state[key] if state else default

        self.average = vector("average", flat.clone())
        self.mean = vector("adam_mean", torch.zeros_like(flat))
        self.square = vector("adam_square", torch.zeros_like(flat))

    @staticmethod
    def rates(learning_rate_start, progress, iteration):
        """What changes from step to step: learning rate, the two bias corrections of Adam, rate of
        the average."""
        return (learning_rate(learning_rate_start, progress, iteration),
                1 / (1 - BETA_MEAN**(iteration + 1)), 1 / (1 - BETA_SQUARE**(iteration + 1)),
                max(AVERAGE_RATE, 10 / (iteration + 11)))

    def update(self, objective, rates):
        gradient = checkpoint.flatten(torch.autograd.grad(objective, self.parameters))
        norm = gradient.norm()
        gradient = gradient * (CLIP_NORM / (norm + 1e-9)).clamp(max=1)
        gradient = torch.where(torch.isfinite(norm), gradient, torch.zeros_like(gradient))
        self.mean.mul_(BETA_MEAN).add_(gradient, alpha=1 - BETA_MEAN)
        self.square.mul_(BETA_SQUARE).addcmul_(gradient, gradient, value=1 - BETA_SQUARE)
        step = rates[0] * (self.mean * rates[1]) / ((self.square * rates[2]).sqrt() + 1e-8)
        flat = checkpoint.flatten(self.parameters) - step
        checkpoint.assign(self.network, flat)
        self.average += rates[3] * (flat - self.average)


class Run:
    """The state of one training: network, optimiser, clock."""

    def __init__(self, options):
        self.options = options
        self.path = os.path.join(options.out, "checkpoint.pt")
        self.styles = data.read_catalogue(options.styles)
        training, _ = data.photo_paths(options.photos)
        calibration = data.calibration_photos(training)
        extractor = features.FeatureNetwork(options.features, calibration.crops(48, 160))
        paintings = [data.read_painting(options.paintings, style) for style in self.styles]
        targets = losses.StyleTargets(extractor, calibration, paintings)
        self.loss = losses.PerceptualLoss(extractor, targets,
                                          [s.get("content", 1.0) for s in self.styles])
        self.calm = torch.tensor([s.get("stability", 1.0) for s in self.styles])
        self.photos = data.Photos(training, options.seed + int(time.time()))
        self.network = StyleNetwork(len(self.styles) + 1, options.pack)
        self.levels = torch.ones(len(self.styles))
        self.iteration, self.elapsed, self.new_styles = 0, 0.0, []
        self.from_nothing = not options.start_from
        state = self._resume(targets)
        self.optimiser = Optimiser(self.network, state)

    def _resume(self, targets):
        """The checkpoint of this run if there is one; sets the network's start."""
        if os.path.exists(self.path):
            state = checkpoint.load(self.path)
            if [s["name"] for s in state["styles"]] != [s["name"] for s in self.styles]:
                raise SystemExit(f"{self.path} has other styles than {self.options.styles}; "
                                 "use --start-from with another --out")
            checkpoint.assign(self.network, state["parameters"])
            self.iteration, self.elapsed = state["iteration"], state["elapsed"]
            self.from_nothing = state["settings"]["from_nothing"]
            self.new_styles = state["settings"]["new_styles"]
            self.levels = state.get("levels", self.levels)
            return state
        if self.options.start_from:
            source = checkpoint.load(self.options.start_from)
            self.new_styles = checkpoint.transfer(self.network, self.styles, source,
                                                  targets.nearest)
        return None

    def save(self):
        optimiser = self.optimiser
        checkpoint.save(self.path, {
            "pack": self.options.pack, "styles": self.styles, "iteration": self.iteration,
            "elapsed": self.elapsed,
            "settings": dict(vars(self.options), from_nothing=self.from_nothing,
                             new_styles=self.new_styles),
            "levels": self.levels,
            "parameters": checkpoint.flatten(optimiser.parameters), "average": optimiser.average,
            "adam_mean": optimiser.mean, "adam_square": optimiser.square})

    def _pick_styles(self, count, progress):
        """Indices of styles; new ones come twice as often in the first third."""
        chances = [2.0 if progress < 0.33 and style["name"] in self.new_styles else 1.0
                   for style in self.styles]
        return torch.tensor(self.photos.random.choices(range(len(self.styles)), chances, k=count))

    def _inputs(self, phase, progress):
        """All that is drawn anew for a step."""
        rng, groups = self.photos.random, phase.groups
        mixed = [rng.random() < STYLE_MIX_SHARE for _ in range(groups)]
        faint = [not m and rng.random() < IDENTITY_MIX_SHARE for m in mixed]
        motion = losses.Motion.random(rng, phase.moved, phase.crop, phase.margin)
        ramp = min(1.0, 0.1 + 0.9 * self.iteration / STYLE_RAMP) if self.from_nothing else 1.0
        inputs = {
            "first": self._pick_styles(groups, progress),
            "second": self._pick_styles(groups, progress),
            "blend": torch.tensor([rng.uniform(0.2, 0.8) if m else 0.0 for m in mixed]),
            "strength": torch.tensor([rng.uniform(0.2, 0.9) if f else 1.0 for f in faint]),
            "maps": motion.maps, "noise": motion.noise, "dim": motion.dim,
            "style_weight": ramp,
            "rates": Optimiser.rates(self.options.learning_rate, progress, self.iteration),
            "wide": self.photos.crops(groups * phase.members, phase.crop + 2 * phase.margin,
                                      soften=True)}
        return inputs

    def _style_weights(self, goal, count):
        """[count, styles + 1]: rows that the network takes."""
        one_hot = torch.eye(len(self.styles) + 1)
        weights = goal.strength[:, None] * goal.mixed(lambda style: one_hot[style + 1]) + (
            (1 - goal.strength)[:, None] * one_hot[:1])
        return weights[:, None].expand(-1, count // len(weights), -1).reshape(count, -1)

    def _compute(self, phase, inputs):
        """One step on given inputs. Returns [6 + G]: means of total, stability, style, content,
        lattice and rim, then the total of every group."""
        goal = losses.Goal(inputs["first"], inputs["second"], inputs["blend"], inputs["strength"])
        wide, margin, crop = inputs["wide"], phase.margin, phase.crop
        photo = wide[:, :, margin:margin + crop, margin:margin + crop].contiguous()
        count = len(photo)
        weights = self._style_weights(goal, count)
        calm = losses.members(goal.mixed(lambda style: self.calm[style]), count)
        moved, disturbed = (phase.moved, phase.noisy) if self.options.stability > 0 else (0, 0)
        pictures, styles = [photo], [weights]
        if moved:
            with torch.no_grad():
                views = losses.SecondViews(wide, crop, margin, losses.Motion(
                    inputs["maps"], inputs["noise"], inputs["dim"]))
                pictures += [views.pictures, losses.noisy(photo[count - disturbed:])]
            styles += [weights[:moved], weights[count - disturbed:]]
        outputs = self.network(torch.cat(pictures), torch.cat(styles))
        output = outputs[:count]
        total, parts = self.loss(photo, output, goal, style_weight=inputs["style_weight"],
                                 levels=self.levels)
        lattice = losses.lattice_energy(output).mean()
        rim = losses.rim_imbalance(output)
        objective = total.mean() + losses.LATTICE_WEIGHT * lattice + losses.RIM_WEIGHT * rim
        stability = total.new_zeros(1)
        if moved:
            stability = views.loss(output, outputs[count:count + moved])
            gain = losses.noise_gain_squared(output[count - disturbed:], outputs[count + moved:])
            objective = (objective +
                         self.options.stability * (calm[:moved] * stability).sum() / (2 * moved) +
                         losses.NOISE_WEIGHT * (calm[count - disturbed:] * gain).mean())
        self.optimiser.update(objective, inputs["rates"])
        means = [total, stability, parts["style"], parts["content"], lattice, rim]
        return torch.cat([torch.stack([m.detach().mean() for m in means]),
                          total.detach().view(phase.groups, -1).mean(1)])

    def step(self, progress):
        """One iteration; returns (styles [G], whether pure [G], _compute's result)."""
        phase = [p for p in PHASES if p.start <= progress][-1]
        inputs = self._inputs(phase, progress)
        result = self._compute(phase, inputs)
        self.iteration += 1
        pure = (inputs["blend"] == 0) & (inputs["strength"] == 1)
        for style, level in zip(inputs["first"][pure], result[6:][pure]):
            self.levels[style] += LEVEL_RATE * (level - self.levels[style])
        return inputs["first"], pure, result


class Report:
    """Means since the last line."""

    def __init__(self, names):
        self.names, self.pending = names, []
        self.since = time.time()

    def add(self, entry):
        self.pending.append(entry)

    def line(self, run):
        styles, pure, rows = (torch.stack(column) for column in zip(*self.pending))
        rate = len(rows) / (time.time() - self.since)
        total, stability, style, content, lattice, rim = rows[:, :6].mean(0).tolist()
        groups = rows[:, 6:]
        per_style = " ".join(
            f"{name[:6]} {float(groups[pure & (styles == i)].mean()):.2f}"
            for i, name in enumerate(self.names) if bool((pure & (styles == i)).any()))
        self.pending, self.since = [], time.time()
        return (f"{run.iteration} {run.elapsed / 60:.1f} min {rate:.1f} it/s total {total:.3f} "
                f"stability {stability:.5f} style {style:.3f} content {content:.3f} "
                f"lattice {lattice:.6f} rim {rim:.3f} | {per_style}")


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
    total, report = options.minutes * 60, Report([s["name"] for s in run.styles])
    last_save, clock = time.time(), time.time()
    while run.elapsed < total:
        report.add(run.step(run.elapsed / total))
        now = time.time()
        run.elapsed, clock = run.elapsed + now - clock, now
        if now - report.since > min(60, total / 10):
            print(report.line(run), flush=True)
        if now - last_save > 60 * options.save_minutes:
            run.save()
            last_save = now
    run.save()


if __name__ == "__main__":
    main()
