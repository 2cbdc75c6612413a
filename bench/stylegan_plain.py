"""StyleGAN2 and StyleGAN3 as their papers write them down: the plain formulation to compare with.

Every sample gets weights of its own (one grouped convolution), every filter runs over inserted
zeros. Written from published facts, and independently of `engine.generators`.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

ROOT2 = math.sqrt(2)
GAINS = {"lrelu": ROOT2, "relu": ROOT2, "swish": ROOT2}


class Plain:
    """A network's tensors and attributes, ready to draw from."""

    def __init__(self, state: Mapping[str, Any], modules: Mapping[str, Mapping[str, Any]]) -> None:
        self.state = {name: torch.as_tensor(value) for name, value in state.items()}
        self.modules = modules

    def dense(self, name: str, x: Tensor) -> Tensor:
        """Apply a dense layer."""
        at = self.modules[name]
        weight = self.state[f"{name}.weight"] * at["weight_gain"]
        y = x @ weight.T + self.state[f"{name}.bias"] * at["bias_gain"]
        return act(y, at["activation"], GAINS.get(at["activation"], 1.0), None)

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Map latents and classes to styles."""
        x = unit(z)
        if c is not None:
            x = torch.cat([x, unit(self.dense("mapping.embed", c))], dim=1)
        for index in range(self.modules["mapping"]["num_layers"]):
            x = self.dense(f"mapping.fc{index}", x)
        return x


def unit(x: Tensor) -> Tensor:
    """Bring rows to unit second moment."""
    return x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()


def act(x: Tensor, name: str, gain: float, clamp: float | None) -> Tensor:
    """Activate, scale, clamp."""
    table: dict[str, Any] = {
        "linear": lambda v: v, "lrelu": lambda v: functional.leaky_relu(v, 0.2),
        "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "elu": functional.elu,
        "selu": functional.selu, "softplus": functional.softplus,
        "swish": lambda v: torch.sigmoid(v) * v,
    }  # fmt: skip
    y: Tensor = table[name](x) * gain
    return y if clamp is None else y.clamp(-clamp, clamp)


def filtered(x: Tensor, taps: Tensor, up: int, down: int, pad: tuple[int, ...]) -> Tensor:
    """Insert zeros, pad, convolve, decimate: each step as the definition says it."""
    n, channels, height, width = x.shape
    if up > 1:
        x = x.reshape(n, channels, height, 1, width, 1)
        x = functional.pad(x, (0, up - 1, 0, 0, 0, up - 1))
        x = x.reshape(n, channels, height * up, width * up)
    x = functional.pad(x, pad)
    if taps.ndim == 1:
        row = taps.flip(0).expand(channels, 1, 1, -1)
        x = functional.conv2d(x, row, groups=channels)
        x = functional.conv2d(x, row.transpose(2, 3), groups=channels)
    else:
        plane = taps.flip(0, 1).expand(channels, 1, -1, -1)
        x = functional.conv2d(x, plane, groups=channels)
    return x[:, :, ::down, ::down]


def doubled(x: Tensor, taps: Tensor) -> Tensor:
    """Enlarge twice."""
    n = taps.shape[-1]
    low, high = (n + 1) // 2, (n - 2) // 2
    return filtered(x, taps * (4 if taps.ndim == 2 else 2), 2, 1, (low, high, low, high))


def modulated(
    x: Tensor, weight: Tensor, s: Tensor, demodulate: bool, pad: int, up: int = 1,
    input_gain: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Convolve each sample with weights of its own."""
    n, inputs, height, width = x.shape
    w = weight[None] * s[:, None, :, None, None]
    if demodulate:
        w = w * (w.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    if input_gain is not None:
        w = w * input_gain
    x = x.reshape(1, n * inputs, height, width)
    if up == 2:
        w = w.transpose(1, 2).reshape(n * inputs, -1, *weight.shape[2:])
        y = functional.conv_transpose2d(x, w, stride=2, groups=n)
    else:
        w = w.reshape(-1, inputs, *weight.shape[2:])
        y = functional.conv2d(x, w, padding=pad, groups=n)
    return y.reshape(n, -1, *y.shape[2:])


def draw_stylegan2(net: Plain, ws: Tensor, noisy: bool = True) -> Tensor:
    """Draw a StyleGAN2."""
    state, modules = net.state, net.modules
    x = state["synthesis.b4.const"].expand(len(ws), -1, -1, -1)
    picture: Tensor | None = None
    at = 0
    for res in modules["synthesis"]["block_resolutions"]:
        place = f"synthesis.b{res}"
        architecture = modules[place]["architecture"]
        gain = math.sqrt(0.5) if architecture == "resnet" and res > 4 else 1.0
        side = None
        if res > 4:
            if architecture == "resnet":
                weight = state[f"{place}.skip.weight"] * modules[f"{place}.skip"]["weight_gain"]
                side = functional.conv2d(x, weight)
                side = doubled(side, state[f"{place}.skip.resample_filter"]) * gain
            x = _layer2(net, f"{place}.conv0", x, ws[:, at], noisy, 1.0)
            at += 1
        x = _layer2(net, f"{place}.conv1", x, ws[:, at], noisy, gain)
        at += 1
        x = x if side is None else side + x
        if picture is not None:
            picture = doubled(picture, state[f"{place}.resample_filter"])
        if f"{place}.torgb.weight" in state:
            s = net.dense(f"{place}.torgb.affine", ws[:, at])
            s = s * modules[f"{place}.torgb"]["weight_gain"]
            y = modulated(x, state[f"{place}.torgb.weight"], s, False, 0)
            y = y + state[f"{place}.torgb.bias"][:, None, None]
            y = act(y, "linear", 1.0, modules[f"{place}.torgb"]["conv_clamp"])
            picture = y if picture is None else picture + y
    assert picture is not None
    return picture


def _layer2(net: Plain, place: str, x: Tensor, w: Tensor, noisy: bool, gain: float) -> Tensor:
    state, at = net.state, net.modules[place]
    s = net.dense(f"{place}.affine", w)
    x = modulated(x, state[f"{place}.weight"], s, True, 1, at["up"])
    if at["up"] == 2:
        taps = state[f"{place}.resample_filter"]
        n = taps.shape[-1]
        low, high = (n + 1) // 2 - 1, (n - 2) // 2
        x = filtered(x, taps * (4 if taps.ndim == 2 else 2), 1, 1, (low, high, low, high))
    if noisy and at["use_noise"]:
        x = x + state[f"{place}.noise_const"] * state[f"{place}.noise_strength"]
    x = x + state[f"{place}.bias"][:, None, None]
    clamp = None if at["conv_clamp"] is None else at["conv_clamp"] * gain
    return act(x, at["activation"], at["act_gain"] * gain, clamp)


def draw_stylegan3(net: Plain, ws: Tensor, transform: Tensor | None = None) -> Tensor:
    """Draw a StyleGAN3."""
    x = _waves(net, ws[:, 0], transform)
    names = net.modules["synthesis"]["layer_names"]
    for index, name in enumerate(names, 1):
        x = _layer3(net, f"synthesis.{name}", x, ws[:, index])
    scale: float = net.modules["synthesis"]["output_scale"]
    return x * scale


def _waves(net: Plain, w: Tensor, transform: Tensor | None) -> Tensor:
    place = "synthesis.input"
    at, state = net.modules[place], net.state
    rest = state[f"{place}.transform"] if transform is None else transform
    pictures = []
    for t in net.dense(f"{place}.affine", w):
        c, s, x, y = (t / (t[0] ** 2 + t[1] ** 2).sqrt()).tolist()
        rotation = torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        move = torch.tensor([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
        whole = rotation @ move @ rest
        phases = state[f"{place}.phases"] + state[f"{place}.freqs"] @ whole[:2, 2]
        freqs = state[f"{place}.freqs"] @ whole[:2, :2]
        fade = (freqs.norm(dim=1) - at["bandwidth"]) / (at["sampling_rate"] / 2 - at["bandwidth"])
        width, height = at["size"]
        px = (torch.arange(width) + 0.5 - width / 2) / at["sampling_rate"]
        py = (torch.arange(height) + 0.5 - height / 2) / at["sampling_rate"]
        along, across = torch.meshgrid(py, px, indexing="ij")
        angle = across[..., None] * freqs[:, 0] + along[..., None] * freqs[:, 1] + phases
        values = torch.sin(2 * math.pi * angle) * (1 - fade).clamp(0, 1)
        weight = state[f"{place}.weight"] / math.sqrt(len(freqs))
        pictures.append((values @ weight.T).permute(2, 0, 1))
    return torch.stack(pictures)


def _layer3(net: Plain, place: str, x: Tensor, w: Tensor) -> Tensor:
    at, state = net.modules[place], net.state
    weight = state[f"{place}.weight"]
    s = net.dense(f"{place}.affine", w)
    is_colour = at["is_torgb"]
    if is_colour:
        s = s / math.sqrt(weight.shape[1])
    else:
        weight = weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
        s = s * s.square().mean(dim=1, keepdim=True).rsqrt()
    gain = state[f"{place}.magnitude_ema"].rsqrt()
    x = modulated(x, weight, s, not is_colour, weight.shape[-1] - 1, 1, gain)
    x = x + state[f"{place}.bias"][:, None, None]
    one = torch.ones(1)
    up, down = at["up_factor"], at["down_factor"]
    x = filtered(x, state.get(f"{place}.up_filter", one) * up, up, 1, tuple(at["padding"]))
    name, scale = ("linear", 1.0) if is_colour else ("lrelu", ROOT2)
    x = act(x, name, scale, at["conv_clamp"])
    return filtered(x, state.get(f"{place}.down_filter", one), 1, down, (0, 0, 0, 0))
