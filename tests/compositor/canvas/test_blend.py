"""Every way of blending against its formula in float64: both spaces, every alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.compositor.canvas.place import Placer
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit
from engine.core.frame.plan import LayerPlan
from engine.core.show.layer import BLENDS
from tests.compositor.srgb import decode, encode

SIZE = (64, 36)
ASPECT = SIZE[0] / SIZE[1]
TOLERANCE = 1 / 255


def lum(c: Any) -> Any:
    return (c @ np.array([0.3, 0.59, 0.11]))[..., None]


def sat(c: Any) -> Any:
    return np.ptp(c, axis=-1)[..., None]


def with_lum(c: Any, wanted: Any) -> Any:
    """W3C SetLum and ClipColor."""
    c = c + (wanted - lum(c))
    level, low, high = lum(c), c.min(-1)[..., None], c.max(-1)[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.where(low < 0, level + (c - level) * level / (level - low), c)
        return np.where(high > 1, level + (c - level) * (1 - level) / (high - level), c)


def with_sat(c: Any, wanted: Any) -> Any:
    """W3C SetSat."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sat(c) > 0, (c - c.min(-1)[..., None]) * wanted / sat(c), 0.0)


def dodge(b: Any, s: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b == 0, 0, np.where(s >= 1, 1, np.minimum(1, b / (1 - s))))


def burn(b: Any, s: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b == 1, 1, np.where(s <= 0, 0, 1 - np.minimum(1, (1 - b) / s)))


def hard(b: Any, s: Any) -> Any:
    return np.where(s <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s))


def soft(b: Any, s: Any) -> Any:
    d = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    return np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (d - b))


def divide(b: Any, s: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b == 0, 0, np.where(s == 0, 1, np.minimum(1, b / s)))


MIX: dict[str, Any] = {
    "normal": lambda b, s: s,
    "screen": lambda b, s: b + s - b * s,
    "subtract": lambda b, s: np.maximum(b - s, 0),
    "overlay": lambda b, s: hard(s, b),
    "soft_light": soft,
    "hard_light": hard,
    "dodge": dodge,
    "burn": burn,
    "difference": lambda b, s: np.abs(b - s),
    "exclusion": lambda b, s: b + s - 2 * b * s,
    "lighten": np.maximum,
    "darken": np.minimum,
    "linear_light": lambda b, s: np.clip(b + 2 * s - 1, 0, 1),
    "vivid_light": lambda b, s: np.where(s <= 0.5, burn(b, 2 * s), dodge(b, 2 * s - 1)),
    "pin_light": lambda b, s: np.where(s <= 0.5, np.minimum(b, 2 * s), np.maximum(b, 2 * s - 1)),
    "divide": divide,
    "hue": lambda b, s: with_lum(with_sat(s, sat(b)), lum(b)),
    "saturation": lambda b, s: with_lum(with_sat(b, sat(s)), lum(b)),
    "colour": lambda b, s: with_lum(s, lum(b)),
    "luminosity": lambda b, s: with_lum(b, lum(s)),
}


def wanted(mode: str, is_display: bool, under: Any, over: Any, opacity: float) -> Any:
    """Composite by definition, in values of the space, premultiplied [shape=(H, W, 4)].

    `under` is light, premultiplied; `over` is display-referred with straight alpha.
    """
    a, alpha = under[..., 3:], over[..., 3:]
    b = under[..., :3] / np.maximum(a, 1e-9)
    b, s = (encode(b), over[..., :3]) if is_display else (b, decode(over[..., :3]))
    if mode in ("alpha_mask", "luma_mask"):
        light = (s @ np.array([0.2126, 0.7152, 0.0722]))[..., None] if mode == "luma_mask" else 1.0
        mask = 1 - opacity + opacity * alpha * light
        return np.concatenate([b * a * mask, a * mask], -1)
    alpha = alpha * opacity
    whole = alpha + a - alpha * a
    if mode == "multiply":
        return np.concatenate([a * b * (alpha * s + 1 - alpha), a], -1)
    if mode == "add":
        return np.concatenate([alpha * s + a * b, np.minimum(alpha + a, 1)], -1)
    light = (1 - a) * alpha * s + (1 - alpha) * a * b + alpha * a * MIX[mode](b, s)
    return np.concatenate([light, whole], -1)


def shown(premultiplied: Any, is_display: bool = False) -> Any:
    """Premultiplied display values, as far as a display shows them."""
    alpha = np.clip(premultiplied[..., 3:], 0, 1)
    value = np.clip(premultiplied[..., :3] / np.maximum(alpha, 1e-6), 0, 1)
    return np.concatenate([(value if is_display else encode(value)) * alpha, alpha], -1)


def surface(placer_kit: Kit, data: Any) -> Surface:
    found = placer_kit.pool.take((data.shape[1], data.shape[0]))
    found.texture.write(np.ascontiguousarray(data, np.float16).tobytes())
    return found


def colours(seed: int, alpha: float) -> Any:
    """Random colours, with black, white and grey among them, as halves hold them."""
    found = np.random.default_rng(seed).random((SIZE[1], SIZE[0], 4))
    found[:4] = np.array([0.0, 1.0, 0.5, 0.25])[:, None, None]
    found[4:8, :, 0] = 1.0
    found[..., 3] = alpha
    return found.astype(np.float16).astype(float)


@pytest.mark.parametrize("space", ["linear", "display"])
@pytest.mark.parametrize("mode", [mode for mode in BLENDS if mode != "displace"])
def test_blending_is_its_formula(placer: Placer, mode: str, space: str) -> None:
    for under_alpha, over_alpha, opacity in (
        (1.0, 1.0, 1.0), (1.0, 0.625, 0.5), (0.375, 1.0, 1.0), (0.375, 0.625, 1.0),
        (1.0, 0.0, 1.0), (0.0, 0.625, 0.5),
    ):  # fmt: skip
        under, over = colours(1, under_alpha), colours(2, over_alpha)[:, ::-1]
        under[..., :3] = (decode(under[..., :3]) * under_alpha).astype(np.float16)
        plan = LayerPlan("a", None, None, (), mode, opacity, ASPECT, 1.0, False)
        canvas = placer.lay(
            surface(placer.kit, under),
            plan._replace(is_display=space == "display"),
            surface(placer.kit, over),
        )
        data = canvas.fbo.read(components=4, dtype="f2")
        found = np.frombuffer(data, np.float16).reshape(SIZE[1], SIZE[0], 4).astype(float)
        expected = wanted(mode, space == "display", under, over, opacity)
        assert np.isfinite(found).all()
        far = np.abs(shown(found) - shown(expected, space == "display")).max()
        assert far <= TOLERANCE, (under_alpha, over_alpha, 255 * far)


def test_displacing_moves_what_lies_below_and_grey_leaves_it(placer: Placer) -> None:
    under = np.zeros((*SIZE[::-1], 4))
    under[..., 3] = 1.0
    under[10:14, 20:24, :3] = 1.0
    plan = LayerPlan("a", None, None, (), "displace", 1.0, ASPECT, 1.0, False)
    for red, green, moved in ((0.5, 0.5, (0, 0)), (1.0, 0.5, (6, 0)), (0.5, 0.0, (0, -4))):
        over = np.ones((*SIZE[::-1], 4)) * (red, green, 0.0, 1.0)
        canvas = placer.lay(
            surface(placer.kit, under), plan._replace(is_display=True), surface(placer.kit, over)
        )
        data = np.frombuffer(canvas.fbo.read(components=4, dtype="f2"), np.float16)
        rows, columns = np.nonzero(data.reshape(SIZE[1], SIZE[0], 4)[..., 0] > 0.5)
        middle = columns.mean() - 21.5, rows.mean() - 11.5
        assert np.abs(np.subtract(middle, moved)).max() <= 0.6
