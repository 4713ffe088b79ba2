"""Checkpoints: what training needs to go on, and what export and evaluation read.

Owns: the file's layout and the flat parameter order. A checkpoint is a dict with `pack` (which
architecture), `styles` (the catalogue's entries; identity, style 0, is not among them), `settings`,
`iteration`, `elapsed` (seconds), `levels` (of losses, per style) and the vectors `parameters`,
`average` (their exponential moving average, which is what ships), `adam_mean` and `adam_square`. A
vector holds the network's parameters in the order of named_parameters(), each contiguous. A pack
that was imported has only what ships.
"""
import os

import torch

from network import StyleNetwork


def flatten(tensors):
    return torch.cat([t.detach().reshape(-1) for t in tensors])


def split_like(vector, network):
    """{name: tensor} of a flat vector."""
    out, start = {}, 0
    for name, parameter in network.named_parameters():
        out[name] = vector[start:start + parameter.numel()].view(parameter.shape)
        start += parameter.numel()
    return out


def assign(network, vector):
    with torch.no_grad():
        values = split_like(vector, network)
        for name, parameter in network.named_parameters():
            parameter.copy_(values[name])


def save(path, state):
    partial = path + ".partial"
    torch.save(state, partial)
    os.replace(partial, path)


def load(path):
    return torch.load(path, map_location="cpu")


def load_network(path):
    """(network with the averaged parameters, checkpoint)."""
    state = load(path)
    network = StyleNetwork(len(state["styles"]) + 1, state["pack"])
    assign(network, state["average"])
    return network.eval(), state


def style_names(state):
    return ["identity"] + [style["name"] for style in state["styles"]]


def widen(narrow, wide):
    """Makes `wide` compute what `narrow` does: every channel is repeated as often as it fits, its
    share of the next layer's input divided among the copies (Net2Net, Chen et al. 2016), with some
    noise, or the copies would stay alike. Blocks that only `wide` has start with next to no
    effect."""
    sources = {name: i for i, (name, _, _, _) in enumerate(narrow.plan)}

    def spread(weight, outputs, inputs):
        rows, columns = (torch.arange(n) % m for n, m in zip((outputs, inputs), weight.shape))
        copies = torch.bincount(columns)[columns].view(1, -1, 1, 1)
        return (weight[rows][:, columns] / copies) * (
            1 + 0.1 * torch.randn(outputs, inputs, 1, 1) * (copies > 1))

    gammas, betas = (torch.split(t, narrow.widths, 1) for t in (narrow.gamma, narrow.beta))
    rows = {"gamma": [], "beta": []}
    with torch.no_grad():
        for conv, (name, inputs, outputs, _) in zip(wide.convs, wide.plan):
            if name in sources:
                i = sources[name]
                conv.copy_(spread(narrow.convs[i], outputs, inputs))
                channels = torch.arange(outputs) % narrow.widths[i]
                rows["gamma"].append(gammas[i][:, channels])
                rows["beta"].append(betas[i][:, channels])
            else:
                strength = 0.02 if name.endswith("b") else 1.0
                rows["gamma"].append(torch.full((wide.style_count, outputs), strength))
                rows["beta"].append(torch.zeros(wide.style_count, outputs))
        wide.gamma.copy_(torch.cat(rows["gamma"], 1))
        wide.beta.copy_(torch.cat(rows["beta"], 1))
        wide.last.copy_(spread(narrow.last, *wide.last.shape[:2]))
        for name in ("last_bias", "gain", "offset"):
            getattr(wide, name).copy_(getattr(narrow, name))


def transfer(network, styles, state, nearest):
    """Starts `network` from a checkpoint of another list of styles: the trunk and the rows of
    styles that both have; every other style gets the row of the checkpoint's style that
    `nearest(index, candidates)` picks (indices into `styles`; -1 means the mean of all rows).
    Returns the names of the new styles."""
    old_names = style_names(state)
    narrow = StyleNetwork(len(old_names), state["pack"])
    assign(narrow, state["average"])
    start = narrow
    if state["pack"] != network.pack:
        start = StyleNetwork(len(old_names), network.pack)
        widen(narrow, start)
    old = dict(start.named_parameters())
    names = [style["name"] for style in styles]
    candidates = [i for i, name in enumerate(names) if name in old_names]
    new = []
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name not in network.STYLE_TABLES:
                parameter.copy_(old[name])
        for i, name in enumerate(["identity"] + names):
            source = name
            if name not in old_names:
                new.append(name)
                source = names[nearest(i - 1, candidates)] if candidates else None
            for table in network.STYLE_TABLES:
                row = old[table][old_names.index(source)] if source else old[table][1:].mean(0)
                getattr(network, table)[i] = row
    return new
