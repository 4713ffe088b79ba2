"""The two layers of a training step that decide its speed, as PyTorch functions.

Owns: `style_norm` and `feature`, autograd functions over kernels.c, which is compiled at first use,
on [N,C,H,W] tensors in channels-last memory, C a multiple of 4 (of features: of 8); and what they
mean in plain PyTorch. `python3 kernels.py` checks one against the other. Nothing else in this
folder knows about C.
"""
import ctypes
import functools
import hashlib
import os
import subprocess
import tempfile

import torch
import torch.nn.functional as F

EPSILON = 1e-5
LEAK = 0.1
_SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernels.c")
_FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-shared", "-fPIC"]


def _load():
    with open(_SOURCE, "rb") as source:
        digest = hashlib.sha256(source.read()).hexdigest()[:16]
    path = os.path.join(tempfile.gettempdir(), f"impasto_kernels_{os.getuid()}_{digest}.so")
    if not os.path.exists(path):
        partial = f"{path}.{os.getpid()}"
        subprocess.run(["gcc", *_FLAGS, _SOURCE, "-o", partial, "-lm"], check=True)
        os.replace(partial, path)
    return ctypes.CDLL(path)


def keep_freed_memory():
    """Stops glibc from returning every large tensor to the kernel: page faults cost more than
    the arithmetic otherwise."""
    libc = ctypes.CDLL("libc.so.6")
    libc.mallopt(-4, 0)          # M_MMAP_MAX
    libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
    libc.mallopt(-2, 256 << 20)  # M_TOP_PAD


@functools.lru_cache(None)
def _library():
    keep_freed_memory()
    return _load()


def channels_last(tensor):
    return tensor.contiguous(memory_format=torch.channels_last)


def _new(count, channels, height, width):
    return torch.empty((count, channels, height, width), memory_format=torch.channels_last)


def _pointer(tensor):
    return None if tensor is None else ctypes.c_void_p(tensor.data_ptr())


class _StyleNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, residual, relu, up):
        x, gamma, beta = channels_last(x), gamma.contiguous(), beta.contiguous()
        residual = None if residual is None else channels_last(residual)
        count, channels, height, width = x.shape
        out = _new(count, channels, up * height + 2, up * width + 2)
        statistics = torch.empty(count, 2, channels)
        _library().style_norm_forward(
            _pointer(x), _pointer(gamma), _pointer(beta), _pointer(residual), _pointer(out),
            _pointer(statistics), count, height, width, channels, int(relu), up,
            ctypes.c_float(EPSILON))
        ctx.save_for_backward(x, gamma, beta, statistics)
        ctx.options = (relu, up, residual is not None)
        return out

    @staticmethod
    def backward(ctx, grad_out):
        x, gamma, beta, statistics = ctx.saved_tensors
        relu, up, has_residual = ctx.options
        count, channels, height, width = x.shape
        grad_out = channels_last(grad_out)
        grad_x = _new(count, channels, height, width)
        grad_gamma, grad_beta = torch.empty(count, channels), torch.empty(count, channels)
        grad_residual = _new(count, channels, height + 2, width + 2) if has_residual else None
        _library().style_norm_backward(
            _pointer(x), _pointer(gamma), _pointer(beta), _pointer(statistics), _pointer(grad_out),
            _pointer(grad_x), _pointer(grad_gamma), _pointer(grad_beta), _pointer(grad_residual),
            count, height, width, channels, int(relu), up)
        return grad_x, grad_gamma, grad_beta, grad_residual, None, None


def style_norm(x, gamma, beta, residual=None, relu=True, up=1):
    """pad(upsample(relu(instance_norm(x) * gamma + beta) + residual)): gamma, beta [N,C]; the
    residual is padded already; padding is reflection by one pixel, upsampling nearest by `up`."""
    return _StyleNorm.apply(x, gamma, beta, residual, relu, up)


def pad(x):
    return F.pad(x, (1, 1, 1, 1), mode="reflect")


def plain_style_norm(x, gamma, beta, residual, relu, up):
    variance, mean = torch.var_mean(x, (2, 3), unbiased=False, keepdim=True)
    scale = gamma[..., None, None] * (variance + EPSILON).rsqrt()
    x = torch.addcmul(beta[..., None, None] - mean * scale, x, scale)
    x = F.relu(x) if relu else x
    x = x if residual is None else x + residual[:, :, 1:-1, 1:-1]
    return pad(F.interpolate(x, scale_factor=2.0, mode="nearest") if up == 2 else x)


class _Feature(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, pool, statistics):
        x = channels_last(x)
        count, channels, height, width = x.shape
        feature, mean = _new(count, channels, height, width), torch.zeros(count, channels)
        covariance = torch.empty(count, channels, channels) if statistics else None
        pooled = _new(count, channels, height // 2 + 2, width // 2 + 2) if pool else None
        _library().feature_forward(
            _pointer(x), _pointer(feature), _pointer(mean), _pointer(covariance), _pointer(pooled),
            count, height, width, channels, ctypes.c_float(LEAK))
        ctx.save_for_backward(feature, mean)
        ctx.options = (pool, statistics)
        ctx.set_materialize_grads(False)
        empty = mean.new_zeros(1)
        return (feature, mean, covariance if statistics else empty, pooled if pool else empty)

    @staticmethod
    def backward(ctx, grad_feature, grad_mean, grad_covariance, grad_pooled):
        feature, mean = ctx.saved_tensors
        pool, statistics = ctx.options
        count, channels, height, width = feature.shape
        pair = offset = None
        if statistics and grad_covariance is not None:
            # d(covariance)/d(feature at p) = ((G + G^T) / P) (feature - mean); the mean's is 1 / P.
            pixels = height * width
            pair = ((grad_covariance + grad_covariance.transpose(1, 2)) / pixels).contiguous()
            offset = -torch.einsum("nij,nj->ni", pair, mean)
            if grad_mean is not None:
                offset = offset + grad_mean / pixels
            offset = offset.contiguous()
        grad_feature = None if grad_feature is None else channels_last(grad_feature)
        grad_pooled = channels_last(grad_pooled) if pool and grad_pooled is not None else None
        grad_x = _new(count, channels, height, width)
        _library().feature_backward(
            _pointer(feature), _pointer(pair), _pointer(offset), _pointer(grad_pooled),
            _pointer(grad_feature), _pointer(grad_x), count, height, width, channels,
            ctypes.c_float(LEAK))
        return grad_x, None, None


def feature(x, pool=True, statistics=True):
    """(leaky(x), its mean [N,C], its covariance [N,C,C], pad(mean_pool_2x2(leaky(x)))).
    The last two are empty where `statistics` or `pool` is off."""
    return _Feature.apply(x, pool, statistics)


def plain_feature(x):
    f = F.leaky_relu(x, LEAK)
    flat = f.flatten(2)
    mean = flat.mean(2)
    covariance = flat @ flat.transpose(1, 2) / flat.shape[2] - mean[:, :, None] * mean[:, None]
    return f, mean, covariance, pad(F.avg_pool2d(f, 2))


def _check():
    """Compares values and gradients with plain PyTorch on odd shapes; raises where they differ."""
    torch.manual_seed(1)

    def leaf(*shape):
        return channels_last(torch.randn(shape)).requires_grad_()

    def compare(name, ours, reference, leaves):
        def weighted(outputs):
            return sum((o * torch.sin(torch.arange(o.numel()).view(o.shape).float())).sum()
                       for o in outputs)

        total, other = weighted(ours), weighted(reference)
        pairs = list(zip(ours, reference)) + list(
            zip(torch.autograd.grad(total, leaves), torch.autograd.grad(other, leaves)))
        worst = max(float((a - b).abs().max() / (b.abs().max() + 1e-6)) for a, b in pairs)
        print(f"{name}: largest relative difference {worst:.1e}")
        assert worst < 1e-4, name

    for relu, up, with_residual in ((True, 1, False), (False, 2, True), (True, 2, False)):
        x, gamma, beta = leaf(2, 12, 7, 9), torch.randn(2, 12, requires_grad=True), torch.randn(
            2, 12, requires_grad=True)
        residual = leaf(2, 12, 9, 11) if with_residual else None
        plain = plain_style_norm(x, gamma, beta, residual, relu, up)
        leaves = [x, gamma, beta] + ([residual] if with_residual else [])
        compare(f"style_norm relu={relu} up={up}",
                [style_norm(x, gamma, beta, residual, relu, up)], [plain], leaves)
    x = leaf(2, 24, 7, 10)
    compare("feature", list(feature(x)), list(plain_feature(x)), [x])


if __name__ == "__main__":
    _check()
