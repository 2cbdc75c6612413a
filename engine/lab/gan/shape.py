"""Shapes of networks to be trained: sizes, channels, and how they grow.

Progressive growing after T. Karras et al., "Progressive growing of GANs" (2018): most pictures are
shown small, where they cost little; layers for finer detail join later.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST = 4  # side of the learned start
_FIRST_STAGE = 32  # pictures are first shown at this size
SIZES = (32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a generator and its discriminator.

    Parameters
    ----------
    z_dim, w_dim
        Lengths of the latents.
    mapping
        Count of layers of the mapping network.
    widths, seen_widths
        Channels of the generator and of the discriminator at each side, from 4 pixels on.
    """

    z_dim: int
    w_dim: int
    mapping: int
    widths: tuple[int, ...]
    seen_widths: tuple[int, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """Sides of the blocks, from 4 to the size."""
        return tuple(SMALLEST << n for n in range(len(self.widths)))

    @property
    def size(self) -> int:
        """Side of a picture in pixels."""
        return self.sides[-1]

    @property
    def num_ws(self) -> int:
        """Count of style inputs: two for each block."""
        return 2 * len(self.widths)

    def channels(self, side: int) -> int:
        """Channels of the generator at this side."""
        return self.widths[self.sides.index(side)]

    def seen(self, side: int) -> int:
        """Channels of the discriminator at this side."""
        return self.seen_widths[self.sides.index(side)]

    @property
    def stages(self) -> tuple[int, ...]:
        """Sides at which pictures are shown, one after the other."""
        return tuple(side for side in self.sides if side >= min(_FIRST_STAGE, self.size))

    def cost(self, side: int) -> int:
        """Return what a picture of this side costs, in multiplications of its convolutions."""
        return sum(
            9 * here * here * (w * w + v * v)
            for here, w, v in zip(self.sides, self.widths, self.seen_widths, strict=True)
            if here <= side
        )


@dataclass(frozen=True, slots=True)
class Preset:
    """How much of everything: widths, pictures, learning rates.

    Parameters
    ----------
    base
        Channels at 128 pixels; they double with each halving of the side.
    most, most_seen
        Most channels of a layer, in the generator and in the discriminator.
    z_dim, w_dim, mapping
        As in `Shape`.
    batch
        Pictures per step, over all processes.
    rates
        Learning rates of generator and discriminator.
    """

    base: int
    most: int
    most_seen: int
    z_dim: int
    w_dim: int
    mapping: int
    pictures: int
    batch: int
    rates: tuple[float, float]


PRESETS = {
    "small": Preset(16, 128, 192, 64, 128, 3, 160_000, 16, (2e-3, 1.5e-3)),
    "standard": Preset(64, 512, 512, 512, 512, 4, 3_000_000, 32, (2e-3, 2e-3)),
}


def shape_of(preset: Preset, size: int) -> Shape:
    """Return the shape that a preset has at this size.

    Raises
    ------
    ValueError
        If the size is none of `SIZES`.
    """
    if size not in SIZES:
        raise ValueError(f"size {size}: pictures have sides of {', '.join(map(str, SIZES))} px")
    sides = [SMALLEST << n for n in range((size // SMALLEST).bit_length())]
    wished = [max(preset.base * 128 // side, 16) for side in sides]
    return Shape(
        preset.z_dim,
        preset.w_dim,
        preset.mapping,
        tuple(min(width, preset.most) for width in wished),
        tuple(min(width, preset.most_seen) for width in wished),
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a training is.

    Parameters
    ----------
    side
        Side of the pictures shown, in pixels.
    fade
        Weight of the finest block of the discriminator, 0 to 1.
    progress
        Part of all pictures that were shown, 0 to 1.
    """

    side: int
    fade: float
    progress: float


_SHARE = 0.75  # pictures of a stage for each of the stage before
_FADE = 0.15  # part of a stage in which its finest block comes in


def stage_at(shape: Shape, shown: int, pictures: int, *, grows: bool = True) -> Stage:
    """Return the stage after `shown` of `pictures`; each stage shows fewer than the one before.

    The last stage goes on for as long as the training does. Without growing it is the only one.
    """
    progress = min(shown / max(pictures, 1), 1.0)
    stages = shape.stages if grows else shape.stages[-1:]
    whole = sum(_SHARE**n for n in range(len(stages)))
    begun = 0.0
    for index in range(len(stages)):
        share = _SHARE**index / whole
        if progress < begun + share or index == len(stages) - 1:
            break
        begun += share
    fade = min((progress - begun) / share / _FADE, 1.0) if index else 1.0
    return Stage(stages[index], fade, progress)


def cost_left(shape: Shape, shown: int, pictures: int, *, grows: bool = True) -> float:
    """Return what the rest of a training costs, in pictures of the stage that it is at."""
    here = shape.cost(stage_at(shape, shown, pictures, grows=grows).side)
    places = range(shown, pictures, max((pictures - shown) // 200, 1))
    sides = [stage_at(shape, place, pictures, grows=grows).side for place in places]
    mean = sum(map(shape.cost, sides)) / max(len(sides), 1)
    return (pictures - shown) * mean / here
