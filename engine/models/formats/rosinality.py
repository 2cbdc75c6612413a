"""Checkpoints of rosinality's stylegan2-pytorch: a state dictionary in its own naming."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.formats import stylegan2_modules, unused
from engine.models.formats.modules import Choices
from engine.models.network import STYLEGAN2, Network
from engine.models.unpickle.inert import RefusedError
from engine.models.unpickle.torch_storage import Tensor

_SAMPLES = 4096  # for the average of w, where a file has none
_CHUNK = 512
_STRENGTH = "noise_strength"
_Array = NDArray[Any]


def is_checkpoint(value: Any) -> bool:
    """Whether a value is such a checkpoint, or its bare generator."""
    table = _generator(value)
    return "input.input" in table and any(str(key).startswith("style.") for key in table)


def _generator(value: Any) -> dict[Any, Any]:
    """Find the generator's table: the average over training if there is one."""
    if not isinstance(value, dict):
        return {}
    inner = (value.get(key) for key in ("g_ema", "g", "state_dict"))
    table = next((part for part in inner if isinstance(part, dict) and part), value)
    # What torch's DataParallel wraps has its names behind a word.
    return {k.removeprefix("module.") if type(k) is str else k: v for k, v in table.items()}


def _same(tensor: _Array) -> _Array:
    return tensor


def _first(tensor: _Array) -> _Array:
    if not tensor.ndim or tensor.shape[0] != 1:
        raise RefusedError("has a tensor of unexpected shape: it is no rosinality generator")
    return tensor.reshape(tensor.shape[1:])


def _flat(tensor: _Array) -> _Array:
    return tensor.reshape(-1)


# Their name (after the layer) → our name and what to do with the numbers.
_LAYER: dict[str, tuple[str, Callable[[_Array], _Array]]] = {
    "conv.weight": ("weight", _first),
    "conv.modulation.weight": ("affine.weight", _same),
    "conv.modulation.bias": ("affine.bias", _same),
    "noise.weight": (_STRENGTH, lambda tensor: tensor.reshape(())),
    "activate.bias": ("bias", _same),
    "bias": ("bias", _flat),  # of to_rgb
}
_PARTS = re.compile(
    r"(?:(?P<head>conv1|to_rgb1)|(?P<list>convs|to_rgbs)\.(?P<index>\d{1,2}))\.(?P<rest>.+)"
)


def _layer_name(match: re.Match[str]) -> str:
    if match["head"]:
        return "synthesis.b4." + ("conv1" if match["head"] == "conv1" else "torgb")
    index = int(match["index"])
    if match["list"] == "to_rgbs":
        return f"synthesis.b{8 << index}.torgb"
    return f"synthesis.b{8 << index // 2}.conv{index % 2}"


def _place(name: str) -> tuple[str, Callable[[_Array], _Array]] | None:
    """Find our name for a tensor of theirs; None: it is of no use here."""
    if style := re.fullmatch(r"style\.(\d{1,2})\.(weight|bias)", name):
        return f"mapping.fc{int(style[1]) - 1}.{style[2]}", _same
    if name == "input.input":
        return "synthesis.b4.const", _first
    if noise := re.fullmatch(r"noises\.noise_(\d{1,2})", name):
        index = int(noise[1])
        block = f"b{8 << (index - 1) // 2}.conv{(index - 1) % 2}" if index else "b4.conv1"
        return f"synthesis.{block}.noise_const", lambda x: x.reshape(x.shape[-2:])
    match = _PARTS.fullmatch(name)
    if match is None or match["rest"] not in _LAYER:
        return None
    ours, change = _LAYER[match["rest"]]
    return f"{_layer_name(match)}.{ours}", change


def convert(root: Any) -> Network:
    """Map a checkpoint: a table with ``g_ema``, or the state dictionary itself.

    Raises
    ------
    RefusedError
        If a part of the generator is missing.
    """
    theirs = _generator(root)
    if any(str(key).startswith(("iwt.", "to_rgb1.iwt.", "to_rgbs.0.iwt.")) for key in theirs):
        raise RefusedError(
            "is a SWAGAN checkpoint (it draws wavelets): a generator of another design, which this "
            "engine does not play"
        )
    state: dict[str, _Array] = {}
    unplaced = []
    for key, value in theirs.items():
        place = _place(key) if type(key) is str and isinstance(value, Tensor) else None
        if place is not None:
            state[place[0]] = place[1](value.array())
        elif isinstance(value, Tensor) and not str(key).endswith((".kernel", "latent_avg")):
            unplaced.append(str(key))
    blocks = stylegan2_modules.resolutions(state)
    notes = unused.note(unplaced)
    kernel = theirs.get("convs.0.conv.blur.kernel")
    state |= filters_for(state, blocks, kernel.array() if isinstance(kernel, Tensor) else None)
    state |= noise_for(state, blocks, notes)
    modules = stylegan2_modules.describe(state, Choices())
    given, w_dim = root.get("latent_avg"), modules["mapping"]["w_dim"]
    if isinstance(given, Tensor) and given.array().size == w_dim:
        state["mapping.w_avg"] = given.array().reshape(w_dim)
    else:
        state["mapping.w_avg"] = average_of(state, modules, notes)
    return Network(
        STYLEGAN2,
        state,
        modules,
        origin="rosinality stylegan2-pytorch checkpoint",
        kwargs={"size": blocks[-1], "n_mlp": modules["mapping"]["num_layers"]},
        notes=tuple(notes),
    )


def filters_for(
    state: Mapping[str, _Array], blocks: list[int], taps: _Array | None = None
) -> dict[str, _Array]:
    """Make every block's filters, which checkpoints without buffers lack, of these taps."""
    is_usual = taps is None or taps.ndim != 2 or not np.isfinite(taps).all() or taps.sum() <= 0
    kept = stylegan2_modules.resample_filter() if is_usual or taps is None else taps / taps.sum()
    filters = {}
    for resolution in blocks:
        block = f"synthesis.b{resolution}"
        for part in ("", ".conv0", ".conv1", ".skip"):
            if not part or f"{block}{part}.weight" in state:
                filters[f"{block}{part}.resample_filter"] = kept.astype(np.float32)
    return filters


def noise_for(state: dict[str, _Array], blocks: list[int], notes: list[str]) -> dict[str, _Array]:
    """Make the constant noise that early checkpoints lack, the same each time."""
    made: dict[str, _Array] = {}
    for name in [n.removesuffix(_STRENGTH) for n in state if n.endswith(_STRENGTH)]:
        resolution = int(name.split(".")[1][1:])
        if name + "noise_const" not in state and resolution in blocks:
            source = np.random.Generator(np.random.PCG64([resolution, name.count("conv1")]))
            made[name + "noise_const"] = source.standard_normal((resolution,) * 2, np.float32)
    if made:
        notes.append("it has no constant noise: one was made")
    return made


def average_of(
    state: dict[str, _Array], modules: dict[str, dict[str, Any]], notes: list[str]
) -> _Array:
    """Work out the average of w that a file lacks.

    Raises
    ------
    RefusedError
        If the network has classes, each of which has another.
    """
    if modules["mapping"]["c_dim"]:
        raise RefusedError("lacks mapping.w_avg, the average of w: the file is incomplete")
    notes.append(f"it has no average of w: the mean of {_SAMPLES} mapped latents was taken")
    w_dim = modules["mapping"]["w_dim"]
    source = np.random.Generator(np.random.PCG64([_SAMPLES, w_dim]))
    total = np.zeros(w_dim)
    for _ in range(_SAMPLES // _CHUNK):
        z = source.standard_normal((_CHUNK, modules["mapping"]["z_dim"]), np.float32)
        total += map_latents(z, state, modules).sum(axis=0, dtype=np.float64)
    return (total / _SAMPLES).astype(np.float32)


def map_latents(
    z: NDArray[np.float32], state: dict[str, _Array], modules: dict[str, dict[str, Any]]
) -> NDArray[np.float32]:
    """Run a mapping network, in our naming, on z without labels: w [shape=(N, w_dim)].

    Raises
    ------
    RefusedError
        If the layers do not fit each other.
    """
    norm = np.sqrt(np.mean(z**2, axis=1, keepdims=True) + np.float32(1e-8))
    x: NDArray[np.float32] = z / norm
    for i in range(modules["mapping"]["num_layers"]):
        layer = modules[f"mapping.fc{i}"]
        weight, bias = state[f"mapping.fc{i}.weight"], state.get(f"mapping.fc{i}.bias")
        if bias is None or weight.shape != (bias.size, x.shape[1]):
            raise RefusedError("has mapping layers that do not fit each other: it is damaged")
        with np.errstate(all="ignore"):  # weights that are no numbers are refused by name, later
            x = x @ (weight * layer["weight_gain"]).T.astype(np.float32)
            x = x + (bias * layer["bias_gain"]).astype(np.float32)
            x = (np.maximum(x, 0.2 * x) * np.sqrt(2)).astype(np.float32)
    return x
