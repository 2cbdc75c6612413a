"""What a frame moves on a GPU, counted without one: kernels, and bytes that they read and write.

``python -m bench.gpu_bytes [sg2-1024 sg3t-1024 …]`` runs random networks, in float16 where NVIDIA's
files are, on torch's meta device, where a tensor has a shape and no numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from engine.generators.cuda import filtered_lrelu as fused_filter
from engine.generators.cuda import stylegan2 as fused2
from engine.generators.cuda import stylegan3 as fused3
from engine.generators.networks import stylegan2, stylegan3
from engine.generators.networks.dense import Source
from engine.generators.networks.stylegan2_weights import read_synthesis as read_stylegan2
from engine.generators.networks.stylegan3_weights import read_synthesis as read_stylegan3
from engine.models.random_networks import network

_VIEWS = (
    "view", "expand", "permute", "transpose", "t", "slice", "select", "unsqueeze", "squeeze",
    "unbind", "split", "split_with_sizes", "alias", "detach", "_unsafe_view", "as_strided",
    "unfold", "narrow", "numpy_T", "empty", "new_empty", "empty_like",
    "contiguous",  # on a GPU convolutions of channels-last weights give channels-last features
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


def count_fused(name: str) -> Count:
    """Count what the synthesis of one frame takes with the fused kernels.

    A kernel counts what goes in and comes out once: pieces overlap by what a filter reaches, which
    caches hold.
    """
    device, source = str(META), Source(*network(name), META)
    with Count() as found, ExitStack() as stack:
        if name.startswith("sg2"):
            half: Any = read_stylegan2(source, half=True)
            taps = [None if x.taps is None else x.taps for b in half.blocks for x in b.layers]
            for kernel in ("epilogue", "grow"):
                stack.enter_context(_counted(fused2, kernel, found))
            backend: Any = fused2.CudaBackend(half, half.styles, tuple(taps))
            draw: Any = fused2.render
            more = torch.ones(len(half.blocks), device=device)
        else:
            half, draw, more = read_stylegan3(source, half=True), fused3.render, None
            stack.enter_context(_counted(fused3, "filtered_lrelu", found))
            backend = fused3.CudaBackend(half, half.styles, (None,) * (len(half.layers) - 1))  # type: ignore[arg-type]
        ws = torch.empty(1, half.num_ws, 512, device=device)
        found.kernels = found.bytes = 0
        with torch.inference_mode():
            draw(backend, ws, more)
    return found


@contextmanager
def _counted(module: Any, kernel: str, count: Count) -> Iterator[None]:
    """Let a call of a kernel be counted instead of made."""
    real = getattr(module, kernel)

    def made(x: Any, size: Any, kind: torch.dtype) -> Any:
        return torch.empty(size, dtype=kind, device=x.device, memory_format=torch.channels_last)

    def epilogue(*args: Any) -> Any:
        _, taps, y, _, noise, after, half, colours = args
        high, wide = (side - 1 if taps is not None else side for side in y.shape[2:])
        out = made(y, (1, y.shape[1], high, wide), torch.float16 if half else torch.float32)
        light = torch.empty(1, 3, high, wide, device=y.device)
        used = [y, *([] if after is None else [out]), *([] if colours is None else [light])]
        add(*used, *([] if noise is None else [noise[0]]))
        return out, light

    def filtered_lrelu(*args: Any) -> Any:
        layer, _, x, _, _, half = args
        size = fused_filter.out_size(layer, *x.shape[2:])
        out = made(x, (*x.shape[:2], *size), torch.float16 if half else torch.float32)
        add(x, out)
        return out

    def grow(picture: Any, colours: Any) -> Any:
        out = torch.empty_like(colours)
        add(picture, colours, out)
        return out

    def add(*tensors: torch.Tensor) -> None:
        count.kernels += 1
        count.bytes += sum(t.numel() * t.element_size() for t in tensors)

    stubs = {"epilogue": epilogue, "filtered_lrelu": filtered_lrelu, "grow": grow}
    setattr(module, kernel, stubs[kernel])
    try:
        yield
    finally:
        setattr(module, kernel, real)


def main() -> None:
    names = sys.argv[1:] or ["sg2-256", "sg2-1024", "sg3t-256", "sg3t-1024", "sg3r-1024"]
    for name in names:
        plain, fused = count(name), count_fused(name)
        print(
            f"{name:10} plain {plain.kernels:4} kernels {plain.bytes / 1e9:6.2f} GB   "
            f"fused {fused.kernels:4} kernels {fused.bytes / 1e9:6.2f} GB"
        )


if __name__ == "__main__":
    main()
