"""Turns a pack back into a checkpoint that train.py --start-from and add_style.py take.

    python3 import_pack.py PACK.onnx CHECKPOINT.pt [--styles catalogue.json]

The inverse of export.py: whoever has the pack that ships can go on from it. Catalogue entries give
each style the fields that a pack does not carry (file, size, content). The optimiser's state is not
in a pack: it starts from zero. The checkpoint is written only if its export equals the pack.
"""
import argparse
import json
import os

import numpy as np
import onnx
from onnx import numpy_helper
import torch

import checkpoint
import data
import export
import network


def constants(model):
    return {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}


def read_network(found, pack):
    """The network of a pack whose export has the constants `found`."""
    net = network.StyleNetwork(found["photo_table"].shape[0], pack)
    names = [name for name, _, _, _ in net.plan]
    found = {name: torch.from_numpy(array.copy()) for name, array in found.items()}
    convs = [found[name + "_weight"] for name in names]
    order = export.squeeze_order()
    convs[0] = convs[0][:, [order.index(i) for i in range(len(order))]]

    def tables(kind):
        return torch.cat([found[f"{name}_{kind}_table"] for name in names], 1)

    values = {"last": found["last_weight"], "last_bias": found["last_bias"],
              "gamma": tables("gamma"), "beta": tables("beta"),
              "gain": found["gain_table"], "offset": found["offset_table"]}
    with torch.no_grad():
        for parameter, weight in zip(net.convs, convs):
            parameter.copy_(weight)
        for name, value in values.items():
            getattr(net, name).copy_(value)
    return net


def read_styles(model, catalogue):
    """The catalogue's entry of every style of the pack; where it has none, the pack's own."""
    known = {style["name"]: style for style in data.read_catalogue(catalogue)}
    properties = {entry.key: entry.value for entry in model.metadata_props}
    return [known.get(style["name"], style) for style in json.loads(properties["styles"])[1:]]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack")
    parser.add_argument("checkpoint")
    parser.add_argument("--styles", default=os.path.join(here, "catalogue.json"))
    options = parser.parse_args()
    model = onnx.load(options.pack)
    found = constants(model)
    net = read_network(found, model.graph.name.removeprefix("impasto_"))
    styles = read_styles(model, options.styles)
    half = found["first_weight"].dtype == np.float16
    again = constants(export.build(net, styles, half))
    if again.keys() != found.keys() or any(
            not np.array_equal(again[name], found[name]) for name in found):
        raise SystemExit(f"{options.pack} is not a pack that export.py writes")
    flat = checkpoint.flatten(net.parameters())
    checkpoint.save(options.checkpoint, {
        "pack": net.pack, "styles": styles,
        "settings": {"from_nothing": False, "new_styles": []}, "iteration": 0,
        "elapsed": 0.0, "parameters": flat, "average": flat, "adam_mean": torch.zeros_like(flat),
        "adam_square": torch.zeros_like(flat)})
    print(f"{options.checkpoint}: {', '.join(style['name'] for style in styles)}")


if __name__ == "__main__":
    main()
