"""Libraries that take a second to load: they are loaded when something of them is first used."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch as torch
    from torch.nn import functional as functional


class _Later:
    """Stands for a module; once that is loaded, it takes this one's place wherever it stands."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # asked by those who look at everything
            raise AttributeError(attribute)
        module = importlib.import_module(self._name)
        for name, user in list(sys.modules.items()):
            if name.startswith("engine."):
                vars(user).update({k: module for k, v in list(vars(user).items()) if v is self})
        return getattr(module, attribute)


if not TYPE_CHECKING:
    torch, functional = _Later("torch"), _Later("torch.nn.functional")
