"""The module attributes of a StyleGAN3 generator, worked out from its tensors where they lack."""

from __future__ import annotations

import re
from typing import Any

from engine.models.formats.modules import Choices, State, fill, fully_connected, mapping, need
from engine.models.unpickle.inert import RefusedError

_NAME = re.compile(r"L(\d{1,3})_(\d{1,5})_\d{1,5}")  # place, size, channels
_MARGIN = 10  # pixels beyond the picture, as the trainers have it unless told otherwise
_FILTER = 6  # taps per factor, likewise
Modules = dict[str, dict[str, Any]]


def complete(state: State, modules: Modules, choices: Choices) -> None:
    """Add the attributes that a file lacks, in place; what it has stays, and decides.

    Parameters
    ----------
    choices
        What shapes do not tell, as far as the file does.

    Raises
    ------
    RefusedError
        If a tensor is missing or has another number of axes, or layers have no order.
    """
    synthesis = modules.setdefault("synthesis", {})
    names = synthesis.setdefault("layer_names", _order(modules))
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise RefusedError("lacks the order of its layers (synthesis.layer_names): it is damaged")
    maps = mapping(state, choices, len(names) + 1)
    if "mapping.embed_proj.weight" in state:
        _know_projection(state, maps)
    fill(modules, "", {key: maps["mapping"][key] for key in ("z_dim", "c_dim", "w_dim")})
    for name, attributes in maps.items():
        fill(modules, name, attributes)
    _complete_input(state, modules, names[0])
    before = modules["synthesis.input"].get("size")
    for name in names:
        before = _complete_layer(state, modules, name, before, choices.conv_clamp)
    last = f"synthesis.{names[-1]}"
    image = {
        "img_channels": need(state, f"{last}.weight", 4).shape[0],
        "img_resolution": int(max(modules[last]["out_size"])),
        "num_ws": len(names) + 1,
    }
    fill(modules, "", image)
    fill(modules, "synthesis", image | {"output_scale": choices.output_scale})


def _order(modules: Modules) -> list[str]:
    """Layers by the numbers in their names; none, if two have the same."""
    places = {}
    for path in modules:
        name = path.removeprefix("synthesis.")
        if path.startswith("synthesis.") and (match := _NAME.fullmatch(name)):
            places[name] = int(match[1])
    ordered = sorted(places, key=lambda name: places[name])
    return ordered if len(set(places.values())) == len(places) else []


def _know_projection(state: State, maps: Modules) -> None:
    """StyleGAN-XL: the embedding is a table with a row per class, projected to z's length."""
    table = need(state, "mapping.embed.weight", 2)
    projection = need(state, "mapping.embed_proj.weight", 2)
    first = need(state, "mapping.fc0.weight", 2)
    maps["mapping"] |= {"c_dim": len(table), "z_dim": first.shape[1] - len(projection)}
    maps["mapping.embed"] = {"class_name": "Embedding", "training": False}
    maps["mapping.embed_proj"] = fully_connected(projection, "lrelu", 1)


def _complete_input(state: State, modules: Modules, first: str) -> None:
    place = "synthesis.input"
    layer = modules.get(f"synthesis.{first}", {})
    own = modules.setdefault(place, {})
    size = _pair(own.get("size")) or _pair(layer.get("in_size")) or _named_size(first)
    if size is None:
        raise RefusedError(f"lacks {place}.size: the file is incomplete")
    own["size"] = size
    margin = modules["synthesis"].get("margin_size", _MARGIN)
    rate = layer.get("in_sampling_rate", size[0] - 2 * margin if type(margin) is int else None)
    usual = {
        "class_name": "SynthesisInput",
        "training": False,
        "channels": need(state, f"{place}.weight", 2).shape[1],
        "sampling_rate": rate,
        "bandwidth": layer.get("in_cutoff", 2.0),
    }
    fill(modules, place, usual)
    affine = need(state, f"{place}.affine.weight", 2)
    fill(modules, f"{place}.affine", fully_connected(affine, "linear", 1))


def _complete_layer(
    state: State, modules: Modules, name: str, before: Any, clamp: float | None
) -> list[Any]:
    """Complete a layer; return the size of what it puts out."""
    place = f"synthesis.{name}"
    weight = need(state, f"{place}.weight", 4)
    own = modules.setdefault(place, {})
    out = _pair(own.get("out_size")) or _named_size(name)
    into = _pair(own.get("in_size")) or _pair(before)
    if out is None or into is None:
        raise RefusedError(f"lacks {place[:80]}.out_size: the file is incomplete")
    own |= {"in_size": into, "out_size": out}
    taps = {way: _count_taps(state, f"{place}.{way}_filter") for way in ("up", "down")}
    fill(
        modules,
        place,
        {
            "class_name": "SynthesisLayer",
            "training": False,
            "is_torgb": name == modules["synthesis"]["layer_names"][-1],
            "conv_clamp": clamp,
            "up_factor": max(taps["up"] // _FILTER, 1),
            "down_factor": max(taps["down"] // _FILTER, 1),
        },
    )
    _complete_padding(own, taps, weight.shape[2])
    affine = need(state, f"{place}.affine.weight", 2)
    fill(modules, f"{place}.affine", fully_connected(affine, "linear", 1))
    return out


def _complete_padding(own: dict[str, Any], taps: dict[str, int], kernel: int) -> None:
    """Find the padding that makes what goes in as large as what comes out."""
    if "padding" in own:
        return
    up, down = own["up_factor"], own["down_factor"]
    padding = []
    for into, out in zip(own["in_size"], own["out_size"], strict=True):
        total = (out - 1) * down + 1 - (into + kernel - 1) * up + sum(taps.values()) - 2
        before = (total + up) // 2  # the half sample by which symmetric filters shift
        padding += [int(before), int(total - before)]
    own["padding"] = padding


def _count_taps(state: State, name: str) -> int:
    taps = state.get(name)
    return 1 if taps is None or not taps.ndim else len(taps)


def _pair(value: Any) -> list[Any] | None:
    """Width and height, written as a pair or as one number."""
    sides = value if isinstance(value, list) else [value, value]
    is_sound = len(sides) == 2 and all(type(side) in (int, float) for side in sides)
    return sides if is_sound else None


def _named_size(name: str) -> list[Any] | None:
    match = _NAME.fullmatch(name)
    return [int(match[2])] * 2 if match else None
