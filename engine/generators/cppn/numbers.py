"""What the CPPN's shader is told of one picture: style and controls, folded into its numbers.

The same as `engine.generators.cppn.weights` and `engine.generators.cppn.field` up to the pixels, in
numpy: the player has no torch. What a pixel does not change is worked out here, for the shader
`engine.generators.cppn.shader`: modulated matrices, and mean and spread over the probes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.show.generator import Request
from engine.generators.cppn.field import PROBE_SPAN, PROBES
from engine.generators.cppn.weights import (
    BODY,
    GROUPS,
    LAYERS,
    WEAVE,
    Weights,
)

Array = NDArray[np.float32]
Numbers = dict[str, Any]


def numbers(weights: Weights, request: Request, controls: Mapping[str, float]) -> Numbers:
    """Everything that a picture depends on, by the names of `shader.LAYOUT`.

    Parameters
    ----------
    weights
        As numpy arrays, see `weights.make_arrays`.
    controls
        Value of every parameter, see `contract.complete`.
    """
    style = _modulate(weights, _mix(weights, _sources(request), controls))
    (width, height), scale = request.size_px, controls["scale"]
    half = max(request.aspect, 1.0), max(1.0 / request.aspect, 1.0)
    grid_step = 2 * half[0] / width, 2 * half[1] / height
    fine = min(grid_step) / scale
    found = _view(style, controls)
    found |= _waves(weights, style, controls, min(1.5 / fine, 1.5 * 16.0 ** controls["detail"]))
    _measure(found)
    found |= _light(style, controls)
    found |= {"half": half, "grid_step": grid_step, "fine": fine}
    found["step"] = grid_step[0] / scale, grid_step[1] / scale
    return found


def _sources(request: Request) -> Array:
    first = request.latents["z"]
    both = np.stack([first, request.latents.get("z_b", first)]).astype(np.float32)
    found: Array = np.nan_to_num(both.clip(-1e6, 1e6))
    return found


def _mix(weights: Weights, z: Array, controls: Mapping[str, float]) -> Array:
    """Styles of each layer [shape=(L, Dw)]: see `weights.map_latents`, `weights.mix_styles`."""
    matrices: Any = weights.mapping
    hidden = z / np.sqrt(np.square(z).mean(-1, keepdims=True) + 0.02)
    for matrix in matrices[:2]:
        hidden = hidden @ matrix
        hidden = np.where(hidden > 0, hidden, 0.2 * hidden) * math.sqrt(2.0)
    a, b = hidden @ matrices[2] - weights.w_avg
    rows = []
    for group, places in GROUPS.items():
        part = controls[f"mix_{group}"]
        mixed = math.cos(part * math.pi / 2) * a + math.sin(part * math.pi / 2) * b
        long = (np.linalg.norm(a) + 1e-9) ** (1 - part) * (np.linalg.norm(b) + 1e-9) ** part
        mixed = mixed * (long / (np.linalg.norm(mixed) + 1e-6))
        reach = controls["truncation"] * controls[f"truncation_{group}"]
        rows += [reach * mixed] * len(places)
    return np.stack(rows)  # offsets from `w_avg`


def _modulate(weights: Weights, offsets: Array) -> dict[str, Array]:
    affine: Any = weights.affine
    return {name: affine[name] @ offsets[place] for place, name in enumerate(LAYERS)}


def _view(style: Mapping[str, Array], controls: Mapping[str, float]) -> Numbers:
    """See `field._aim` and `field._frame`."""
    near = controls["symmetry"]
    s = style["frame"].astype(np.float64)
    size = math.exp(0.4 * math.tanh(s[1]) + 0.55)
    stretch, shear = 0.18 * math.tanh(s[2]), 0.18 * math.tanh(s[3])
    across, along = math.cos(1.1 * s[0]), math.sin(1.1 * s[0])
    return {
        "mirror": (float(near > 0), 1.0 - 1.0 / max(near, 0.01)),
        "offset": (controls["offset_x"], controls["offset_y"]),
        "turn": (math.cos(controls["rotation"]), math.sin(controls["rotation"])),
        "zoom": 1.0 / controls["scale"],
        "form": controls["form"],
        "frame": np.array(
            [[across + stretch, shear - along], [shear + along, across - stretch]]
        ) * size,
        "place": 1.5 * s[4:6],
    }  # fmt: skip


def _waves(
    weights: Weights, style: Mapping[str, Array], controls: Mapping[str, float], cutoff: float
) -> Numbers:
    """See `field._drift` and `field._weave`; rows are units."""
    waves: Any = weights.waves
    phases: Any = weights.phases
    mixers: Any = weights.mixers
    found: Numbers = {}
    for name, gain, stir in (
        ("flow", 0.85 * controls["warp"], 1.5), ("fold", controls["warp"], 1.0)
    ):  # fmt: skip
        phase, *sides = style[name][:-1].reshape(3, -1)
        reach = math.exp(0.6 * math.tanh(style[name][-1]) - 0.12) * gain
        mixer = mixers[name] + 0.5 / math.sqrt(len(phase)) * np.stack(sides)
        found[f"{name}_waves"] = np.column_stack([waves[name], phases[name][:, 0] + stir * phase])
        found[f"{name}_mixer"] = mixer / np.linalg.norm(waves[name], axis=1) * reach
    phase, swell = style["body"].reshape(2, BODY)
    length = np.linalg.norm(waves["body"], axis=1)
    loud = np.exp(-((length / cutoff) ** 2)) * (2.4 + 0.5 * swell) / (1.0 + length)
    phase = phases["body"][:, 0] + 0.9 * phase
    found["body"] = np.column_stack([waves["body"], phase, loud])
    for name, gain in (("weave", 2.2), ("vein", 1.2)):
        phase, swell = style[name].reshape(2, WEAVE)
        found[name] = mixers[name] * (1 + 0.35 * swell[:, None]) * gain
        found[f"{name}_bias"] = 0.7 * phase
    found["fields"] = mixers["fields"]
    return found


def _measure(found: Numbers) -> None:
    """Fold mean and spread over the probes into what is measured, see `field._standardise`."""
    side = ((np.arange(PROBES) + 0.5) / PROBES - 0.5) * PROBE_SPAN
    probes = np.stack(np.meshgrid(side, side)).reshape(2, -1)
    place = found["frame"] @ probes + found["place"][:, None]

    def drift(name: str, place: Array) -> Array:
        waves = found[f"{name}_waves"]
        moved: Array = found[f"{name}_mixer"] @ np.sin(waves[:, :2] @ place + waves[:, 2:])
        return moved

    flow = drift("flow", place)
    place = place + flow
    place = place + drift("fold", place)
    body = found["body"]
    planes = np.sin(body[:, :2] @ place + body[:, 2:3]) * body[:, 3:]
    for name in ("weave", "vein"):
        planes = np.sin(found[name] @ planes + found[f"{name}_bias"][:, None])
    planes = found["fields"] @ planes
    mean = planes.mean(1)
    spread = np.sqrt(np.square(planes - mean[:, None]).mean(1) + 1e-3)
    found["calm"] = flow.mean(1)
    found["fields"] = found["fields"] / spread[:, None]
    found["fields_bias"] = -mean / spread


def _light(style: Mapping[str, Array], controls: Mapping[str, float]) -> Numbers:
    """See `light.illuminate`."""
    tone, light = style["tone"].astype(np.float64), style["light"].astype(np.float64)

    def sigmoid(x: float) -> float:
        return 0.5 + 0.5 * math.tanh(0.5 * x)

    angle = 2.2 + 0.8 * light[0]
    return {
        "cut": 2.4 * (controls["black"] - 0.5) + 0.1 * light[1],
        "rim": 0.35 * sigmoid(1.5 * light[3] - 0.5),
        "rim_hue": 0.15 * sigmoid(1.5 * light[3] - 0.5),
        "per_unit": 2.0 * math.exp(0.5 * tone[1]),
        "line": controls["line"] * sigmoid(2.5 * tone[2]),
        "veil": controls["veil"] * sigmoid(light[2]),
        "relief": controls["relief"],
        "rake": (math.cos(angle), math.sin(angle)),
        "power": 0.6 + 0.8 * controls["contrast"],
        "bare": controls["height"],
        "hue": 0.2 * tone[0] + controls["palette_shift"],
    }
