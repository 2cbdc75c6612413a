"""Nearest training pictures: those that look most like what an image port sees.

The layer lies above the one that it looks at, and dissolves in when it is wanted. It says what it
is: the nearest pictures, not the cause of anything, and whose they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.parameter import Kind, Parameter
from engine.core.show.generator import Port, Request, Spec
from engine.generators import contract
from engine.generators.archive import features, sheet
from engine.generators.archive import index as indexes
from engine.generators.archive.features import FeatureExtractor, Floats
from engine.generators.archive.index import Index
from engine.generators.contract import INDEX, Asset
from engine.generators.libraries import torch
from engine.generators.memory import CONTEXT_BYTES, PROCESS_BYTES

_MOST = 9


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say: the `path` of an index, ``….archive.safetensors`` (`archive index`)."""

    path: str


PARAMETERS = (
    Parameter("count", Kind.INT, 1.0, 1.0, float(_MOST), text="How many pictures are shown."),
    Parameter("caption", Kind.BOOL, 1.0, 0.0, 1.0, text="Says below what and whose they are."),
    Parameter("ground", Kind.FLOAT, 1.0, text="How black it is around them; at 0 it is clear."),
)


def files(config: Config) -> tuple[Asset, ...]:
    """List the index."""
    return (Asset("path", config.path, INDEX),)


def spec(config: Config) -> Spec:
    """Describe the generator without torch.

    Raises
    ------
    ValueError
        If there is no such index, or it is damaged.
    """
    return _describe(_open(config.path), config.path)


def memory_bytes(config: Config, device: str) -> int:
    """Estimate the memory of a process that plays it."""
    index = _open(config.path)
    weights = sum(math.prod(x.shape) for x in index.extractor.values())
    seen = 16 * 4 * index.side**2 * len(index.turns)  # the first features, in halves of the side
    held = 4 * (3 * weights + 8 * seen + index.features.size)
    return (PROCESS_BYTES if device == "cpu" else CONTEXT_BYTES) + held + index.thumbs.size


def _open(path: str) -> Index:
    try:
        return indexes.load(Path(path))
    except OSError as error:
        why = error.strerror or error
        raise ValueError(
            f"index {path}: {why}; 'latent-cinema archive index MODEL' makes one"
        ) from None


def _describe(index: Index, path: str) -> Spec:
    licences = sorted({entry.licence or "not said" for entry in index.entries})
    return Spec(
        name="nearest",
        ports=(Port("image", "image", (3, index.side, index.side)),),
        parameters=PARAMETERS,
        min_px=64,
        max_px=2048,
        channels=4,
        differentiable=False,
        licence="; ".join(licences[:8]),
        provenance=f"{Path(path).name}: {len(index.entries)} of {index.archive} training pictures",
    )


@dataclass(frozen=True, slots=True)
class Generator:
    """An index and what looks into it. Stateless: `render` hands its memory back untouched."""

    spec: Spec
    index: Index
    extractor: FeatureExtractor
    units: Floats

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Draw one frame: pixels [shape=(1, 4, H, W)] in 0..1, sRGB, straight alpha, row 0 top.

        As long as the port sees nothing it is transparent.

        Raises
        ------
        ValueError
            If the port sees what is no picture, or the size cannot be drawn.
        """
        width, height = request.size_px
        if not (16 <= width <= 16384 and 16 <= height <= 16384):
            raise ValueError(f"nearest: cannot draw {width}x{height} px; sides are 16 to 16384 px")
        seen = request.pictures.get("image")
        if seen is None:
            return torch.zeros((1, 4, height, width)), memory
        if seen.ndim != 3 or seen.shape[2] < 3 or min(seen.shape) < 1 or seen.dtype != np.uint8:
            raise ValueError(f"nearest: the image port sees {seen.dtype} of shape {seen.shape}")
        controls = contract.complete(self.spec, request.parameters)
        count = round(controls["count"])
        found = indexes.find(self.index, self.extractor, self.units, seen, count)
        caption = sheet.caption(self.index, found) if round(controls["caption"]) else ""
        pictures = [sheet.picture(self.index, match) for match in found]
        drawn = sheet.lay_out(pictures, caption, (width, height), controls["ground"])
        return torch.from_numpy(drawn).permute(2, 0, 1)[None].float() / 255, memory


def build(config: Config, device: str = "cpu") -> Generator:
    """Build the generator. It looks on the CPU, whatever the device: it is asked seldom."""
    del device
    index = _open(config.path)
    extractor = features.make_extractor(index.side, index.last, index.extractor)
    return Generator(_describe(index, config.path), index, extractor, indexes.unit(index.features))
