"""Measures a checkpoint on held-out photos and prints the table of ../README.md.

    python3 evaluate.py CHECKPOINT.pt --photos DIR --paintings DIR --features FILE.npz
                        [--johnson-photos 2] [--jobs 2] [--json OUT.json]

Per style: total loss, Johnson's criterion (evaluations of L-BFGS on the pixels until its loss with
the same weights is as low; the cap means "not reached") started from white noise, which is Johnson
et al.'s protocol, and from the photo, which is a far better start, SSIM of gradients, lattice ratio
over the painting's own, warping error, noise gain, sharpness over the photo's, share of pixels
newly black or white, gradient at the rim, the nearest other style (RMSE), and the worst mix (total
loss of a half-and-half mix over the style's own, means over photos, of the worst partner, and the
least that any picture could have with that one). Columns are defined in measures.py. The photo
itself is the first row: what no style can be steadier than.
"""
import argparse
import concurrent.futures
import json
import multiprocessing
import statistics

import torch

import checkpoint
import data
import features
import losses
import measures

SIZE = 256
STABILITY_PHOTOS = (3, 10, 16, 20, 25)
JOHNSON_PHOTOS = (3, 10, 20, 1, 16)
MIX_PHOTOS = range(0, 26, 3)


def evaluations_needed(loss, photo, start, goal, wanted, cap):
    """Evaluations of loss and gradient after which L-BFGS on the pixels is at `wanted`."""
    pixels = start.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([pixels], max_iter=10 * cap, max_eval=cap, history_size=20,
                                  line_search_fn="strong_wolfe", tolerance_change=0,
                                  tolerance_grad=0)
    seen = []

    class Reached(Exception):
        pass

    def closure():
        optimiser.zero_grad()
        total = loss(photo, pixels.clamp(0, 1), goal)[0].sum()
        total.backward()
        seen.append(float(total))
        if seen[-1] <= wanted or len(seen) >= cap:
            raise Reached
        return total

    try:
        optimiser.step(closure)
    except Reached:
        pass
    return len(seen)


class Evaluation:
    def __init__(self, options):
        self.options = options
        self.net, state = checkpoint.load_network(options.checkpoint)
        self.names = checkpoint.style_names(state)
        training, held_out = data.photo_paths(options.photos)
        calibration = data.calibration_photos(training)
        extractor = features.FeatureNetwork(options.features, calibration.crops(48, 160))
        self.paintings = [data.read_painting(options.paintings, s) for s in state["styles"]]
        self.targets = losses.StyleTargets(extractor, calibration, self.paintings)
        self.loss = losses.PerceptualLoss(extractor, self.targets,
                                          [s.get("content", 1.0) for s in state["styles"]],
                                          rim=losses.RIM)
        self.photos = [data.center_square(path, SIZE) for path in held_out]
        wide = measures.FRAME + 2 * measures.SURROUNDINGS
        self.wide = [data.center_square(held_out[i], wide) for i in STABILITY_PHOTOS]

    def stylise(self, photo, *styles):
        """The photo in one style, or in an equal mix of several."""
        weights = torch.zeros(1, len(self.names))
        weights[0, list(styles)] = 1 / len(styles)
        with torch.no_grad():
            return self.net(photo, weights)

    def loss_and_style(self, photo, output, style):
        """(total, the part of it that is the distance to the painting)"""
        with torch.no_grad():
            total, parts = self.loss(photo, output, losses.Goal.of(style - 1))
        return float(total), float(parts["style"])

    def total(self, photo, output, style):
        return self.loss_and_style(photo, output, style)[0]

    def mix_ratio(self, style, other, own):
        """Total loss to `style` of an equal mix with `other`, over that of the style alone."""
        mixed = [self.total(self.photos[i], self.stylise(self.photos[i], style, other), style)
                 for i in MIX_PHOTOS]
        return sum(mixed) / sum(own[i] for i in MIX_PHOTOS)

    def style_row(self, style):
        """(columns of the table, outputs as codes)"""
        outputs = [self.stylise(photo, style) for photo in self.photos]
        pairs = list(zip(self.photos, outputs))
        own, distances = zip(*(self.loss_and_style(*pair, style) for pair in pairs))
        warping, noise = measures.stability(lambda x: self.stylise(x, style), self.wide)
        painting = self.paintings[style - 1]
        row = {
            "loss": statistics.mean(own),
            "rest": statistics.mean(own) - statistics.mean(distances),
            "gradient_ssim": statistics.mean(measures.gradient_ssim(*p) for p in pairs),
            "lattice": measures.lattice_ratio(outputs) / measures.lattice_ratio([painting]),
            "warping": warping, "noise": noise,
            "sharpness": (sum(measures.sharpness(o) for o in outputs) /
                          sum(measures.sharpness(p) for p in self.photos)),
            "clipped": statistics.mean(measures.clipped_share(*p) for p in pairs),
            "rim": measures.rim_ratio(pairs),
        }
        noise = torch.rand(self.photos[0].shape, generator=torch.Generator().manual_seed(2))
        goal = losses.Goal.of(style - 1)
        for column, start in (("johnson", noise), ("from_photo", None)):
            row[column + "_all"] = [
                evaluations_needed(self.loss, self.photos[i],
                                   self.photos[i] if start is None else start, goal, own[i],
                                   self.options.cap)
                for i in JOHNSON_PHOTOS[:self.options.johnson_photos]]
            if row[column + "_all"]:
                row[column] = statistics.median(row[column + "_all"])
        if not self.options.no_mixing:
            mixes = {name: self.mix_ratio(style, other, own)
                     for other, name in enumerate(self.names) if other not in (0, style)}
            row["mix_with"] = max(mixes, key=mixes.get)
            row["worst_mix"] = mixes[row["mix_with"]]
            row["mixes"] = mixes
        return row, [(255 * x.clamp(0, 1)).round().byte().cpu() for x in outputs]

    def photo_row(self):
        warping, noise = measures.stability(lambda x: x, self.wide)
        return {"warping": warping, "noise": noise}


_evaluation = None  # of a worker process


def _start_worker(options):
    global _evaluation
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    _evaluation = Evaluation(options)


def _style_row(style):
    return _evaluation.style_row(style)


def table(rows, photo):
    columns = (("loss", "{:.2f}"), ("johnson", "{:.0f}"), ("from_photo", "{:.0f}"),
               ("gradient_ssim", "{:.2f}"),
               ("lattice", "{:.2f}"), ("warping", "{:.3f}"), ("noise", "{:.2f}"),
               ("sharpness", "{:.2f}"), ("clipped", "{:.3f}"), ("rim", "{:.2f}"),
               ("nearest_rmse", "{:.3f}"), ("nearest", "{}"), ("worst_mix", "{:.2f}"),
               ("mix_with", "{}"), ("mix_bound", "{:.2f}"))
    names = [name for name, _ in columns]
    lines = ["| style | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]

    def line(label, row):
        cells = [form.format(row[n]) if row.get(n) is not None else "" for n, form in columns]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")

    line("(the photo)", photo)
    for name, row in rows.items():
        line(name, row)
    numeric = [n for n in names if n not in ("nearest", "mix_with")]
    for label, of in (("mean", statistics.mean), ("median", statistics.median)):
        line(label, {n: of([r[n] for r in rows.values()]) for n in numeric
                     if all(r.get(n) is not None for r in rows.values())})
    return "\n".join(lines)


def mix_bounds(rows):
    """{(style, other): measures.mix_bound of the two}"""
    names = list(rows)
    bounds = {}
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            if i != j:
                pair = rows[first], rows[second]
                bounds[first, second] = measures.mix_bound(
                    _evaluation.targets.terms(i, j), [row["loss"] for row in pair],
                    [row["rest"] for row in pair])
    return bounds


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--photos", required=True)
    parser.add_argument("--paintings", required=True)
    parser.add_argument("--features", required=True)
    parser.add_argument("--johnson-photos", type=int, default=2, help="0 to 5")
    parser.add_argument("--cap", type=int, default=200, help="most L-BFGS evaluations")
    parser.add_argument("--no-mixing", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--jobs", type=int, default=1, help="processes, a style each at a time")
    options = parser.parse_args()
    _start_worker(options)
    identity = min(measures.psnr(_evaluation.stylise(p, 0), p) for p in _evaluation.photos)
    names = _evaluation.names[1:]
    with concurrent.futures.ProcessPoolExecutor(
            options.jobs, multiprocessing.get_context("spawn"), _start_worker,
            (options,)) as workers:
        results = list(workers.map(_style_row, range(1, len(names) + 1)))
    rows = {name: row for name, (row, _) in zip(names, results)}
    outputs = {name: [x.float() / 255 for x in codes] for name, (_, codes) in zip(names, results)}
    for name, row in rows.items():
        distances = {other: statistics.mean(map(measures.rmse, outputs[name], outputs[other]))
                     for other in rows if other != name}
        row["nearest"] = min(distances, key=distances.get)
        row["nearest_rmse"] = distances[row["nearest"]]
    bounds = {} if options.no_mixing else mix_bounds(rows)
    for name, row in rows.items():
        if bounds:
            row["mix_bound"] = bounds[name, row["mix_with"]]
    print(table(rows, _evaluation.photo_row()))
    for column in ("johnson", "from_photo"):
        needed = [n for row in rows.values() for n in row[column + "_all"]]
        if needed:
            print(f"\n{column}: median over photos and styles {statistics.median(needed):.0f}, "
                  f"lowest style {min(row[column] for row in rows.values()):.0f}")
    if not options.no_mixing:
        ratios = [ratio for row in rows.values() for ratio in row["mixes"].values()]
        print(f"\nmixes: median {statistics.median(ratios):.2f}, "
              f"{100 * statistics.mean(ratio <= 2 for ratio in ratios):.0f} % within 2; "
              f"{statistics.mean(rows[a]['mixes'][b] / bounds[a, b] for a, b in bounds):.2f} times "
              f"the bound, which is above 2 for "
              f"{100 * statistics.mean(bound > 2 for bound in bounds.values()):.0f} %")
    print(f"identity: lowest PSNR {identity:.1f} dB over {len(_evaluation.photos)} photos")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"identity_psnr": identity, "styles": rows}, file, indent=1)


if __name__ == "__main__":
    main()
