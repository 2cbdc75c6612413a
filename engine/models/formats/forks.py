"""Quirks of forks of NVIDIA's repositories, brought to NVIDIA's own form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.formats.modules import Choices

_ARCHITECTURES = ("skip", "resnet", "orig")
State = dict[str, NDArray[Any]]
Modules = dict[str, dict[str, Any]]


def settle_noise(state: State, modules: Modules) -> None:
    """Bring the noise of every layer to a plane and one number, in place.

    Some forks keep the strength as a list of one; TensorFlow keeps noise that a network without
    noise never uses; autolume scales or replaces strengths by attributes.
    """
    for name in [key for key in state if key.endswith(".noise_const")]:
        layer = name.removesuffix(".noise_const")
        strength = state.get(f"{layer}.noise_strength")
        own = modules.get(layer, {})
        if strength is None and own.get("use_noise") is not True:
            del state[name]
        elif strength is not None and strength.size == 1:
            regulated = _number(own, "noise_regulator", 0.0)
            value = strength.reshape(()) if regulated == 0 else np.asarray(regulated)
            scaled = value * _number(own, "global_noise", 1.0)
            state[f"{layer}.noise_strength"] = np.asarray(scaled, np.float32)
            for key, neutral in (("noise_regulator", 0), ("global_noise", 1)):
                if key in own:
                    own[key] = neutral  # it is in the strength now


def settle_classes(state: State, modules: Modules) -> None:
    """Keep of StyleGAN-XL's table of classes, which always has ImageNet's thousand, what is used.

    Without classes the table is there all the same, and nothing reads it.
    """
    table = state.get("mapping.embed.weight")
    classes = modules[""].get("c_dim")
    if table is None or table.ndim != 2 or type(classes) is not int:
        return
    if classes == 0:
        modules.pop("mapping.embed", None)
        for name in [key for key in state if key.startswith("mapping.embed.")]:
            del state[name]
    elif "mapping.embed_proj.weight" in state and len(table) > classes:
        state["mapping.embed.weight"] = table[:classes]


def choices(kwargs: Mapping[str, Any], clamp: float | None = None) -> Choices:
    """Say what a network's kept arguments tell where its attributes, or the features' clamp, lack.

    stylegan2-ada nests those of the synthesis network, stylegan3 does not.
    """
    synthesis = {**kwargs, **_table(kwargs.get("synthesis_kwargs"))}
    mapping = _table(kwargs.get("mapping_kwargs"))
    clamp = synthesis.get("conv_clamp", clamp)
    architecture = synthesis.get("architecture")
    halves = synthesis.get("num_fp16_res")
    return Choices(
        architecture=architecture if architecture in _ARCHITECTURES else None,
        activation=_text(synthesis, "activation", "lrelu"),
        mapping_activation=_text(mapping, "activation", "lrelu"),
        conv_clamp=clamp if type(clamp) in (int, float) else None,
        num_fp16_res=halves if type(halves) is int and 0 <= halves <= 64 else 0,
        lr_multiplier=_number(mapping, "lr_multiplier", 0.01),
        w_avg_beta=_number(mapping, "w_avg_beta", 0.995),
        output_scale=_number(synthesis, "output_scale", 0.25),
    )


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(table: Mapping[str, Any], key: str, default: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else default


def _number(table: Mapping[str, Any], key: str, default: float) -> float:
    value: Any = table.get(key)
    return value if type(value) in (int, float) else default
