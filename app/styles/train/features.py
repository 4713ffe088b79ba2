"""The network in whose features content and style are compared.

Owns: loading a plain chain of 3x3 convs (conv1.w, conv1.b, conv2.w, ... in an .npz file; RGB in
0..1, leaky ReLU 0.1, a 2x2 pool between) and its statistics. Mean pooling replaces max pooling and
reflection padding zero padding, which makes cleaner pictures. Every channel is scaled to a root
mean square of one on photographs, so that no layer's units matter (leaky ReLU is positively
homogeneous: the next layer's weights take the factor back).
"""
import numpy as np
import torch
import torch.nn.functional as F

import kernels

LAYERS = 5


class FeatureNetwork:
    def __init__(self, path, photos):
        """path: the .npz; photos [N,3,H,W] to calibrate on."""
        arrays = np.load(path)

        def load(kind):
            return [torch.from_numpy(arrays[f"conv{i}.{kind}"].copy())
                    for i in range(1, LAYERS + 1)]

        self.weights, self.biases = load("w"), load("b")
        self._calibrate(photos)

    def _calibrate(self, photos):
        x, previous = photos, None
        with torch.no_grad():
            for i in range(LAYERS):
                weight, bias = self.weights[i], self.biases[i]
                if previous is not None:
                    weight = weight * previous.view(1, -1, 1, 1)
                f = F.leaky_relu(F.conv2d(kernels.pad(x), weight, bias), kernels.LEAK)
                rms = f.pow(2).mean((0, 2, 3)).sqrt().clamp_min(1e-3)
                self.weights[i] = kernels.channels_last(weight / rms.view(-1, 1, 1, 1))
                self.biases[i] = bias / rms
                x = F.avg_pool2d(f / rms.view(1, -1, 1, 1), 2)
                previous = rms

    def __call__(self, image, layers=LAYERS, statistics=True):
        """[(feature [N,C,h,w], mean [N,C], covariance [N,C,C])] of the first `layers` layers."""
        x = kernels.channels_last(kernels.pad(image))
        out = []
        for i in range(layers):
            f, mean, covariance, x = kernels.feature(
                F.conv2d(x, self.weights[i], self.biases[i]), i < layers - 1, statistics)
            out.append((f, mean, covariance))
        return out
