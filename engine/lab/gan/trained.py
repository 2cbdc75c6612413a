"""Networks under training: what every trainer does with them, whatever they learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

_EMA_PICTURES = (500, 10_000)  # half life of the running mean: 5 % of what was shown, within these
Tensors = dict[str, NDArray[Any]]


class Trained:
    """Networks with their optimisers, and the running mean of the one that will be played.

    Attributes
    ----------
    networks
        Names of the attributes that are networks, in the order in which they are kept.
    optimisers
        By the name of what they teach.
    """

    networks: tuple[str, ...] = ()
    settings: Any
    optimisers: dict[str, torch.optim.Adam]
    mean: nn.Module
    step = 0

    @property
    def shown(self) -> int:
        """How many pictures, or pairs, were shown."""
        return self.step * int(self.settings.batch)

    def advance(self) -> None:
        """Take one step of all networks."""
        raise NotImplementedError

    def follow(self, network: nn.Module) -> None:
        """Let the running mean follow the network that it is of."""
        least, most = _EMA_PICTURES
        half_life = min(max(0.05 * self.shown, least), most)
        follow = 1 - 0.5 ** (self.settings.batch / half_life)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.mean.parameters()), list(network.parameters()), follow)

    def state(self) -> tuple[Tensors, dict[str, Any]]:
        """Return all that a later start needs: tensors, and numbers."""
        tensors = {name: x.detach().cpu().numpy() for name, x in self._named()}
        for name, optimiser in self.optimisers.items():
            for index, kept in optimiser.state_dict()["state"].items():
                for part, value in kept.items():
                    tensors[f"{name}.adam.{index}.{part}"] = value.cpu().numpy()
        return tensors, {"step": self.step}

    def load(self, tensors: Tensors, numbers: dict[str, Any]) -> None:
        """Go on where `state` was.

        Raises
        ------
        KeyError, RuntimeError
            If something is missing or does not fit.
        """
        with torch.no_grad():
            for name, values in self._named():
                values.copy_(torch.from_numpy(np.array(tensors[name])).view(values.shape))
        for name, optimiser in self.optimisers.items():
            kept: dict[int, dict[str, torch.Tensor]] = {}
            for full, array in tensors.items():
                if full.startswith(f"{name}.adam."):
                    index, part = full.removeprefix(f"{name}.adam.").split(".")
                    kept.setdefault(int(index), {})[part] = torch.from_numpy(np.array(array))
            optimiser.load_state_dict({**optimiser.state_dict(), "state": kept})
        self.step = int(numbers["step"])

    def _named(self) -> Iterator[tuple[str, torch.Tensor]]:
        for name in self.networks:
            network: nn.Module = getattr(self, name)
            for part, values in network.state_dict().items():
                yield f"{name}.{part}", values
