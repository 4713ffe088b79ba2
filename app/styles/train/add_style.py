"""Adds one style to an existing pack: fits its row of numbers, the trunk frozen.

    python3 add_style.py CHECKPOINT.pt NEW.pt --name NAME --painting FILE.jpg --photos DIR
                         --features FILE.npz [--painter ...] [--title ...] [--year ...]
                         [--size 352] [--content 0.8] [--minutes 5]

All other styles stay bit for bit what they were. The row starts from the row of the style that
--like names, else from the mean of all rows. Export NEW.pt with export.py.
"""
import argparse
import math
import os
import time

import torch
from torch.nn.utils.stateless import functional_call

import checkpoint
import data
import features
import losses
from network import StyleNetwork

CROP, BATCH, MOVED, NOISY, MARGIN = 128, 4, 2, 1, 40
RATE_START, RATE_END = 1e-2, 2e-4


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("result")
    for name in ("name", "painting", "photos", "features"):
        parser.add_argument("--" + name, required=True)
    for name in ("painter", "title", "year"):
        parser.add_argument("--" + name, default="")
    parser.add_argument("--like", help="style of the pack to start from")
    parser.add_argument("--size", type=int, default=data.DEFAULT_SIZE)
    parser.add_argument("--content", type=float, default=0.8, help="content weight factor")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--stability", type=float, default=120.0)
    return parser.parse_args()


def with_new_row(old, names, like):
    """A network with one style more; its last row copies `like` or the mean of the others."""
    net = StyleNetwork(old.style_count + 1, old.pack)
    values = dict(old.named_parameters())
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name in net.STYLE_TABLES:
                row = values[name][names.index(like)] if like else values[name][1:].mean(0)
                parameter.copy_(torch.cat([values[name], row[None]]))
            else:
                parameter.copy_(values[name])
    return net.requires_grad_(False)


def fit(net, loss, photos, options):
    """Adam on the last row of every style table, nothing else."""
    fixed = {name: getattr(net, name)[:-1].clone() for name in net.STYLE_TABLES}
    rows = {name: getattr(net, name)[-1:].clone().requires_grad_() for name in net.STYLE_TABLES}
    optimiser = torch.optim.Adam(rows.values(), RATE_START, (0.9, 0.99))
    weights = torch.zeros(BATCH + MOVED + NOISY, net.style_count)
    weights[:, -1] = 1
    goal, start, log = losses.Goal.of(0), time.time(), []
    while time.time() - start < 60 * options.minutes:
        progress = (time.time() - start) / (60 * options.minutes)
        for group in optimiser.param_groups:
            group["lr"] = RATE_END + (RATE_START - RATE_END) * 0.5 * (
                1 + math.cos(math.pi * progress))
        tables = {name: torch.cat([fixed[name], rows[name]]) for name in rows}
        wide = photos.crops(BATCH, CROP + 2 * MARGIN, soften=True)
        photo = wide[:, :, MARGIN:MARGIN + CROP, MARGIN:MARGIN + CROP].contiguous()
        views = losses.SecondViews(wide, CROP, MARGIN, losses.Motion.random(
            photos.random, MOVED, CROP, MARGIN))
        pictures = torch.cat([photo, views.pictures, losses.noisy(photo[-NOISY:])])
        outputs = functional_call(net, tables, (pictures, weights))
        first = outputs[:BATCH]
        gain = losses.noise_gain_squared(first[-NOISY:], outputs[BATCH + MOVED:])
        total, _ = loss(photo, first, goal)
        objective = (total.mean() + losses.LATTICE_WEIGHT * losses.lattice_energy(first).mean() +
                     losses.RIM_WEIGHT * losses.rim_imbalance(first) +
                     options.stability * views.loss(first, outputs[BATCH:BATCH + MOVED]).mean() / 2 +
                     losses.NOISE_WEIGHT * gain.mean())
        optimiser.zero_grad()
        objective.backward()
        optimiser.step()
        log.append(float(total.mean()))
    print(f"{len(log)} iterations, total loss {sum(log[:50]) / len(log[:50]):.3f} -> "
          f"{sum(log[-50:]) / len(log[-50:]):.3f}")
    with torch.no_grad():
        for name, row in rows.items():
            getattr(net, name)[-1] = row[0]


def main():
    options = arguments()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    old, state = checkpoint.load_network(options.checkpoint)
    names = checkpoint.style_names(state)
    if options.name in names:
        raise SystemExit(f"{options.checkpoint} has a style {options.name} already")
    style = {"name": options.name, "file": os.path.basename(options.painting),
             "painter": options.painter, "title": options.title, "year": options.year,
             "size": options.size, "content": options.content}
    training, _ = data.photo_paths(options.photos)
    photos = data.Photos(training, int(time.time()))
    calibration = data.calibration_photos(training)
    extractor = features.FeatureNetwork(options.features, calibration.crops(48, 160))
    painting = data.to_tensor(data.read_picture(options.painting, short_side=options.size))
    targets = losses.StyleTargets(extractor, calibration, [painting])
    net = with_new_row(old, names, options.like)
    fit(net, losses.PerceptualLoss(extractor, targets, [options.content]), photos, options)
    flat = checkpoint.flatten(net.parameters())
    checkpoint.save(options.result, {
        "pack": state["pack"], "styles": state["styles"] + [style],
        "settings": state["settings"], "iteration": state["iteration"], "elapsed": state["elapsed"], "parameters": flat,
        "average": flat, "adam_mean": torch.zeros_like(flat),
        "adam_square": torch.zeros_like(flat)})


if __name__ == "__main__":
    main()
