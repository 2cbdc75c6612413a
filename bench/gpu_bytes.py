"""What a frame moves on a GPU, counted without one: kernels, and bytes that they read and write.

``python -m bench.gpu_bytes [sg2-1024 sg3t-1024 …]`` runs random networks, in float16 where NVIDIA's
files are, on torch's meta device, where a tensor has a shape and no numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from bench.stylegan_nets import make_stylegan2, make_stylegan3
from engine.generators.networks import stylegan2, stylegan3
from engine.generators.networks.dense import Source
from engine.generators.networks.stylegan2_weights import read_synthesis as read_stylegan2
from engine.generators.networks.stylegan3_weights import read_synthesis as read_stylegan3

_VIEWS = (
    "view", "expand", "permute", "transpose", "t", "slice", "select", "unsqueeze", "squeeze",
    "unbind", "split", "split_with_sizes", "alias", "detach", "_unsafe_view", "as_strided",
    "unfold", "narrow", "numpy_T",
)  # fmt: skip


class Cuda(str):
    """A device that says it is CUDA where our code asks, and is torch's ``meta`` one.

    A tensor there has a shape and no numbers: whatever would wait for a number raises, and so does
    a mixture with main memory. Those are the waits of a frame on a GPU.
    """

    __slots__ = ()

    def startswith(self, prefix: Any, *more: Any) -> bool:
        """Say that it is CUDA."""
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
        name = func._schema.name.split("::")[1]
        if name not in _VIEWS and not (name == "to" and _is_same(found, args[0])):
            self.kernels += 1
            self.bytes += sum(
                min(t.numel() * t.element_size(), t.untyped_storage().nbytes())
                for t in _tensors((args, found))
            )
        return found


def _is_same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(a.untyped_storage()._cdata == b.untyped_storage()._cdata)


def _tensors(found: Any) -> Iterator[torch.Tensor]:
    if isinstance(found, torch.Tensor):
        yield found
    elif isinstance(found, list | tuple):
        for each in found:
            yield from _tensors(each)


def count(name: str) -> Count:
    """Count what the synthesis of one frame takes."""
    kind = name.split("-")[0]
    source = Source(*network(name), META)
    if kind == "sg2":
        half = read_stylegan2(source, half=True)
        more: tuple[Any, ...] = ("const", torch.ones(len(half.blocks), device=str(META)))
        draw: Any = stylegan2.synthesize
    else:
        half, more, draw = read_stylegan3(source, half=True), (), stylegan3.synthesize
    ws = torch.empty(1, half.num_ws, 512, device=str(META))
    with torch.inference_mode():
        draw(half, ws, *more)  # tables that are made once
        with Count() as found:
            draw(half, ws, *more)
    return found


def main() -> None:
    names = sys.argv[1:] or ["sg2-256", "sg2-1024", "sg3t-256", "sg3t-1024", "sg3r-1024"]
    for name in names:
        found = count(name)
        print(f"{name:10} {found.kernels:5} kernels {found.bytes / 1e9:7.2f} GB")


if __name__ == "__main__":
    main()
