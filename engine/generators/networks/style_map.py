"""Style maps: styles that vary across one picture, so that one network fills a tiled canvas.

A style enters a convolution as one scale per input channel, and that scale is affine in the style.
So styles at a few places of the picture give scales at all of them by interpolation, and a scale
that differs from pixel to pixel costs one multiplication where there was one before. The scale out
(demodulation) follows from the scales at the same place. T. Karras et al., "Analyzing and improving
the image quality of StyleGAN" (2020), 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.generators.libraries import torch
from engine.generators.networks.modulation import Modulated, Scales

Size = tuple[int, int]  # height, width
FINE = 8  # styles between two control points: between these, scales go straight


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture whose styles lie on a grid.

    Parameters
    ----------
    rows, columns
        Of styles; the outermost lie on the picture's edges. One row serves the whole height.
    closed
        Whether the picture closes into a band: its right edge goes on at its left edge, and so do
        the columns of styles.
    """

    rows: int = 1
    columns: int = 1
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """What is scaled: its size, and how much of it lies in the picture.

    The rest, half on either side, is a margin. None: all of it is picture.
    """

    size: Size
    picture: Size | None = None

    @property
    def inner(self) -> Size:
        """Height and width of what lies in the picture."""
        return self.picture or self.size

    def pixels(self, grid: Grid) -> int:
        """How many pixels differ, where the styles lie on this grid."""
        height, width = self.size
        return (height if grid.rows > 1 else 1) * (width if grid.columns > 1 else 1)


def fine_grid(rows: int, columns: int, closed: bool) -> Grid:
    """Grid of the styles that `refine` makes of so many rows and columns of control points."""
    return Grid(_fine(rows, False), _fine(columns, closed), closed)


def _fine(count: int, closed: bool) -> int:
    if count == 1:
        return 1
    return FINE * count if closed else FINE * (count - 1) + 1


def refine(points: torch.Tensor, rows: int, columns: int, closed: bool) -> torch.Tensor:
    """Lay a smooth surface through control points on a grid.

    Catmull-Rom splines across and down: C1, through every point. On latents that the mapping
    network brings to the sphere anyway it is a path on the sphere, so nothing is truncated between
    control points. E. Catmull and R. Rom, "A class of local interpolating splines" (1974).

    Parameters
    ----------
    points
        [shape=(rows · columns, D)]

    Returns
    -------
    Tensor [shape=(fine rows · fine columns, D)], as `fine_grid` says.
    """
    down = _splines(rows, False, points.device)
    across = _splines(columns, closed, points.device)
    grid = points.view(rows, columns, -1)
    return torch.einsum("hr,wc,rcd->hwd", down, across, grid).reshape(-1, points.shape[1])


@lru_cache(maxsize=64)
def _splines(count: int, closed: bool, device: torch.device) -> torch.Tensor:
    """Weights of control points in each fine one [shape=(fine, count)]; rows sum to 1.

    Kept on the device: a graph that is being captured takes nothing from main memory.
    """
    with torch.inference_mode(False):
        weights = torch.zeros(_fine(count, closed), count)
        for row in range(len(weights)):
            k, t = row // FINE, row % FINE / FINE
            parts = (
                (-0.5 * t + t**2 - 0.5 * t**3),
                (1 - 2.5 * t**2 + 1.5 * t**3),
                (0.5 * t + 2 * t**2 - 1.5 * t**3),
                (-0.5 * t**2 + 0.5 * t**3),
            )
            for place, part in enumerate(parts, k - 1):
                at = place % count if closed else min(max(place, 0), count - 1)
                weights[row, at] += part
        return weights.to(device)


def scales_at(
    conv: Modulated, w: torch.Tensor, grid: Grid | None, into: Area, out: Area | None = None
) -> Scales:
    """Scales in and out of a convolution, at every pixel or for the whole picture.

    Parameters
    ----------
    w
        Styles, one per picture [shape=(N, Dw)], or with a grid one per place
        [shape=(rows · columns, Dw)].
    into, out
        What goes in, and what comes out if it is of another size.

    Returns
    -------
    tuple
        Both spread over (N, channels, height, width); out is None without demodulation.
    """
    if grid is None:
        return spread_out(conv.scales(w))
    s, d = scale_maps(conv, w, grid, into, out)
    return s.permute(2, 0, 1)[None], None if d is None else d.permute(2, 0, 1)[None]


def spread_out(scales: Scales) -> Scales:
    """Scales of a whole picture [shape=(N, C)] as they spread over pixels [shape=(N, C, 1, 1)]."""
    s, d = scales
    return s[:, :, None, None], None if d is None else d[:, :, None, None]


def scale_maps(
    conv: Modulated, w: torch.Tensor, grid: Grid, into: Area, out: Area | None = None
) -> Scales:
    """Scales in and out at every pixel [shape=(height, width, channels)]; see `scales_at`.

    They are worked out where there are fewer places, those of the grid or the pixels: between the
    places of the grid demodulation changes as little as the scales themselves.
    """
    raw, out = conv.affine(w), out or into
    if out.pixels(grid) < len(raw):
        s, d = conv.finish(spread(raw, grid, into))
        return s, d if d is None or out == into else conv.finish(spread(raw, grid, out))[1]
    s, d = conv.finish(raw)
    return spread(s, grid, into), None if d is None else spread(d, grid, out)


def spread(values: torch.Tensor, grid: Grid, area: Area) -> torch.Tensor:
    """Interpolate values on the grid [shape=(rows · columns, C)] at every pixel.

    Returns
    -------
    Tensor [shape=(height, width, C)]; an axis along which nothing changes has length 1.
    """
    where = values.device
    held = values.view(grid.rows, grid.columns, -1)
    if grid.columns > 1:
        held = _lines(grid.columns, area.size[1], area.inner[1], grid.closed, where) @ held
    if grid.rows > 1:
        down = _lines(grid.rows, area.size[0], area.inner[0], False, where)
        held = torch.tensordot(down, held, dims=1)
    return held


@lru_cache(maxsize=256)
def _lines(count: int, size: int, inner: int, closed: bool, device: torch.device) -> torch.Tensor:
    """Weights of linear interpolation [shape=(size, count)]; rows sum to 1."""
    with torch.inference_mode(False):
        u = (torch.arange(size, dtype=torch.float64) + 0.5 - (size - inner) / 2) / inner
        place = (u % 1) * count if closed else u.clamp(0, 1) * (count - 1)
        first = place.floor().long()
        part = (place - first)[:, None]
        eye = torch.eye(count, dtype=torch.float64)
        after = (first + 1) % count if closed else (first + 1).clamp(max=count - 1)
        weights = (1 - part) * eye[first % count] + part * eye[after]
        return weights.float().to(device)


def wrap(x: torch.Tensor, reach: int) -> torch.Tensor:
    """Lay the picture [shape=(N, C, H, W)] round: `reach` columns more on either side."""
    if reach <= x.shape[3]:
        return torch.cat([x[..., -reach:], x, x[..., :reach]], dim=3)
    columns = torch.arange(-reach, x.shape[3] + reach, device=x.device) % x.shape[3]
    return x[..., columns]
