"""Checkpoints: what training needs to go on, and what export and evaluation read.

Owns: the file's layout and the flat parameter order. A checkpoint is a dict with `styles` (the
catalogue's entries; identity, style 0, is not among them), `settings`, `iteration`, `elapsed`
(seconds), and the vectors `parameters`, `average` (their exponential moving average, which is what
ships), `adam_mean` and `adam_square`. A vector holds the network's parameters in the order of
named_parameters(), each contiguous.
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


def load_network(path):
    """(network with the averaged parameters, checkpoint)."""
    state = torch.load(path)
    network = StyleNetwork(len(state["styles"]) + 1)
    assign(network, state["average"])
    return network.eval(), state


def style_names(state):
    return ["identity"] + [style["name"] for style in state["styles"]]


def transfer(network, styles, state, nearest):
    """Starts `network` from a checkpoint of another list of styles: the trunk and the rows of
    styles that both have; every other style gets the row of the checkpoint's style that
    `nearest(index, candidates)` picks (indices into `styles`; -1 means the mean of all rows).
    Returns the names of the new styles."""
    old_names = style_names(state)
    old = split_like(state["average"], StyleNetwork(len(old_names)))
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
