"""Ages of a network: a few snapshots of its training, two bits for each weight."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models import card, safetensors
from engine.models.sidecars import snapshots as ages
from engine.models.sidecars.snapshots import Floats
from engine.models.unpickle.inert import RefusedError
from engine.system import hashing
from engine.system.atomic import open_new

COUNT = 8
BITS = 2
# Steps of the best even levels for what is normally distributed, in its spread. J. Max, "Quantizing
# for minimum distortion" (1960), table II.
_BEST = {1: 1.596, 2: 0.9957, 3: 0.586, 4: 0.3352, 5: 0.1881, 6: 0.1041, 7: 0.0569, 8: 0.0308}
_TRIED = np.linspace(0.7, 1.5, 9)  # times the best, since not everything is


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_ages` wrote.

    Parameters
    ----------
    shown
        How many pictures each age had seen.
    trained
        How many the network had seen.
    """

    path: Path
    shown: tuple[int, ...]
    trained: int
    file_bytes: int


def write_ages(
    snapshots: Path,
    network: Path,
    out: Path | None = None,
    *,
    count: int = COUNT,
    bits: int = BITS,
    trained: int | None = None,
) -> Written:
    """Choose snapshots of a training and write them as the ages of its network.

    Parameters
    ----------
    snapshots
        Folder of ``SHOWN.safetensors``, SHOWN being the count of pictures shown.
    out
        The new file; by default beside the network, where it is looked for.
    count
        How many ages; the first is the oldest snapshot.
    bits
        For each weight, of what tells an age from the next one.
    trained
        How many pictures the network has seen; None: what its card says, or else that it is the
        newest snapshot.

    Raises
    ------
    ValueError
        If there are no snapshots, or they are of another network.
    OSError
        If a file cannot be read or written.
    """
    if not 1 <= count <= ages.MOST_AGES or not 1 <= bits <= ages.MOST_BITS:
        raise ValueError(
            f"{count} ages of {bits} bits: there are 1 to {ages.MOST_AGES}, of 1 to "
            f"{ages.MOST_BITS} bits"
        )
    found = _find(snapshots)
    end = trained or _pictures_shown(network) or max(found)
    shown = choose(sorted(n for n in found if n < end), end, count)
    if not shown:
        raise ValueError(f"{snapshots}: there is no snapshot from before {end} pictures were shown")
    state = card.load(network).state
    layout = ages.layout_of(state)
    row = ages.in_a_row(state, layout.coded)
    parts: dict[str, list[NDArray[Any]]] = {"planes": [], "steps": [], "whole": []}
    for each in reversed(shown):
        known = _read(found[each], layout)
        planes, steps = encode(ages.in_a_row(known, layout.coded) - row, layout.rows, bits)
        row = row + ages.decode(planes, steps.astype(np.float32), layout.rows)
        parts["planes"].insert(0, planes)
        parts["steps"].insert(0, steps)
        parts["whole"].insert(0, ages.in_a_row(known, layout.whole))
    said = {
        "version": ages.VERSION,
        "network_sha256": hashing.sha256_of(network),
        "shown": list(shown),
        "trained": end,
        "bits": bits,
    }
    path = out or ages.path_of(network)
    with open_new(path) as file:
        stacked = {name: np.stack(rows) for name, rows in parts.items()}
        safetensors.write(file, stacked, {ages.METADATA: json.dumps(said)}, half=True)
    return Written(path, shown, end, path.stat().st_size)


def encode(
    row: Floats, rows: NDArray[np.int64], bits: int
) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Bring differences to levels that lie evenly on both sides of zero: the reverse of `decode`.

    Parameters
    ----------
    row
        [shape=(N,)]
    rows
        Numbers in each row, which has a step of its own.
    bits
        For each number.

    Returns
    -------
    tuple
        Planes of bits [shape=(bits, ceil(N / 8))], steps [shape=(rows,)].
    """
    starts = np.concatenate([[0], np.cumsum(rows)[:-1]])

    def sums(x: Floats) -> NDArray[np.float64]:
        return np.add.reduceat(x.astype(np.float64), starts)

    spread = np.sqrt(sums(np.square(row)) / rows)
    half = ((1 << bits) - 1) / 2
    best = np.full(len(rows), np.inf)
    steps, levels = np.zeros(len(rows), np.float16), np.zeros(len(row), np.uint8)
    for factor in _TRIED:
        tried = (spread * _BEST[bits] * factor).astype(np.float16)
        step = np.repeat(tried.astype(np.float32), rows)
        place = np.divide(row, step, out=np.zeros_like(row), where=step > 0)
        level = np.clip(np.rint(place + half), 0, 2 * half)
        error = sums(np.square((level - half) * step - row, dtype=np.float32))
        is_better = error < best
        best[is_better], steps[is_better] = error[is_better], tried[is_better]
        levels = np.where(np.repeat(is_better, rows), level, levels).astype(np.uint8)
    planes = [np.packbits(levels >> place & 1) for place in range(bits)]
    return np.stack(planes), steps


def choose(counts: Sequence[int], trained: int, count: int) -> tuple[int, ...]:
    """Choose at most `count` snapshots, the oldest among them, that lie evenly on the way."""
    if not counts:
        return ()
    first = ages.place(counts[0], trained)
    wanted = [first + (1 - first) * n / count for n in range(count)]
    near = {min(counts, key=lambda c: abs(ages.place(c, trained) - each)) for each in wanted}
    return tuple(sorted(near | {counts[0]}))


def _find(folder: Path) -> dict[int, Path]:
    found = {int(p.stem): p for p in folder.glob("*.safetensors") if p.stem.isdigit()}
    if not found:
        raise ValueError(f"{folder}: there are no snapshots here; name the folder of a training's")
    return found


def _pictures_shown(network: Path) -> int:
    """How many pictures the network has seen, as its card says; 0: it does not."""
    try:
        fields = card.read_card(card.card_path(network))
    except (OSError, RefusedError):
        return 0
    shown = fields.get("pictures_shown")
    return shown if type(shown) is int and shown > 0 else 0


def _read(path: Path, layout: ages.Layout) -> Mapping[str, NDArray[Any]]:
    """Read a snapshot of the network that has this layout."""
    try:
        data = safetensors.map_file(path)
        table, _, at = safetensors.read_header(data)
        found = {n: safetensors.tensor_of(data[at:], e) for n, e in table.items()}
    except RefusedError as error:
        raise ValueError(f"{path} {error}") from None
    for name, shape in (*layout.coded, *layout.whole):
        if name not in found or found[name].shape != shape:
            raise ValueError(f"{path}: this is no snapshot of that network ({name} differs)")
    return found
