"""A latent map as a picture: small pictures where they lie, names, a mark at the current position.

Its parameters ``x`` and ``y`` follow the map's inputs of a trajectory; it computes no latents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.core.latent.examples import weights
from engine.core.parameter import Kind, Parameter
from engine.core.show.generator import Request, Spec
from engine.generators.contract import MAP, Asset, complete
from engine.generators.libraries import torch
from engine.models.sidecars import latent_map
from engine.models.sidecars.latent_map import MapFile
from engine.system import fonts
from engine.system.untrusted import open_regular

_LARGEST_BYTES = 64 << 20
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)
_LIGHTS = 64
_GAP = 1.08  # of a small picture's side, from middle to middle
_SMALLEST = 0.3  # of that side: what has less room is not shown
_LETTER = 1 / 20  # of the height


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator.

    Parameters
    ----------
    path
        A map, ``….map.npz``; `latent-cinema map` makes it.
    names
        What is written on it: where, from the left and from the bottom.
    """

    path: str
    names: dict[str, tuple[float, float]] = field(default_factory=dict)


PARAMETERS = (
    Parameter("x", Kind.FLOAT, 0.5, text="Where the flight is, from the left."),
    Parameter("y", Kind.FLOAT, 0.5, text="Where it is, from the bottom."),
    Parameter("zoom", Kind.FLOAT, 1.0, 1.0, 16.0, text="1 is the whole map; above, it goes along."),
    Parameter("size", Kind.FLOAT, 0.1, 0.01, 0.5, text="Of a small picture, to the height."),
    Parameter("lit", Kind.FLOAT, 0.6, text="How much those that are not near are darkened."),
    Parameter("mark", Kind.BOOL, 1.0, text="Whether a ring marks the place."),
)


def files(config: Config) -> tuple[Asset, ...]:
    """List the map."""
    return (Asset("path", config.path, MAP),)


def spec(config: Config) -> Spec:
    """Describe the map without torch.

    Raises
    ------
    ValueError
        If there is no such map, or it is damaged.
    """
    return _describe(_open(config.path), config.path)


def _open(path: str) -> MapFile:
    try:
        with open_regular(Path(path)) as file:
            data = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        why = error.strerror or error
        raise ValueError(f"map {path}: {why}; 'latent-cinema map MODEL' makes one") from None
    if len(data) > _LARGEST_BYTES:
        raise ValueError(
            f"map {path}: larger than {_LARGEST_BYTES >> 20} MB; is it the right file?"
        )
    found = latent_map.read(data, path)
    if not len(found.thumbs) or found.places.shape[1] != 2:
        raise ValueError(
            f"map {path} has no pictures on a plane: make one with 'latent-cinema map'"
        )
    return found


def _describe(found: MapFile, path: str) -> Spec:
    return Spec(
        name="map",
        ports=(),
        parameters=PARAMETERS,
        min_px=64,
        max_px=2048,
        channels=4,
        differentiable=False,
        provenance=f"{Path(path).name}: {len(found.places)} places",
    )


@dataclass(frozen=True, slots=True)
class Generator:
    """A map. Stateless: `render` hands its memory back untouched."""

    spec: Spec
    found: MapFile
    names: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Draw one frame: pixels [shape=(1, 4, H, W)] in 0..1, sRGB, straight alpha, row 0 top.

        Raises
        ------
        ValueError
            If the size cannot be drawn.
        """
        width, height = request.size_px
        if not (16 <= width <= 16384 and 16 <= height <= 16384):
            raise ValueError(f"map: cannot draw {width}x{height} px; sides are 16 to 16384 px")
        controls = complete(self.spec, request.parameters)
        drawn = np.asarray(draw(self.found, controls, (width, height), self.names))
        pixels = torch.from_numpy(drawn.copy()).permute(2, 0, 1)[None].float() / 255
        return pixels, memory


def draw(
    found: MapFile,
    controls: Mapping[str, float],
    size_px: tuple[int, int],
    names: Mapping[str, tuple[float, float]] | None = None,
) -> Image.Image:
    """Draw a map on nothing, RGBA: what is mixed now is bright and lies on top.

    Small pictures never cover one another: the nearer one looks, the more of them have room.
    """
    width, height = size_px
    here = np.array([controls["x"], controls["y"]])
    shares = weights(found.places.astype(np.float64), here)
    zoom = controls["zoom"]
    # Zoomed in, the window goes with the flight but never beyond the map's edges.
    centre = np.clip(here, 0.5 / zoom, 1.0 - 0.5 / zoom)
    sheet = Image.new("RGBA", size_px, (0, 0, 0, 0))
    side = max(height * controls["size"] * math.sqrt(zoom), 4.0)
    fits = _rooms(found, width / height) * zoom * height / (side * _GAP)
    # One of full size and one of 2 fit - 1 just touch.
    sizes = np.clip(2.0 * fits - 1.0, 0.0, 1.0)
    sizes[sizes < _SMALLEST] = 0.0

    def at(place: NDArray[np.float64]) -> tuple[int, int]:
        x, y = (place - centre) * zoom + 0.5
        return round(x * width), round((1.0 - y) * height)

    for k in np.argsort(shares, kind="stable"):
        x, y = at(found.places[k].astype(np.float64))
        share = float(shares[k]) ** 0.5
        own = round(side * (max(float(sizes[k]), float(shares[k])) + 0.5 * share * share))
        if own < 4 or not (-side < x < width + side and -side < y < height + side):
            continue
        light = round(_LIGHTS * (1.0 - controls["lit"] * (1.0 - share)))
        sheet.paste(_tile(found, int(k), own, light), (x - own // 2, y - own // 2))
    pen = ImageDraw.Draw(sheet)
    letter = max(round(height * _LETTER), 9)
    for name, place in (names or {}).items():
        _write(pen, name, at(np.array(place)), letter)
    if controls["mark"] >= 0.5:
        x, y = at(here)
        radius, line = max(height // 60, 3), max(height // 240, 1)
        box = (x - radius, y - radius, x + radius, y + radius)
        pen.ellipse(box, outline=(*_WHITE, 255), width=line)
    return sheet


def _write(pen: ImageDraw.ImageDraw, name: str, at: tuple[int, int], letter: int) -> None:
    pen.text(
        at, name, (*_WHITE, 255), fonts.load(letter, name), "mm",
        stroke_width=max(letter // 8, 1), stroke_fill=(*_BLACK, 255),
    )  # fmt: skip


@lru_cache(maxsize=8)
def _rooms(found: MapFile, aspect: float) -> NDArray[np.float64]:
    """Find how far each place is from those that come before it, in heights [shape=(K,)].

    The first is in the middle, each next one is farthest from all before it (Gonzalez 1985).
    """
    places = (found.places.astype(np.float64) - 0.5) * (aspect, 1.0)
    far = np.full(len(places), np.inf)
    rooms = np.empty(len(places))
    k = int(np.abs(places).max(axis=1).argmin())
    for _ in places:
        rooms[k] = far[k]
        far = np.minimum(far, np.abs(places - places[k]).max(axis=1))
        far[k] = -np.inf
        k = int(far.argmax())
    return rooms


@lru_cache(maxsize=2048)
def _tile(found: MapFile, place: int, side: int, light: int) -> Image.Image:
    """Small picture in a size and a light; most of a map stays as it is from frame to frame."""
    tile = Image.fromarray(found.thumbs[place]).resize((side, side), Image.Resampling.BILINEAR)
    return tile.point([round(v % 256 * light / _LIGHTS) for v in range(3 * 256)])


def build(config: Config, device: str = "cpu") -> Generator:
    """Build the generator. It draws on the CPU, whatever the device."""
    del device
    found = _open(config.path)
    return Generator(_describe(found, config.path), found, config.names)
