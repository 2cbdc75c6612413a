"""Random StyleGAN networks of any configuration, as tensors by name and attributes by module."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
State = dict[str, Array]
Modules = dict[str, dict[str, Any]]
ROOT2 = math.sqrt(2)


class Maker:
    """Collects a network's tensors and attributes; weights are drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.RandomState(seed)
        self.state: State = {}
        self.modules: Modules = {"": {}}

    def draw(self, name: str, *shape: int, scale: float = 1.0, mean: float = 0.0) -> None:
        """Draw normals into the state."""
        values = self.random.standard_normal(shape) * scale + mean
        self.state[name] = np.asarray(values, np.float32)

    def dense(
        self, name: str, inputs: int, outputs: int, rate: float = 1.0, bias: float = 0.0,
        activation: str = "linear",
    ) -> None:  # fmt: skip
        """Add a dense layer."""
        self.draw(f"{name}.weight", outputs, inputs, scale=1 / rate)
        self.draw(f"{name}.bias", outputs, scale=0.3 / rate, mean=bias / rate)
        gain = rate / math.sqrt(inputs)
        self.modules[name] = {
            "activation": activation, "weight_gain": gain, "bias_gain": rate,
        }  # fmt: skip

    def mapping(self, z: int, c: int, w: int, num_ws: int, layers: int) -> None:
        """Add a mapping network."""
        features = z
        if c:
            self.dense("mapping.embed", c, w)
            features += w
        for index in range(layers):
            self.dense(f"mapping.fc{index}", features, w, 0.01, activation="lrelu")
            features = w
        self.draw("mapping.w_avg", w, scale=0.3)
        sizes = {"z_dim": z, "c_dim": c, "w_dim": w, "num_ws": num_ws}
        self.modules["mapping"] = {**sizes, "num_layers": layers}
        self.modules[""] |= sizes


def resample_filter(taps: list[float]) -> Array:
    """Normalise a filter as networks store it: a plane below eight taps, else a row."""
    row = np.asarray(taps, np.float64)
    row /= row.sum()
    return np.asarray(row if len(row) >= 8 else np.outer(row, row), np.float32)


def make_stylegan2(
    resolution: int,
    *,
    base: int = 32768,
    most: int = 512,
    dims: tuple[int, int, int] = (512, 0, 512),
    mapping_layers: int = 8,
    architecture: str = "skip",
    activation: str = "lrelu",
    clamp: float | None = 256.0,
    taps: tuple[float, ...] = (1, 3, 3, 1),
    noise: bool = True,
    start: tuple[int, int] = (4, 4),
    colours: int = 3,
    seed: int = 1,
) -> tuple[State, Modules]:
    """Make a StyleGAN2; `dims` are z, c and w, `start` is (H, W) of the constant."""
    maker = Maker(seed)
    z, c, w = dims
    resolutions = [2**k for k in range(2, int(math.log2(resolution)) + 1)]
    filters = resample_filter(list(taps))
    gain = ROOT2 if activation in ("lrelu", "relu", "swish") else 1.0

    def layer(name: str, inputs: int, outputs: int, factor: int, up: int) -> None:
        place = f"synthesis.{name}"
        maker.dense(f"{place}.affine", w, inputs, bias=1.0)
        maker.draw(f"{place}.weight", outputs, inputs, 3, 3)
        maker.draw(f"{place}.bias", outputs, scale=0.1)
        maker.state[f"{place}.resample_filter"] = filters
        if noise:
            maker.draw(f"{place}.noise_const", start[0] * factor, start[1] * factor)
            maker.state[f"{place}.noise_strength"] = np.float32(0.2 * maker.random.randn())  # type: ignore[assignment]  # a scalar tensor
        maker.modules[place] = {
            "up": up, "use_noise": noise, "activation": activation, "conv_clamp": clamp,
            "padding": 1, "act_gain": gain,
        }  # fmt: skip

    inputs = 0
    for res in resolutions:
        outputs, factor = min(base // res, most), res // 4
        place, is_last = f"synthesis.b{res}", res == resolution
        maker.state[f"{place}.resample_filter"] = filters
        maker.modules[place] = {
            "resolution": res, "architecture": architecture, "is_last": is_last, "use_fp16": False,
            "num_conv": 2 if inputs else 1,
        }  # fmt: skip
        if inputs:
            layer(f"b{res}.conv0", inputs, outputs, factor, 2)
        else:
            maker.draw(f"{place}.const", outputs, *start)
        layer(f"b{res}.conv1", outputs, outputs, factor, 1)
        if inputs and architecture == "resnet":
            maker.draw(f"{place}.skip.weight", outputs, inputs, 1, 1)
            maker.state[f"{place}.skip.resample_filter"] = filters
            skip_gain = {"weight_gain": 1 / math.sqrt(inputs), "up": 2, "activation": "linear"}
            maker.modules[f"{place}.skip"] = skip_gain
        if is_last or architecture == "skip":
            maker.dense(f"{place}.torgb.affine", w, outputs, bias=1.0)
            maker.draw(f"{place}.torgb.weight", colours, outputs, 1, 1)
            maker.draw(f"{place}.torgb.bias", colours, scale=0.1)
            weight_gain = 1 / math.sqrt(outputs)
            maker.modules[f"{place}.torgb"] = {"conv_clamp": clamp, "weight_gain": weight_gain}
        inputs = outputs
    num_ws = 2 * len(resolutions)
    maker.modules["synthesis"] = {"block_resolutions": resolutions, "num_ws": num_ws}
    maker.modules[""] |= {"img_resolution": resolution, "img_channels": colours}
    maker.mapping(z, c, w, num_ws, mapping_layers)
    return maker.state, maker.modules


def low_pass(taps: int, cutoff: float, width: float, rate: float, radial: bool) -> Array | None:
    """Design a Kaiser low-pass filter of `taps`, all frequencies in the unit of `rate`."""
    if taps == 1:
        return None
    attenuation = 2.285 * (taps - 1) * math.pi * (2 * width / (rate / 2)) + 7.95
    beta = 0.0
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation > 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    window = np.kaiser(taps, beta)
    x = (np.arange(taps) - (taps - 1) / 2) / rate
    if not radial:
        row = np.sinc(2 * cutoff * x) * window
        return np.asarray(row / row.sum(), np.float32)
    r = np.hypot(*np.meshgrid(x, x))
    theta = (np.arange(2000) + 0.5) * np.pi / 2000
    arguments = (2 * math.pi * cutoff * r)[..., None]
    bessel = np.cos(theta - arguments * np.sin(theta)).mean(axis=-1)  # J1, its integral
    plane = bessel / (math.pi * r) * np.outer(window, window)
    return np.asarray(plane / plane.sum(), np.float32)


def _schedule(px: int, layers: int, critical: int = 2) -> tuple[Any, Any, Any]:
    """How far each layer is, its stop-band frequency, and samples per picture.

    T. Karras et al., "Alias-free generative adversarial networks" (2021), appendix G.
    """
    exponent = np.minimum(np.arange(layers + 1) / (layers - critical), 1)
    stops = 2**2.1 * (px / 2 * 2**0.3 / 2**2.1) ** exponent
    return exponent, stops, np.exp2(np.ceil(np.log2(np.minimum(stops * 2, px))))


def _waves(maker: Maker, w: int, first: int, at: tuple[float, float, float]) -> None:
    """Add the Fourier features: `at` is their size, rate and cutoff."""
    size, rate, cutoff = at
    maker.dense("synthesis.input.affine", w, 4)
    maker.state["synthesis.input.affine.weight"] *= 0.3
    maker.state["synthesis.input.affine.bias"] = np.array([1, 0.2, 0.05, -0.1], np.float32)
    direction = maker.random.standard_normal((first, 2))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    reach = np.sqrt(maker.random.uniform(size=(first, 1))) * cutoff
    maker.state["synthesis.input.freqs"] = np.asarray(direction * reach, np.float32)
    maker.state["synthesis.input.phases"] = np.float32(maker.random.uniform(size=first) - 0.5)  # type: ignore[assignment]  # an array
    maker.draw("synthesis.input.weight", first, first)
    maker.state["synthesis.input.transform"] = np.eye(3, dtype=np.float32)
    maker.modules["synthesis.input"] = {
        "channels": first, "size": [int(size)] * 2, "sampling_rate": rate,
        "bandwidth": cutoff,
    }  # fmt: skip


def make_stylegan3(
    resolution: int,
    *,
    base: int = 32768,
    most: int = 512,
    dims: tuple[int, int, int] = (512, 0, 512),
    mapping_layers: int = 2,
    layers: int = 14,
    critical: int = 2,
    margin: int = 10,
    kernel: int = 3,
    radial: bool = False,
    filter_size: int = 6,
    output_scale: float = 0.25,
    clamp: float | None = 256.0,
    seed: int = 1,
) -> tuple[State, Modules]:
    """Make a StyleGAN3; ``kernel=1, radial=True`` with doubled base and most is config R."""
    maker = Maker(seed)
    z, c, w = dims
    e, stops, rates = _schedule(resolution, layers, critical)
    cutoffs = 2 * (resolution / 2 / 2) ** e
    widths = np.maximum(stops, rates / 2) - cutoffs
    sizes = rates + 2 * margin
    sizes[-2:] = resolution
    channels = np.rint(np.minimum(base / 2 / cutoffs, most)).astype(int)
    channels[-1] = 3
    _waves(maker, w, int(channels[0]), (float(sizes[0]), float(rates[0]), float(cutoffs[0])))
    names = []
    for index in range(layers + 1):
        before = max(index - 1, 0)
        is_colour, is_critical = index == layers, index >= layers - critical
        size = 1 if is_colour else kernel
        inner = max(rates[before], rates[index]) * (1 if is_colour else 2)
        up = int(inner / rates[before])
        down = int(inner / rates[index])
        up_taps = 1 if up == 1 else filter_size * up
        down_taps = 1 if down == 1 else filter_size * down
        total = (sizes[index] - 1) * down + 1 - (sizes[before] + size - 1) * up
        total = int(total + up_taps + down_taps - 2)
        low = (total + up) // 2
        name = f"L{index}_{int(sizes[index])}_{channels[index]}"
        names.append(name)
        place = f"synthesis.{name}"
        inputs, outputs = int(channels[before]), int(channels[index])
        maker.dense(f"{place}.affine", w, inputs, bias=1.0)
        maker.draw(f"{place}.weight", outputs, inputs, size, size)
        maker.draw(f"{place}.bias", outputs, scale=0.1)
        power = 0.3 + maker.random.uniform()
        maker.state[f"{place}.magnitude_ema"] = np.asarray(power, np.float32)
        is_radial = radial and not is_critical
        rising = low_pass(up_taps, cutoffs[before], widths[before], inner, False)
        falling = low_pass(down_taps, cutoffs[index], widths[index], inner, is_radial)
        if rising is not None:
            maker.state[f"{place}.up_filter"] = rising
        if falling is not None:
            maker.state[f"{place}.down_filter"] = falling
        maker.modules[place] = {
            "is_torgb": is_colour, "is_critically_sampled": is_critical, "use_fp16": False,
            "in_size": [int(sizes[before])] * 2, "out_size": [int(sizes[index])] * 2,
            "conv_kernel": size, "conv_clamp": clamp, "up_factor": up, "down_factor": down,
            "padding": [low, total - low, low, total - low], "down_radial": is_radial,
        }  # fmt: skip
    maker.modules["synthesis"] = {"layer_names": names, "output_scale": output_scale}
    maker.modules[""] |= {"img_resolution": resolution, "img_channels": 3}
    maker.mapping(z, c, w, layers + 2, mapping_layers)
    return maker.state, maker.modules


def network(name: str, **options: Any) -> tuple[State, Modules]:
    """A random network ``sg2-1024``, ``sg3t-1024``, ``sg3r-1024`` …, in float16 where files are.

    NVIDIA's are so in the last four resolutions.
    """
    kind, side = name.split("-")
    px = int(side)
    if kind == "sg2":
        state, modules = make_stylegan2(px, **options)
        for module, about in modules.items():
            if module.startswith("synthesis.b") and "resolution" in about:
                about["use_fp16"] = about["resolution"] > px // 16
        return state, modules
    shape = {"kernel": 1, "radial": True, "base": 65536, "most": 1024} if kind == "sg3r" else {}
    state, modules = make_stylegan3(px, **{**shape, **options})
    _, _, rates = _schedule(px, len(modules["synthesis"]["layer_names"]) - 1)
    for layer, rate in zip(modules["synthesis"]["layer_names"], rates, strict=True):
        modules[f"synthesis.{layer}"]["use_fp16"] = bool(rate * 16 > px)
    return state, modules
