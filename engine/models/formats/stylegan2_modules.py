"""The module attributes of a StyleGAN2 generator, worked out from its tensors.

For formats that carry tensors only, and for files that lack an attribute.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.formats.modules import (
    GAINS,
    Choices,
    State,
    fill,
    fully_connected,
    mapping,
    need,
)
from engine.models.unpickle.inert import RefusedError

_BLOCK = re.compile(r"synthesis\.b(\d{1,5})\.")


def resample_filter(taps: list[float] | None = None) -> NDArray[np.float32]:
    """Return the filter of taps as a network stores it: a square below 8 of them."""
    line = np.asarray(taps or [1.0, 3.0, 3.0, 1.0], np.float64)
    line = line / line.sum()
    return (np.outer(line, line) if line.size < 8 else line).astype(np.float32)


def resolutions(state: State) -> list[int]:
    """Names of the blocks, in order: 4, 8, 16 and so on.

    Raises
    ------
    RefusedError
        If one is missing.
    """
    found = sorted({int(m[1]) for name in state if (m := _BLOCK.match(name))})
    if not found or found != [4 << k for k in range(len(found))] or len(found) > 12:
        raise RefusedError(
            f"has blocks for {str(found)[:80]}, where 4, 8, 16… are needed: it is incomplete"
        )
    return found


def _layer(state: State, name: str, resolution: int, choices: Choices) -> dict[str, dict[str, Any]]:
    weight = need(state, f"{name}.weight", 4)
    return {
        name: {
            "class_name": "SynthesisLayer",
            "training": False,
            "resolution": resolution,
            "up": 2 if name.endswith("conv0") else 1,
            "use_noise": f"{name}.noise_strength" in state,
            "activation": choices.activation,
            "conv_clamp": choices.conv_clamp,
            "padding": weight.shape[2] // 2,
            "act_gain": GAINS.get(choices.activation, 1.0),
        },
        f"{name}.affine": fully_connected(need(state, f"{name}.affine.weight", 2), "linear", 1),
    }


def _to_rgb(state: State, name: str, choices: Choices) -> dict[str, dict[str, Any]]:
    weight = need(state, f"{name}.weight", 4)
    return {
        name: {
            "class_name": "ToRGBLayer",
            "training": False,
            "conv_clamp": choices.conv_clamp,
            "weight_gain": 1 / math.sqrt(math.prod(weight.shape[1:])),
        },
        f"{name}.affine": fully_connected(need(state, f"{name}.affine.weight", 2), "linear", 1),
    }


def _skip(state: State, name: str) -> dict[str, dict[str, Any]]:
    weight = need(state, f"{name}.weight", 4)
    return {
        name: {
            "class_name": "Conv2dLayer",
            "training": False,
            "activation": "linear",
            "up": 2,
            "down": 1,
            "conv_clamp": None,
            "padding": weight.shape[2] // 2,
            "weight_gain": 1 / math.sqrt(math.prod(weight.shape[1:])),
            "act_gain": 1,
        }
    }


def _block(
    state: State, resolution: int, final: int, architecture: str, choices: Choices
) -> dict[str, dict[str, Any]]:
    name = f"synthesis.b{resolution}"
    convs = ["conv1"] if resolution == 4 else ["conv0", "conv1"]
    has_rgb = f"{name}.torgb.weight" in state
    first = None if resolution == 4 else need(state, f"{name}.conv0.weight", 4)
    rgb = need(state, f"synthesis.b{final}.torgb.weight", 4)
    modules = {
        name: {
            "class_name": "SynthesisBlock",
            "training": False,
            "in_channels": 0 if first is None else first.shape[1],
            "w_dim": need(state, f"{name}.conv1.affine.weight", 2).shape[1],
            "resolution": resolution,
            "img_channels": rgb.shape[0],
            "is_last": resolution == final,
            "architecture": architecture,
            "use_fp16": resolution >= max(2 * final >> choices.num_fp16_res, 8),
            "channels_last": False,
            "num_conv": len(convs),
            "num_torgb": int(has_rgb),
        }
    }
    for conv in convs:
        modules |= _layer(state, f"{name}.{conv}", resolution, choices)
    if has_rgb:
        modules |= _to_rgb(state, f"{name}.torgb", choices)
    if f"{name}.skip.weight" in state:
        modules |= _skip(state, f"{name}.skip")
    return modules


def describe(state: State, choices: Choices) -> dict[str, dict[str, Any]]:
    """Work out every module's attributes from tensors, and from choices that shapes do not tell.

    Returns
    -------
    dict
        Dotted module name → attributes, as NVIDIA's own modules have them.

    Raises
    ------
    RefusedError
        If a tensor is missing or has another number of axes.
    """
    blocks = resolutions(state)
    final = blocks[-1]
    has_skip = any(name.endswith(".skip.weight") for name in state)
    by_shape = "resnet" if has_skip else "skip" if "synthesis.b4.torgb.weight" in state else "orig"
    num_ws = 2 * len(blocks)
    maps = mapping(state, choices, num_ws)
    dims = {key: maps["mapping"][key] for key in ("z_dim", "c_dim", "w_dim")}
    image = {
        "img_resolution": final,
        "img_channels": need(state, f"synthesis.b{final}.torgb.weight", 4).shape[0],
        "num_ws": num_ws,
    }
    modules: dict[str, dict[str, Any]] = {
        "": {"class_name": "Generator", "training": False} | dims | image,
        "synthesis": {
            "class_name": "SynthesisNetwork",
            "training": False,
            "w_dim": dims["w_dim"],
            "img_resolution_log2": final.bit_length() - 1,
            "block_resolutions": blocks,
        }
        | image,
    }
    for resolution in blocks:
        modules |= _block(state, resolution, final, choices.architecture or by_shape, choices)
    return modules | maps


def complete(
    state: State, modules: dict[str, dict[str, Any]], choices: Choices | None = None
) -> None:
    """Add the attributes that a file lacks, in place; what it has stays, and decides.

    Parameters
    ----------
    choices
        What shapes do not tell, as far as the file does.

    Raises
    ------
    RefusedError
        If a tensor is missing or has another number of axes.
    """
    for name, attributes in describe(state, choices or Choices()).items():
        fill(modules, name, attributes)
