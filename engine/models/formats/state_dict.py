"""State dictionaries in NVIDIA's own naming: tensors without attributes, which follow from shapes.

What shapes do not tell is as the trainers have it unless they are told otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from engine.models.formats import forks, rosinality, stylegan2_modules, stylegan3_modules
from engine.models.formats.modules import Choices
from engine.models.network import STYLEGAN2, STYLEGAN3, Network
from engine.models.unpickle.inert import RefusedError
from engine.models.unpickle.torch_storage import Tensor

_STARTS = {STYLEGAN2: "synthesis.b4.const", STYLEGAN3: "synthesis.input.weight"}
_PARTS = ("synthesis.", "mapping.")
_CLAMP = 256.0


def is_state_dict(value: Any) -> bool:
    """Whether a value is such a dictionary, or holds one."""
    return bool(_find(value))


def _find(value: Any) -> tuple[str, str, Mapping[Any, Any]] | None:
    """Find the dictionary (the average over training first), its family, and what names begin with.

    Wrappers put a word before every name: ``module.``, ``G_ema.``.
    """
    if not isinstance(value, dict):
        return None
    tables = [value, *(part for part in value.values() if isinstance(part, dict))]
    found = []
    for table in tables:
        for family, start in _STARTS.items():
            found += [
                (family, key.removesuffix(start), table)
                for key, part in table.items()
                if type(key) is str and key.endswith(start) and isinstance(part, Tensor)
            ]
    averaged = [each for each in found if "ema" in each[1].lower() or each[2] is value.get("G_ema")]
    averaged += [each for each in found if each[2] is value.get("g_ema")]
    return next(iter((*averaged, *found)), None)


def convert(root: Any) -> Network:
    """Map the dictionary of a generator.

    Raises
    ------
    RefusedError
        If a part of the generator is missing.
    """
    found = _find(root)
    if found is None:
        raise RefusedError("holds no state dictionary of a StyleGAN")
    family, prefix, table = found
    state: dict[str, NDArray[Any]] = {
        key.removeprefix(prefix): part.array()
        for key, part in table.items()
        if type(key) is str
        and key.startswith(tuple(prefix + part for part in _PARTS))
        and isinstance(part, Tensor)
    }
    notes = [
        "it holds numbers alone: what they do not tell is taken as trainers have it (clamp "
        f"{_CLAMP:.0f}, mapping's learning rate 0.01)"
    ]
    choices = Choices(conv_clamp=_CLAMP)
    modules: dict[str, dict[str, Any]] = {"": {"class_name": "Generator"}}
    if family == STYLEGAN2:
        blocks = stylegan2_modules.resolutions(state)
        state = rosinality.filters_for(state, blocks) | state
        state |= rosinality.noise_for(state, blocks, notes)
        forks.settle_noise(state, modules)
        stylegan2_modules.complete(state, modules, choices)
    else:
        modules |= {name.rpartition(".")[0]: {} for name in state if name.startswith("synthesis.L")}
        modules = {name: own for name, own in modules.items() if not name.endswith(".affine")}
        stylegan3_modules.complete(state, modules, choices)
    if "mapping.w_avg" not in state:
        state["mapping.w_avg"] = rosinality.average_of(state, modules, notes)
    return Network(
        family, state, modules, origin=f"state dictionary of {family}", notes=tuple(notes)
    )
