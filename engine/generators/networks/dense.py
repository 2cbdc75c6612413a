"""Dense layers and activations, and the weights of a network as read from its file.

Facts of T. Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020) and
"Alias-free generative adversarial networks" (2021), stated anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.generators.libraries import functional, torch
from engine.models.formats.modules import GAINS


@dataclass(frozen=True, slots=True)
class Source:
    """A network as its file holds it.

    Parameters
    ----------
    state
        Dotted name → array (numpy or torch), named as in NVIDIA's state dict.
    modules
        Dotted module name → attributes of that module.
    device
        Torch device that tensors are put on.
    """

    state: Mapping[str, Any]
    modules: Mapping[str, Mapping[str, Any]]
    device: str

    def has(self, name: str) -> bool:
        """Whether the file holds this tensor."""
        return self.state.get(name) is not None

    def tensor(self, name: str) -> torch.Tensor:
        """Return a tensor as float32 on the device.

        Raises
        ------
        ValueError
            If the file does not hold it.
        """
        import numpy as np

        if not self.has(name):
            raise ValueError(f"the network lacks the tensor '{name}'; its file is incomplete")
        found = self.state[name]
        if not isinstance(found, torch.Tensor):
            found = torch.from_numpy(np.array(found))  # a copy: files are mapped read-only
        return found.detach().to(self.device, torch.float32).contiguous()

    def attribute(self, module: str, name: str, default: Any = None) -> Any:
        """Return an attribute of a module; the default where the file lacks it."""
        found = self.modules.get(module, {}).get(name)
        return default if found is None else found


@dataclass(frozen=True, slots=True)
class Dense:
    """A dense layer, gains folded in: ``activate(x @ weight.T + bias)``.

    Parameters
    ----------
    weight
        [shape=(O, I)]
    bias
        [shape=(O,)]; None adds nothing.
    activation
        A key of `GAINS`.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None
    activation: str

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it to rows [shape=(N, I)]."""
        y = functional.linear(x, self.weight, self.bias)
        return y if self.activation == "linear" else activate(y, self.activation)


def read_dense(source: Source, name: str, gain: float = 1.0) -> Dense:
    """Read the dense layer `name`; `gain` scales what it puts out (linear layers only)."""
    weight = source.tensor(f"{name}.weight")
    rate = source.attribute(name, "bias_gain", 1.0)
    # The equalised learning rate: weights are stored at unit variance.
    fallback = float(rate) / math.sqrt(max(weight.shape[1], 1))
    scale = float(source.attribute(name, "weight_gain", fallback))
    bias = source.tensor(f"{name}.bias") * float(rate) if source.has(f"{name}.bias") else None
    activation = check_activation(name, source.attribute(name, "activation", "linear"))
    if bias is not None and gain != 1.0:
        bias = bias * gain
    weight = weight * scale
    return Dense(weight * gain if gain != 1.0 else weight, bias, activation)


def check_activation(place: str, name: str) -> str:
    """Return the activation's name.

    Raises
    ------
    ValueError
        If it is unknown.
    """
    if name not in GAINS:
        known = ", ".join(GAINS)
        raise ValueError(f"{place}: the activation '{name!s:.40}' is unknown; known are {known}")
    return name


def activate(x: torch.Tensor, name: str, gain: float | None = None) -> torch.Tensor:
    """Apply an activation and its gain; None takes the gain of `GAINS`."""
    gain = GAINS[name] if gain is None else gain
    if name == "lrelu":
        x = functional.leaky_relu(x, 0.2)
    elif name == "swish":
        x = functional.silu(x)
    elif name != "linear":
        x = (getattr(torch, name, None) or getattr(functional, name))(x)
    return x if gain == 1.0 else x * gain


def normalise(x: torch.Tensor) -> torch.Tensor:
    """Bring rows to unit second moment: ``x / sqrt(mean x² + 1e-8)``."""
    return x * (x.square().mean(dim=-1, keepdim=True) + 1e-8).rsqrt()
