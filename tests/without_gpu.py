"""The CUDA configuration of networks on machines without a GPU: half precision, waits, bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from bench.stylegan_nets import make_stylegan2, make_stylegan3

_VIEWS = (
    "view", "expand", "permute", "transpose", "t", "slice", "select", "unsqueeze", "squeeze",
    "unbind", "split", "split_with_sizes", "alias", "detach", "_unsafe_view", "as_strided",
    "unfold", "narrow",
)  # fmt: skip


class Cuda(str):
    """A device that says it is CUDA where our code asks, and is torch's ``meta`` one.

    A tensor there has a shape and no numbers: whatever would wait for a number raises, and so does
    a mixture with main memory. Those are the waits of a frame on a GPU.
    """

    __slots__ = ()

    def startswith(self, prefix: Any, *more: Any) -> bool:
        return prefix == "cuda" or str.startswith(self, prefix, *more)


META = Cuda("meta")


def network(name: str, **options: Any) -> tuple[Mapping[str, Any], dict[str, dict[str, Any]]]:
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
    rates = sampling_rates(px, len(modules["synthesis"]["layer_names"]) - 1)
    for layer, rate in zip(modules["synthesis"]["layer_names"], rates, strict=True):
        modules[f"synthesis.{layer}"]["use_fp16"] = bool(rate * 16 > px)
    return state, modules


def sampling_rates(px: int, layers: int) -> Any:
    """Samples per picture of each layer (Karras et al. 2021, appendix G)."""
    exponent = np.minimum(np.arange(layers + 1) / (layers - 2), 1)
    last = px / 2 * 2**0.3
    stops = 2**2.1 * (last / 2**2.1) ** exponent
    return np.exp2(np.ceil(np.log2(np.minimum(stops * 2, px))))


class Count(TorchDispatchMode):
    """Counts kernels, and the bytes that they read and write; a view costs nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels = self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:  # torch's
        found = func(*args, **(kwargs or {}))
        if func._schema.name.split("::")[1] not in _VIEWS:
            self.kernels += 1
            self.bytes += sum(
                min(t.numel() * t.element_size(), t.untyped_storage().nbytes())
                for t in _tensors((args, found))
            )
        return found


def _tensors(found: Any) -> Iterator[torch.Tensor]:
    if isinstance(found, torch.Tensor):
        yield found
    elif isinstance(found, list | tuple):
        for each in found:
            yield from _tensors(each)
