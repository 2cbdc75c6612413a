"""Module attributes of a StyleGAN, inferred from tensors: both families' part.

For formats that carry tensors only, and for files that lack an attribute.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from engine.models.unpickle.inert import RefusedError

# Default gain of each activation; the slope of lrelu is 0.2 everywhere.
GAINS = {
    "linear": 1.0,
    "relu": math.sqrt(2),
    "lrelu": math.sqrt(2),
    "tanh": 1.0,
    "sigmoid": 1.0,
    "elu": 1.0,
    "selu": 1.0,
    "softplus": 1.0,
    "swish": math.sqrt(2),
}


_LAYER = re.compile(r"mapping\.fc(\d{1,3})\.weight")
State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Choices:
    """What shapes do not tell.

    Parameters
    ----------
    architecture
        ``skip``, ``resnet`` or ``orig``; None: from the tensors.
    activation, mapping_activation
        ``lrelu``, ``linear``, ``relu`` or ``swish``.
    conv_clamp
        Bound of the features, or None.
    num_fp16_res
        How many of the last resolutions run in half precision.
    lr_multiplier
        Of the mapping network.
    w_avg_beta
        Decay of the average of w; only a trainer needs it.
    output_scale
        Of the picture (StyleGAN3).
    """

    architecture: str | None = None
    activation: str = "lrelu"
    mapping_activation: str = "lrelu"
    conv_clamp: float | None = None
    num_fp16_res: int = 0
    lr_multiplier: float = 0.01
    w_avg_beta: float = 0.995
    output_scale: float = 0.25


def fully_connected(weight: NDArray[Any], activation: str, lr: float) -> dict[str, Any]:
    """Attributes of a dense layer."""
    return {
        "class_name": "FullyConnectedLayer",
        "training": False,
        "activation": activation,
        "weight_gain": lr / math.sqrt(weight.shape[1]),
        "bias_gain": 1 if lr == 1 else lr,
    }


def need(state: State, name: str, axes: int) -> NDArray[Any]:
    """Return a tensor.

    Raises
    ------
    RefusedError
        If it is missing, empty, or has another number of axes.
    """
    tensor = state.get(name)
    if tensor is None or tensor.ndim != axes or not tensor.size:
        raise RefusedError(f"lacks {name}, or it has another shape: the file is incomplete")
    return tensor


def mapping(state: State, choices: Choices, num_ws: int) -> dict[str, dict[str, Any]]:
    """Attributes of the mapping network and its layers.

    Raises
    ------
    RefusedError
        If there is none.
    """
    count = len([name for name in state if _LAYER.fullmatch(name)])
    weights = [need(state, f"mapping.fc{i}.weight", 2) for i in range(count)]
    if not weights:
        raise RefusedError("lacks its mapping network: the file is incomplete")
    w_dim = weights[-1].shape[0]
    embed = state.get("mapping.embed.weight")
    c_dim = embed.shape[1] if embed is not None and embed.ndim == 2 else 0
    modules = {
        "mapping": {
            "class_name": "MappingNetwork",
            "training": False,
            "z_dim": weights[0].shape[1] - (embed.shape[0] if embed is not None and c_dim else 0),
            "c_dim": c_dim,
            "w_dim": w_dim,
            "num_ws": num_ws,
            "num_layers": count,
            "w_avg_beta": choices.w_avg_beta,
        }
    }
    if embed is not None and c_dim:
        modules["mapping.embed"] = fully_connected(embed, "linear", 1)
    for i, weight in enumerate(weights):
        modules[f"mapping.fc{i}"] = fully_connected(
            weight, choices.mapping_activation, choices.lr_multiplier
        )
    return modules


def fill(modules: dict[str, dict[str, Any]], name: str, attributes: dict[str, Any]) -> None:
    """Add the attributes that a module lacks, in place; gains follow what it says of itself."""
    own = modules.setdefault(name, {})
    usual = dict(attributes)
    if "act_gain" in usual and isinstance(own.get("activation"), str):
        usual["act_gain"] = GAINS.get(own["activation"], 1.0)
    # One learning rate is in both gains of a dense layer.
    for key, other in (("weight_gain", "bias_gain"), ("bias_gain", "weight_gain")):
        rate = own.get(other)
        if key in usual and other in usual and type(rate) in (int, float) and attributes[other]:
            usual[key] = usual[key] * (rate / attributes[other])
    for key, value in usual.items():
        own.setdefault(key, value)
