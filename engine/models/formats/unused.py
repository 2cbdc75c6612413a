"""Unused parts of a network's file, reported so that nobody takes a part for the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from engine.models.network import STYLEGAN2, STYLEGAN3, Network

_DENSE = r"(weight|bias)"
_MAPPING = rf"mapping\.(w_avg|(embed|embed_proj|fc\d{{1,3}})\.{_DENSE})"
_KNOWN = {
    STYLEGAN2: re.compile(
        rf"{_MAPPING}|synthesis\.b\d{{1,5}}\.(const|resample_filter|(conv0|conv1|torgb|skip)\."
        rf"({_DENSE}|noise_strength|noise_const|resample_filter|affine\.{_DENSE}))"
    ),
    STYLEGAN3: re.compile(
        rf"{_MAPPING}|synthesis\.input\.(weight|freqs|phases|transform|affine\.{_DENSE})"
        rf"|synthesis\.\w{{1,64}}\.({_DENSE}|magnitude_ema|(up|down)_filter\d*|affine\.{_DENSE})"
    ),
}
_MOST_NAMED = 4


def with_notes(network: Network) -> Network:
    """Add to a network's notes what of it is left unused."""
    known = _KNOWN.get(network.family)
    extra = [name for name in network.state if known and not known.fullmatch(name)]
    notes = [*network.notes, *note(extra)]
    channels = network.modules[""].get("img_channels")
    if isinstance(channels, int) and channels > 4:
        notes.append(f"it draws {channels} channels: three are shown, the rest is not used")
    return replace(network, notes=tuple(notes))


def note(names: Sequence[str]) -> list[str]:
    """Say which tensors nothing reads; nothing if there are none."""
    if not names:
        return []
    listed = ", ".join(name[:80] for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return [
        f"it has parts that no StyleGAN has, and they are not used ({listed}{more}): its pictures "
        "may differ from its own program's"
    ]
