"""A plain interpreter of the ONNX operators that a pack uses, to check exported files.

Owns: one function per operator, by the ONNX definition and not by the network that wrote the file.
Depends on PyTorch for the arithmetic. To add an operator: one entry in OPERATORS.
"""
from onnx import helper, numpy_helper
import torch
import torch.nn.functional as F


def _pad(x, pads, mode):
    top, left, bottom, right = (int(pads[i]) for i in (2, 3, 6, 7))
    return F.pad(x, (left, right, top, bottom), mode=mode)


def _space_to_depth(x, block):
    count, channels, height, width = x.shape
    x = x.reshape(count, channels, height // block, block, width // block, block)
    return x.permute(0, 3, 5, 1, 2, 4).reshape(count, -1, height // block, width // block)


def _depth_to_space(x, block, mode):
    count, channels, height, width = x.shape
    if mode == "CRD":
        x = x.reshape(count, -1, block, block, height, width).permute(0, 1, 4, 2, 5, 3)
    else:
        x = x.reshape(count, block, block, -1, height, width).permute(0, 3, 4, 1, 5, 2)
    return x.reshape(count, channels // block**2, height * block, width * block)


def _resize(x, _roi, scales, **options):
    assert options["mode"] == "nearest" and options["nearest_mode"] == "floor"
    assert options["coordinate_transformation_mode"] == "asymmetric"
    for axis in (2, 3):
        size = int(x.shape[axis] * float(scales[axis]))
        index = (torch.arange(size) / float(scales[axis])).floor().long()
        x = x.index_select(axis, index)
    return x


def _instance_normalization(x, scale, bias, epsilon):
    mean = x.mean((2, 3), keepdim=True)
    variance = ((x - mean)**2).mean((2, 3), keepdim=True)
    return ((x - mean) / (variance + epsilon).sqrt() * scale.view(1, -1, 1, 1) +
            bias.view(1, -1, 1, 1))


OPERATORS = {
    "Add": lambda a, b: a + b,
    "Cast": lambda x, to: x.to({1: torch.float32, 10: torch.float16}[to]),
    "Conv": lambda x, w, b=None, strides=(1, 1), kernel_shape=None: F.conv2d(
        x, w, b, stride=tuple(strides)),
    "DepthToSpace": lambda x, blocksize, mode="DCR": _depth_to_space(x, blocksize, mode),
    "InstanceNormalization": _instance_normalization,
    "MatMul": lambda a, b: a @ b,
    "Mul": lambda a, b: a * b,
    "Pad": _pad,
    "Relu": F.relu,
    "Reshape": lambda x, shape: x.reshape(tuple(int(s) for s in shape)),
    "Resize": _resize,
    "Sigmoid": torch.sigmoid,
    "SpaceToDepth": lambda x, blocksize: _space_to_depth(x, blocksize),
    "Sub": lambda a, b: a - b,
}


def run(model, inputs):
    """{output name: tensor} of an onnx.ModelProto for {input name: tensor}."""
    values = {"": None, **inputs}
    for constant in model.graph.initializer:
        values[constant.name] = torch.from_numpy(numpy_helper.to_array(constant).copy())
    with torch.no_grad():
        for node in model.graph.node:
            options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            options = {k: v.decode() if isinstance(v, bytes) else v for k, v in options.items()}
            arguments = [values[name] for name in node.input]
            values[node.output[0]] = OPERATORS[node.op_type](*arguments, **options)
    return {output.name: values[output.name] for output in model.graph.output}
