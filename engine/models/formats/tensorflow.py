"""Legacy TensorFlow pickles of StyleGAN2 and StyleGAN2-ADA: variables by name, never run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.formats import forks, stylegan2_modules, unused
from engine.models.formats.modules import Choices
from engine.models.network import MOST_TENSORS, STYLEGAN2, Allowance, Network, plain_table
from engine.models.unpickle.allowed import TF_NETWORK
from engine.models.unpickle.inert import Node, RefusedError
from engine.models.unpickle.numpy_arrays import Array

_OLDEST_VERSION = 4  # of the pickled network; StyleGAN 1 and ProGAN wrote lower ones
_MOST_DEPTH = 6
_MOST_NETWORKS = 256
# Arguments that steer a forward pass we have our own knobs for, or training.
_IGNORED = {"truncation_psi", "truncation_cutoff", "style_mixing_prob", "structure",
            "conditioning", "fused_modconv", "randomize_noise", "is_training",
            "is_validation", "return_dlatents", "is_template_graph"}  # fmt: skip
_LAYERS = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}
_VARIABLE = re.compile(r"synthesis/(\d{1,5})x\1/(Conv|Conv0_up|Conv1|ToRGB|Skip)/(\w+)")
_OLD_RGB = re.compile(r"synthesis/ToRGB_lod(\d{1,2})/(\w+)")


def is_network(value: Any) -> bool:
    """Whether a value is a TensorFlow network, or the usual three (G, D, Gs)."""
    parts = value if isinstance(value, tuple | list) and value else [value]
    return all(isinstance(part, Node) and part.name == TF_NETWORK for part in parts)


def convert(root: Any) -> Network:
    """Map the averaged generator: the third of three, or a single one.

    Raises
    ------
    RefusedError
        If it is older than StyleGAN2, or conditional in the way that nobody could convert.
    """
    top = root[-1] if isinstance(root, tuple | list) else root
    tensors: dict[str, NDArray[Any]] = {}
    _collect(top, "", tensors, Allowance(_MOST_NETWORKS), 0)
    _check_age(top, tensors)
    kwargs = plain_table(_table(top.state.get("static_kwargs")), Allowance())
    final = _integer(kwargs, "resolution", 1024)
    state: dict[str, NDArray[Any]] = {}
    is_orig = any("ToRGB_lod" in name for name in tensors)
    tensors = {_modern(name, final): value for name, value in tensors.items()}
    unplaced = []
    for name, value in tensors.items():
        placed = _place(name, value)
        state |= placed
        if not placed and name.startswith(("mapping/", "synthesis/")):
            unplaced.append(name)
    forks.settle_noise(state, {})
    if not any(name.startswith("synthesis.") for name in state):
        raise RefusedError("is a TensorFlow network without a StyleGAN2 generator in it")
    return replace(_network(state, kwargs, is_orig), notes=tuple(unused.note(unplaced)))


def _network(state: dict[str, NDArray[Any]], kwargs: dict[str, Any], is_orig: bool) -> Network:
    taps = kwargs.get("resample_kernel") or [1, 3, 3, 1]
    for resolution in stylegan2_modules.resolutions(state):
        block = f"synthesis.b{resolution}"
        parts = ("", ".conv1") if resolution == 4 else ("", ".conv0", ".conv1")
        skip = (".skip",) if f"{block}.skip.weight" in state else ()
        for part in (*parts, *skip):
            state[f"{block}{part}.resample_filter"] = stylegan2_modules.resample_filter(taps)
    architecture = "orig" if is_orig else kwargs.get("architecture")
    choices = Choices(
        architecture=architecture if architecture in ("skip", "resnet", "orig") else None,
        activation=kwargs.get("nonlinearity", "lrelu"),
        mapping_activation=kwargs.get("mapping_nonlinearity", "lrelu"),
        conv_clamp=kwargs.get("conv_clamp"),
        num_fp16_res=_integer(kwargs, "num_fp16_res", 0),
        lr_multiplier=kwargs.get("mapping_lrmul", 0.01),
        w_avg_beta=kwargs.get("w_avg_beta") or 0.995,
    )
    return Network(
        STYLEGAN2,
        state,
        stylegan2_modules.describe(state, choices),
        origin="TensorFlow pickle of StyleGAN2 (dnnlib)",
        kwargs={key: value for key, value in kwargs.items() if key not in _IGNORED},
    )


def _collect(
    node: Any, prefix: str, found: dict[str, NDArray[Any]], allowance: Allowance, depth: int
) -> None:
    allowance.values -= 1
    if not isinstance(node, Node) or depth > _MOST_DEPTH or allowance.values < 0:
        raise RefusedError("has a TensorFlow network in which something else is nested; refused")
    variables = node.state.get("variables", [])
    for item in variables if isinstance(variables, list) else []:
        name, value = item if isinstance(item, tuple | list) and len(item) == 2 else ("", None)
        if isinstance(value, int | float):
            value = np.asarray(value, np.float32)
        elif isinstance(value, Array):
            value = value.array()
        if not isinstance(name, str) or not isinstance(value, np.ndarray):
            raise RefusedError("has a TensorFlow variable without numbers; do not use this file")
        found[prefix + name[:200]] = value
        if len(found) > MOST_TENSORS:
            raise RefusedError("has more tensors than any network; do not use this file")
    for name, part in _table(node.state.get("components")).items():
        _collect(part, f"{prefix}{str(name)[:80]}/", found, allowance, depth + 1)


def _table(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _check_age(top: Node, tensors: Mapping[str, NDArray[Any]]) -> None:
    version = top.state.get("version")
    is_first = any("StyleMod" in name for name in tensors)
    if not isinstance(version, int) or version < _OLDEST_VERSION or is_first:
        age = version if isinstance(version, int) else "unknown"
        raise RefusedError(
            f"is a TensorFlow network of version {age}, older than StyleGAN2 "
            "(StyleGAN 1 or ProGAN): a different generator, which this engine does not play"
        )
    if any("LabelConcat" in name for name in tensors):
        raise RefusedError(
            "is a class-conditional StyleGAN2 of the first TensorFlow kind (LabelConcat), "
            "which has no PyTorch form: train it again with StyleGAN2-ADA"
        )


def _integer(kwargs: Mapping[str, Any], key: str, default: int) -> int:
    value = kwargs.get(key, default)
    if value is None:
        return default
    if type(value) is not int or not 0 <= value <= 65_536:
        raise RefusedError(f"has {str(value)[:20]} as {key}: it is damaged")
    return value


def _modern(name: str, final: int) -> str:
    """Give the old layers of colour, counted from the largest, the name of their resolution."""
    match = _OLD_RGB.fullmatch(name)
    if match is None:
        return name
    resolution = final >> int(match[1])
    return f"synthesis/{resolution}x{resolution}/ToRGB/{match[2]}"


def _place(name: str, value: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Map one variable; nothing comes back for what a generator does not need."""
    if name == "dlatent_avg":
        return {"mapping.w_avg": value}
    if name == "mapping/LabelEmbed/weight":
        return {"mapping.embed.weight": value.T}
    if name == "mapping/LabelEmbed/bias":
        return {"mapping.embed.bias": value}
    if dense := re.fullmatch(r"mapping/Dense(\d{1,2})/(weight|bias)", name):
        return {f"mapping.fc{int(dense[1])}.{dense[2]}": value.T}
    if name == "synthesis/4x4/Const/const":
        return {"synthesis.b4.const": _drop(value, 1)}
    if noise := re.fullmatch(r"synthesis/noise(\d{1,2})", name):
        return {f"synthesis.{_noise_layer(int(noise[1]))}.noise_const": _drop(value, 2)}
    if match := _VARIABLE.fullmatch(name):
        layer = f"synthesis.b{match[1]}.{_LAYERS[match[2]]}"
        return _layer_tensor(layer, match[2], match[3], value)
    return {}


def _drop(value: NDArray[Any], axes: int) -> NDArray[Any]:
    if value.shape[:axes] != (1,) * axes:
        raise RefusedError("has a tensor of unexpected shape: it is damaged")
    return value.reshape(value.shape[axes:])


def _noise_layer(index: int) -> str:
    if index == 0:
        return "b4.conv1"
    return f"b{4 << (index + 1) // 2}.conv{(index + 1) % 2}"


def _layer_tensor(layer: str, kind: str, part: str, value: NDArray[Any]) -> dict[str, NDArray[Any]]:
    if part == "weight" and value.ndim == 4:  # (height, width, in, out)
        is_up = kind in ("Conv0_up", "Skip")
        turned = value[::-1, ::-1] if is_up else value
        return {f"{layer}.weight": turned.transpose(3, 2, 0, 1)}
    if part == "mod_weight":
        return {f"{layer}.affine.weight": value.T}
    if part == "mod_bias":
        return {f"{layer}.affine.bias": value + np.float32(1)}
    if part == "noise_strength":
        return {f"{layer}.noise_strength": value.reshape(())}
    return {f"{layer}.bias": value} if part == "bias" else {}
