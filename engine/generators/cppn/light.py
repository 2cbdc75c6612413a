"""Shading of the CPPN: fields to display-referred pixels, through a limited palette."""

from __future__ import annotations

from typing import Any

from engine.generators.cppn.field import Controls, Fields, Flags, Style, slopes
from engine.generators.libraries import torch

FORM_RADIUS = 0.66  # of half the short side
STEEPNESS = 0.3  # of the relief, per unit of height


def illuminate(
    fields: Fields, style: Style, controls: Controls, flags: Flags, table: torch.Tensor
) -> torch.Tensor:
    """Light and colour the fields [shape=(4, H, W)].

    Parameters
    ----------
    table
        Palette, light downwards and ring of hues to the right [shape=(1, 3, V, U)].
    """
    tone, light = style["tone"], style["light"]
    height, mask, alpha = _round(fields, controls["form"] if flags.has_form else None)
    slope = slopes(height, fields.step)
    height, mask, hue = (planes[1:-1, 1:-1] for planes in (height, mask, fields.tone))

    cut = 2.4 * (controls["black"] - 0.5) + 0.1 * light[1]
    mask = torch.sigmoid(3.5 * (mask - cut))
    deep = torch.sigmoid(1.6 * height + 0.4)
    rim = (4 * mask * (1 - mask)).square() * (0.3 + deep) * torch.sigmoid(1.5 * light[3] - 0.5)
    lines = _contour(height, slope, 2.0 * torch.exp(0.5 * tone[1]), fields.fine)
    lines = controls["line"] * lines * (0.1 + mask).sqrt() * torch.sigmoid(2.5 * tone[2])
    veil = controls["veil"] * _gather(fields) * torch.sigmoid(light[2])
    relief = deep + controls["relief"] * (_rake(slope, 2.2 + 0.8 * light[0], deep) - deep)
    value = _expose(mask * (relief + veil) + 0.5 * lines + 0.35 * rim, controls["contrast"])

    bare = 0.5 + 0.5 * (0.8 * height).tanh()
    value = value + controls["height"] * (bare - value)
    hue = 0.17 * hue + 0.08 * height + 0.2 * tone[0] + 0.2 * lines + 0.15 * rim
    colours = _colour(hue + controls["palette_shift"], value, table)
    return torch.cat([colours, alpha[None]]).clamp(0, 1)


def _round(fields: Fields, form: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Raise one centred dome out of the field; its radius grows without bound as form falls to 0.

    Returns height and mask, with margin, and coverage [shape=(H, W)].
    """
    if form is None:
        return fields.height, fields.mask, torch.ones_like(fields.height[1:-1, 1:-1])
    square = (fields.origin + 0.16 * fields.sway).square().sum(0) * (form / FORM_RADIUS) ** 2
    dome = ((1 - square).clamp_min(0.0) + 0.01).sqrt()
    radius = (square[1:-1, 1:-1] + 1e-9).sqrt()
    return (
        fields.height + form * 2.0 * dome,
        fields.mask + form * (1.6 * dome - 0.5),
        torch.sigmoid((1 - radius) * 30),
    )


def _rake(
    slope: tuple[torch.Tensor, torch.Tensor], angle: torch.Tensor, deep: torch.Tensor
) -> torch.Tensor:
    """Light a relief from one side: soft diffuse, darker in the valleys, and a sheen."""
    x, y = slope
    facing = 0.5 - STEEPNESS * (x * angle.cos() + y * angle.sin())
    facing = facing * (1 + STEEPNESS**2 * (x * x + y * y)).rsqrt()
    facing = facing.clamp(0.0, 1.2)
    return facing * (0.15 + 0.85 * deep) + 0.5 * facing**6


def _gather(fields: Fields) -> torch.Tensor:
    """Brighten where the moved coordinates fold over themselves, as light does in water.

    Brightness of a caustic is 1 / |det J| (M. Berry, C. Upstill, "Catastrophe optics", 1980);
    the change of the determinant across a pixel keeps the thinnest of them from beading.
    """
    from torch.nn.functional import pad

    across, along = fields.stretch
    area = across[0] * along[1] - across[1] * along[0]
    dx, dy = slopes(pad(area[None], (1, 1, 1, 1), mode="replicate")[0], (0.5, 0.5))
    return 0.4 * (area.square() + 0.02 + 0.15 * (dx * dx + dy * dy)).rsqrt()


def _contour(
    height: torch.Tensor,
    slope: tuple[torch.Tensor, torch.Tensor],
    per_unit: torch.Tensor,
    step: Any,
) -> torch.Tensor:
    """Draw thin lines of equal height, never thinner than a pixel but fainter instead."""
    x, y = slope
    pixel = (x * x + y * y + 1e-12).sqrt() * per_unit * step
    phase = height * per_unit
    away = (phase - phase.round()) / (0.02 + 0.7 * pixel)
    lines: torch.Tensor = torch.exp(-away.square()) * (1 + 25.0 * pixel).rsqrt()
    return lines


def _expose(value: torch.Tensor, contrast: Any) -> torch.Tensor:
    """Apply a film-like shoulder and a toe that falls to true black."""
    exposed = 1 - torch.exp(-1.7 * value)
    found: torch.Tensor = exposed.clamp_min(1e-4) ** (0.6 + 0.8 * contrast)
    return found


def _colour(hue: torch.Tensor, value: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Look colours up [shape=(3, H, W)]; hue in turns of the palette's ring, value 0..1."""
    from torch.nn.functional import grid_sample

    place = torch.stack([hue - hue.floor(), value.clamp(0, 1)], -1) * 2 - 1
    return grid_sample(table, place[None], mode="bilinear", align_corners=True)[0]
