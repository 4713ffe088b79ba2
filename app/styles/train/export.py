"""Writes a checkpoint as a pack: one standard ONNX file (opset 13) with all styles.

    python3 export.py CHECKPOINT.pt PACK.onnx

Convolution weights are stored as fp16, cast back in the graph, where that changes no value of the
test pictures by more than one code of 255, else as fp32.

Inputs `image` [1,3,H,W] in 0..1 (H, W multiples of 8) and `style` [1,S], weights over the styles
that sum to one; output `output` [1,3,H,W]. What depends on `style` is MatMul with a table, Reshape
and one Sub. The file is written only if onnx.checker accepts it and a plain interpreter of its
nodes (onnx_run.py) gives the same picture as the network, one code of 255 at most.
"""
import argparse
import json
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import torch

import checkpoint
import kernels
import network
import onnx_run

OPSET = 13


class GraphWriter:
    """Nodes and constants of the graph; every method returns the name of its result."""

    def __init__(self, half):
        """half: weights of convolutions are stored as fp16."""
        self.nodes, self.constants, self.half = [], [], half

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind, inputs, name, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def style_vector(self, table, name, shape):
        """style @ table as a tensor of `shape`."""
        table = self.constant(name + "_table", table.detach().numpy().astype(np.float32))
        shape = self.constant(name + "_shape", np.array(shape, np.int64))
        return self.node("Reshape", [self.node("MatMul", ["style", table], name + "_row"), shape],
                         name)

    def conv(self, x, weight, name, stride=1, bias=None):
        padded = self.node("Pad", [x, "pads"], name + "_pad", mode="reflect")
        stored = self.constant(name + "_weight", weight.astype(np.float16 if self.half else
                                                               np.float32))
        if self.half:
            stored = self.node("Cast", [stored], name + "_weight_fp32", to=TensorProto.FLOAT)
        inputs = [padded, stored]
        if bias is not None:
            inputs.append(self.constant(name + "_bias", bias))
        return self.node("Conv", inputs, name, kernel_shape=[3, 3], strides=[stride, stride])

    def upsample(self, x, name):
        return self.node("Resize", [x, "", "twice"], name, mode="nearest",
                         coordinate_transformation_mode="asymmetric", nearest_mode="floor")


def squeeze_order():
    """PyTorch's pixel_unshuffle channel (colour, y, x) at every ONNX SpaceToDepth one (y, x,
    colour)."""
    block = network.SQUEEZE
    return [c * block**2 + i for i in range(block**2) for c in range(3)]


def build(net, styles, half):
    graph, plan = GraphWriter(half), net.plan
    graph.constant("pads", np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
    graph.constant("twice", np.array([1, 1, 2, 2], np.float32))
    gammas = torch.split(net.gamma, net.widths, 1)
    betas = torch.split(net.beta, net.widths, 1)
    weights = [w.detach().contiguous().numpy() for w in net.convs]
    weights[0] = weights[0][:, squeeze_order()]
    index = iter(range(len(plan)))

    def layer(x, relu=True):
        i = next(index)
        name, _, width, stride = plan[i]
        x = graph.conv(x, weights[i], name, stride)
        x = graph.node("InstanceNormalization",
                       [x, graph.style_vector(gammas[i], name + "_gamma", [width]),
                        graph.style_vector(betas[i], name + "_beta", [width])],
                       name + "_norm", epsilon=kernels.EPSILON)
        return graph.node("Relu", [x], name + "_relu") if relu else x

    first = layer(graph.node("SpaceToDepth", ["image"], "squeeze", blocksize=network.SQUEEZE))
    x = layer(layer(first))
    for i in range(net.architecture.blocks):
        x = graph.node("Add", [x, layer(layer(x), relu=False)], f"block{i}")
    x = layer(graph.upsample(x, "up1_nearest"))
    x = layer(graph.upsample(x, "up2_nearest"))
    x = graph.node("Add", [x, first], "skip")
    weight, bias = (value.detach().contiguous().numpy() for value in net.last_layer())
    x = graph.conv(x, weight, "last", bias=bias)
    x = graph.node("DepthToSpace", [x], "logits", blocksize=network.SQUEEZE, mode="CRD")

    luma = graph.node("Conv", ["image", graph.constant("luma_weight", net.luma.numpy())], "luma",
                      kernel_shape=[1, 1])
    exposure = graph.node("Mul", [luma, graph.style_vector(net.gain, "gain", [1, 3, 1, 1])],
                          "exposure_gain")
    exposure = graph.node("Add", [exposure, graph.style_vector(net.offset, "offset", [1, 3, 1, 1])],
                          "exposure")
    painting = graph.node("Sigmoid", [graph.node("Add", [x, exposure], "lit")], "painting")
    photo = graph.style_vector(net.photo, "photo", [1, 1, 1, 1])
    share = graph.node("Sub", [graph.constant("one", np.ones((1, 1, 1, 1), np.float32)), photo],
                       "painting_share")
    graph.node("Add", [graph.node("Mul", [painting, share], "painting_part"),
                       graph.node("Mul", ["image", photo], "photo_part")], "output")

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    body = helper.make_graph(
        graph.nodes, "impasto_" + net.pack,
        [value("image", [1, 3, "H", "W"]), value("style", [1, net.style_count])],
        [value("output", [1, 3, "H", "W"])], graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)],
                              producer_name="impasto")
    model.ir_version = 7
    identity = {"name": "identity", "painter": "", "title": "The picture itself", "year": ""}
    keys = ("name", "painter", "title", "year")
    listed = [identity] + [{key: style[key] for key in keys} for style in styles]
    properties = {"styles": json.dumps(listed), "identity_style": "0",
                  "size_multiple": str(network.SIZE_MULTIPLE), "input_range": "0..1",
                  "output_range": "0..1"}
    for key, text in properties.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text
    return model


def worst_difference(model, net):
    """Largest difference, in codes of 255, between the model and the network on pictures of two
    sizes in every style and a mix."""
    onnx.checker.check_model(model, full_check=True)
    worst = 0.0
    generator = torch.Generator().manual_seed(3)
    for height, width in ((64, 96), (88, 72)):
        coarse = torch.rand(1, 3, 6, 7, generator=generator)
        image = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
        image = (image + 0.1 * torch.rand(image.shape, generator=generator)).clamp(0, 1)
        mix = torch.rand(1, net.style_count, generator=generator)
        for style in [*torch.eye(net.style_count).split(1), mix / mix.sum()]:
            with torch.no_grad():
                expected = net.forward_plain(image, style)
            found = onnx_run.run(model, {"image": image, "style": style})["output"]
            worst = max(worst, float((found - expected).abs().max()) * 255)
        if not torch.equal(onnx_run.run(model, {
                "image": image, "style": torch.eye(net.style_count)[:1]})["output"], image):
            raise SystemExit("identity is not exact")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("pack")
    options = parser.parse_args()
    torch.set_num_threads(1)
    net, state = checkpoint.load_network(options.checkpoint)
    for half in (True, False):
        model = build(net, state["styles"], half)
        worst = worst_difference(model, net)
        if worst <= 1:
            break
    else:
        raise SystemExit(f"the exported graph differs by {worst:.2f} codes of 255")
    partial = options.pack + ".partial"
    onnx.save(model, partial)
    os.replace(partial, options.pack)
    print(f"{options.pack}: {len(state['styles'])} styles and identity, "
          f"{os.path.getsize(options.pack)} bytes, weights of fp{16 if half else 32}, "
          f"{worst:.2f} codes off, {net.macs_per_pixel():.0f} MAC per pixel, "
          f"iteration {state['iteration']}")


if __name__ == "__main__":
    main()
