"""Validation of networks: whether tensors and attributes fit, before anything is built from them.

A builder allocates what the attributes say; so no attribute may say more than the tensors hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from engine.models import pix2pix_shape, style_shape
from engine.models.network import ANSWERS, PIX2PIX, STYLEGAN2, Network
from engine.models.unpickle.inert import RefusedError

_MOST_DIM = 65_536
_MOST_SIDE_PX = 16_384
_MOST_KERNEL = 31
_MOST_TAPS = 256
_MOST_FACTOR = 16
_NUMBER = (int, float)
_NUMBERS = frozenset(("act_gain", "bandwidth", "bias_gain", "conv_clamp", "output_scale",
                      "sampling_rate", "weight_gain"))  # fmt: skip
_NAMES = frozenset(("activation", "architecture"))
State = Mapping[str, NDArray[Any]]


def check(network: Network) -> None:
    """Check a network.

    Raises
    ------
    RefusedError
        If something is missing, out of range, or two parts contradict each other.
    """
    for name, attributes in network.modules.items():
        _check_attributes(name, attributes)
    if network.family in ANSWERS:
        _check_whole(network)
        return
    top = network.modules.get("", {})
    for key in ("w_dim", "img_resolution", "img_channels"):
        _number(top, "", key, 1, _MOST_DIM)
    if top["img_channels"] == 2:
        raise RefusedError(
            "draws pictures of 2 channels, which are no colours: 1 (grey), 3 (colours) or 4 (with "
            "alpha) can be played"
        )
    classes = _number(top, "", "c_dim", 0, _MOST_DIM)
    # A network of classes alone needs no z.
    _number(top, "", "z_dim", 0 if classes else 1, _MOST_DIM)
    _check_mapping(network)
    if network.family == STYLEGAN2:
        _check_stylegan2(network)
    else:
        _check_stylegan3(network)


def shape(state: State, name: str, axes: int) -> tuple[int, ...]:
    """Return the shape of a tensor that must be there.

    Raises
    ------
    RefusedError
        If it is missing, empty, or has another number of axes.
    """
    tensor = state.get(name)
    if tensor is None:
        raise RefusedError(f"lacks {name}: the file is incomplete")
    if tensor.ndim != axes or 0 in tensor.shape:
        raise RefusedError(f"has {name} of shape {tensor.shape}, where {axes} axes are needed")
    return tensor.shape


def _number(attributes: Mapping[str, Any], module: str, key: str, low: int, high: int) -> int:
    value = attributes.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        place = f"{module}.{key}" if module else key
        raise RefusedError(f"has {str(value)[:40]} as {place}, where {low} to {high} is possible")
    return value


def _check_attributes(module: str, attributes: Mapping[str, Any]) -> None:
    """See to it that what a builder takes for a number or a name is one, or None."""
    for kinds, keys in ((_NUMBER, _NUMBERS), ((str,), _NAMES)):
        for key in keys & attributes.keys():
            value = attributes[key]
            if value is not None and type(value) not in kinds:
                place = f"{module}.{key}" if module else key
                raise RefusedError(f"has {str(value)[:40]} as {place[:80]}: it is damaged")


def _check_dense(state: State, name: str, sizes: tuple[int, int]) -> None:
    _same(f"{name}.weight", shape(state, f"{name}.weight", 2), sizes)
    if f"{name}.bias" in state:
        _same(f"{name}.bias", shape(state, f"{name}.bias", 1), sizes[:1])


def _check_filter(state: State, name: str) -> int:
    """Check a filter, if there is one: a line or a square; return the number of its taps."""
    taps = state.get(name)
    if taps is None:
        return 1
    count = taps.shape[0] if taps.ndim else 0
    if taps.shape not in ((count,), (count, count)) or not 0 < count <= _MOST_TAPS:
        raise RefusedError(f"has {name[:80]} of shape {taps.shape}: it is damaged")
    return count


def _same(name: str, found: object, needed: object) -> None:
    if found != needed:
        raise RefusedError(f"has {name} of {found}, where {needed} fits the rest: it is damaged")


def _check_whole(network: Network) -> None:
    """Check that the tensors are exactly those of the shape that the attributes tell."""
    top = network.modules[""]
    shapes = pix2pix_shape if network.family == PIX2PIX else style_shape
    try:
        needed = shapes.shape_of(top).tensors()
    except ValueError as error:
        raise RefusedError(f"has {error}: it is damaged") from None
    _number(top, "", "img_resolution", 1, _MOST_SIDE_PX)
    for name in network.state.keys() - needed.keys():
        raise RefusedError(f"has {name[:80]}, which no such network has: it is damaged")
    for name, size in needed.items():
        _same(name, shape(network.state, name, len(size)), size)
        if network.state[name].dtype.kind != "f":
            raise RefusedError(f"has {network.state[name].dtype} numbers in {name}: it is damaged")


def _check_mapping(network: Network) -> None:
    state, modules = network.state, network.modules
    top = modules[""]
    mapping = modules.get("mapping", {})
    for key in ("z_dim", "c_dim", "w_dim"):
        _same(f"mapping.{key}", mapping.get(key), top[key])
    count = _number(mapping, "mapping", "num_layers", 1, 64)
    features = top["z_dim"]
    if top["c_dim"]:
        features += _embedded(state, top)
    for i in range(count):
        out, into = shape(state, f"mapping.fc{i}.weight", 2)
        _same(f"mapping.fc{i}.weight", into, features)
        _same(f"mapping.fc{i}.bias", shape(state, f"mapping.fc{i}.bias", 1), (out,))
        features = out
    _same(f"mapping.fc{count - 1}.weight", features, top["w_dim"])
    average = state.get("mapping.w_avg")
    if average is not None and average.shape != (top["c_dim"], top["w_dim"]):
        _same("mapping.w_avg", average.shape, (top["w_dim"],))


def _embedded(state: State, top: Mapping[str, Any]) -> int:
    """How many numbers the class adds to z."""
    first, second = shape(state, "mapping.embed.weight", 2)
    if "mapping.embed_proj.weight" not in state:
        _check_dense(state, "mapping.embed", (first, top["c_dim"]))
        return first
    # StyleGAN-XL: a table of classes, then a projection.
    _same("mapping.embed.weight", first, top["c_dim"])
    out, _ = shape(state, "mapping.embed_proj.weight", 2)
    _check_dense(state, "mapping.embed_proj", (out, second))
    return out


def _check_layer(state: State, name: str, channels: int, w_dim: int) -> int:
    """Check a modulated convolution; return its number of output channels."""
    out, into, height, width = shape(state, f"{name}.weight", 4)
    _same(f"{name}.weight", into, channels)
    if height != width or height > _MOST_KERNEL:
        raise RefusedError(f"has {name}.weight of {height}×{width} taps: it is damaged")
    _check_dense(state, f"{name}.affine", (channels, w_dim))
    _same(f"{name}.bias", shape(state, f"{name}.bias", 1), (out,))
    return out


def _check_stylegan2(network: Network) -> None:
    state, modules = network.state, network.modules
    channels, height, width = shape(state, "synthesis.b4.const", 3)
    blocks = modules["synthesis"].get("block_resolutions")
    if (
        not isinstance(blocks, list)
        or not 0 < len(blocks) <= 12
        or blocks != [4 << k for k in range(len(blocks))]
    ):
        raise RefusedError(f"has blocks for {str(blocks)[:80]}, where 4, 8, 16… are needed")
    for k, resolution in enumerate(blocks):
        block = f"synthesis.b{resolution}"
        if block not in modules:
            raise RefusedError(f"lacks the attributes of {block}: the file is incomplete")
        _check_noise(network, block, (height << k, width << k))
        channels = _check_block(network, block, channels, k == 0)
    if max(height, width) << (len(blocks) - 1) > _MOST_SIDE_PX:
        raise RefusedError("makes pictures larger than any screen: it is damaged")
    shape(state, f"synthesis.b{blocks[-1]}.torgb.weight", 4)


def _check_block(network: Network, block: str, into: int, is_first: bool) -> int:
    """Check a resolution of a StyleGAN2; return the number of its channels."""
    state, modules = network.state, network.modules
    top, architecture = modules[""], modules[block].get("architecture")
    channels = into
    for conv, up in (("conv0", 2), ("conv1", 1)):
        layer = f"{block}.{conv}"
        if conv == "conv1" or not is_first:
            channels = _check_layer(state, layer, channels, top["w_dim"])
            _same(f"{layer}.up", modules.get(layer, {}).get("up", up), up)
            if not shape(state, f"{layer}.weight", 4)[-1] % 2:
                raise RefusedError(f"has {layer}.weight of an even number of taps: it is damaged")
        _check_filter(state, f"{layer}.resample_filter")
    _check_filter(state, f"{block}.resample_filter")
    if architecture == "skip" or f"{block}.torgb.weight" in state:
        rgb = _check_layer(state, f"{block}.torgb", channels, top["w_dim"])
        sizes = shape(state, f"{block}.torgb.weight", 4)
        _same(f"{block}.torgb.weight", sizes, (top["img_channels"], channels, 1, 1))
        _same(f"{block}.torgb.bias", rgb, top["img_channels"])
    if architecture == "resnet" and not is_first:
        sizes = shape(state, f"{block}.skip.weight", 4)
        _same(f"{block}.skip.weight", sizes, (channels, into, 1, 1))
        _check_filter(state, f"{block}.skip.resample_filter")
    return channels


def _check_noise(network: Network, block: str, size: tuple[int, int]) -> None:
    state = network.state
    for conv in ("conv0", "conv1"):
        layer = f"{block}.{conv}"
        is_told = network.modules.get(layer, {}).get("use_noise") is True
        if is_told or f"{layer}.noise_const" in state:
            _same(f"{layer}.noise_const", shape(state, f"{layer}.noise_const", 2), size)
            shape(state, f"{layer}.noise_strength", 0)


def _check_stylegan3(network: Network) -> None:
    state, modules = network.state, network.modules
    w_dim = modules[""]["w_dim"]
    names = modules["synthesis"].get("layer_names")
    if not isinstance(names, list) or not names or len(names) > 64:
        raise RefusedError("lacks synthesis.layer_names: the file is incomplete")
    channels, waves = shape(state, "synthesis.input.weight", 2)
    _same("synthesis.input.freqs", shape(state, "synthesis.input.freqs", 2), (waves, 2))
    _same("synthesis.input.phases", shape(state, "synthesis.input.phases", 1), (waves,))
    _same("synthesis.input.transform", shape(state, "synthesis.input.transform", 2), (3, 3))
    _check_dense(state, "synthesis.input.affine", (4, w_dim))
    source = modules.get("synthesis.input", {})
    _check_sizes(source, "synthesis.input", ("size",))
    for key in ("sampling_rate", "bandwidth"):
        if not 0 < (source.get(key) or 0) <= _MOST_SIDE_PX:
            raise RefusedError(f"has {source.get(key)} as synthesis.input.{key}: it is damaged")
    size: Any = source["size"]
    if not isinstance(size, list):
        raise RefusedError(f"has {size} as synthesis.input.size, where two are needed")
    for name in names:
        layer = f"synthesis.{name}"
        attributes = modules.get(layer)
        if attributes is None:
            raise RefusedError(f"lacks {layer[:80]}: the file is incomplete")
        channels = _check_layer(state, layer, channels, w_dim)
        shape(state, f"{layer}.magnitude_ema", 0)
        size = _check_filters(state, layer, attributes, size)
    _same("the last layer", channels, modules[""]["img_channels"])


def _check_sizes(attributes: Mapping[str, Any], module: str, keys: tuple[str, ...]) -> None:
    for key in keys:
        value = attributes.get(key)
        sides = value if isinstance(value, list) else [value, value]
        if len(sides) != 2 or not all(
            isinstance(side, int | float) and 1 <= side <= _MOST_SIDE_PX for side in sides
        ):
            raise RefusedError(f"has {str(value)[:40]} as {module}.{key}: it is damaged")


def _check_filters(
    state: State, layer: str, attributes: Mapping[str, Any], size: list[int]
) -> list[int]:
    """Check how a layer of a StyleGAN3 filters what has `size`; return the size of its result."""
    _check_sizes(attributes, layer, ("in_size", "out_size"))
    padding = attributes.get("padding")
    if not isinstance(padding, list) or len(padding) != 4:
        raise RefusedError(f"lacks {layer}.padding: the file is incomplete")
    for value in padding:
        _number({"padding": value}, layer, "padding", -_MOST_SIDE_PX, _MOST_SIDE_PX)
    up = int(_number(attributes, layer, "up_factor", 1, _MOST_FACTOR))
    down = int(_number(attributes, layer, "down_factor", 1, _MOST_FACTOR))
    lost = sum(_check_filter(state, f"{layer}.{way}_filter") - 1 for way in ("up", "down"))
    grown = shape(state, f"{layer}.weight", 4)[-1] - 1
    result = []
    for side, pads in zip(size, (padding[:2], padding[2:]), strict=True):
        result.append((int((side + grown) * up + sum(pads)) - lost - 1) // down + 1)
    out: Any = attributes["out_size"]
    _same(f"{layer}.out_size", out if isinstance(out, list) else [out, out], result)
    return result
