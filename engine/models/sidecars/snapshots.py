"""Training snapshots of a network, beside its file.

``earth.ages.safetensors`` lies beside ``earth.safetensors``. Each age holds what tells it from the
next one, so that two bits for each weight are enough: an age is the next one plus its steps, and
the newest is next to the network itself. Weights move little in training; what two ages have in
common costs nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models import safetensors
from engine.models.network import Network, check_finite
from engine.models.unpickle.inert import RefusedError
from engine.system.hashing import cached_sha256

SUFFIX = ".ages.safetensors"
METADATA = "latent_cinema_ages"
VERSION = 1
MOST_AGES = 32
MOST_BITS = 8
SCALE = 2000
"""Pictures shown, from which on the way to the network is measured in powers."""
_FEWEST = 256  # numbers of a tensor that is coded; a smaller one is stored as it is
_UNLEARNED = (".noise_const", ".resample_filter")
_MOST_SHOWN = 1 << 48
Floats = NDArray[np.float32]
State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the learned tensors of a network are laid in a row.

    Parameters
    ----------
    coded
        Names and shapes of those that are coded, in order.
    whole
        And of those that are stored as they are.
    """

    coded: tuple[tuple[str, tuple[int, ...]], ...]
    whole: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Numbers in each row of the coded tensors; a row has a step of its own."""
        sizes = [np.full(shape[0], math.prod(shape[1:])) for _, shape in self.coded]
        return np.concatenate([np.zeros(0, np.int64), *sizes]).astype(np.int64)


def layout_of(state: State) -> Layout:
    """Lay out the tensors of a network that training changes."""
    floats = (name for name, x in state.items() if x.dtype.kind == "f")
    names = sorted(name for name in floats if not name.endswith(_UNLEARNED))
    kinds: tuple[list[Any], list[Any]] = ([], [])
    for name in names:
        x = state[name]
        kinds[x.ndim < 2 or x.size < _FEWEST].append((name, x.shape))
    return Layout(tuple(kinds[0]), tuple(kinds[1]))


def in_a_row(state: State, part: Sequence[tuple[str, tuple[int, ...]]]) -> Floats:
    """Numbers of some tensors of a network, one after the other [shape=(N,)]."""
    found = [np.asarray(state[name], np.float32).reshape(-1) for name, _ in part]
    return np.concatenate([np.zeros(0, np.float32), *found])


def _apart(row: Floats, part: Sequence[tuple[str, tuple[int, ...]]]) -> dict[str, Floats]:
    """The reverse of `in_a_row`."""
    found, at = {}, 0
    for name, shape in part:
        size = math.prod(shape)
        found[name] = row[at : at + size].reshape(shape)
        at += size
    return found


def decode(planes: NDArray[np.uint8], steps: Floats, rows: NDArray[np.int64]) -> Floats:
    """Return differences [shape=(N,)] from levels that lie evenly on both sides of zero.

    Parameters
    ----------
    planes
        The levels' bits, lowest first [shape=(bits, ceil(N / 8))].
    steps
        From level to level, for each row [shape=(rows,)].
    rows
        Numbers in each row.
    """
    count = int(rows.sum())
    level = np.full(count, -((1 << len(planes)) - 1) / 2, np.float32)
    for place, plane in enumerate(planes):
        level += np.unpackbits(plane, count=count) * np.float32(1 << place)
    return level * np.repeat(steps, rows)


@dataclass(frozen=True, slots=True)
class Ages:
    """Snapshots of a training, oldest first.

    Parameters
    ----------
    shown
        How many pictures each had seen.
    trained
        How many the network had seen in the end.
    planes, steps, whole
        As in the file; see `expected`.
    """

    shown: tuple[int, ...]
    trained: int
    planes: NDArray[np.uint8]
    steps: NDArray[np.float16]
    whole: NDArray[np.float16]

    @property
    def places(self) -> tuple[float, ...]:
        """Where each lies between 0 and 1; the network itself is at 1."""
        return tuple(place(count, self.trained) for count in self.shown)

    def states(self, network: Network) -> Iterator[dict[str, NDArray[Any]]]:
        """Every tensor of each snapshot, newest first."""
        layout = layout_of(network.state)
        row, rows = in_a_row(network.state, layout.coded), layout.rows
        for index in reversed(range(len(self.shown))):
            row = row + decode(self.planes[index], self.steps[index].astype(np.float32), rows)
            whole = self.whole[index].astype(np.float32)
            coded = _apart(row, layout.coded)
            yield {**network.state, **coded, **_apart(whole, layout.whole)}


def place(shown: int, trained: int) -> float:
    """Place of a count of shown pictures on the way from 0 to the end of the training, 0 to 1.

    Training does most at its beginning: the way is measured by powers of the count.
    """
    return math.log1p(shown / SCALE) / math.log1p(trained / SCALE)


def expected(layout: Layout, count: int, bits: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Tensors of a file with so many ages: name → kind of number and shape."""
    rows = layout.rows
    rest = sum(math.prod(shape) for _, shape in layout.whole)
    return {
        "planes": ("U8", (count, bits, -(-int(rows.sum()) // 8))),
        "steps": ("F16", (count, len(rows))),
        "whole": ("F16", (count, rest)),
    }


def path_of(model: Path) -> Path:
    """Where the ages of a model lie: beside it."""
    return model.with_suffix(SUFFIX)


def find(model: Path, network: Network) -> Ages | None:
    """Read the ages of a network; None if there are none beside it.

    Raises
    ------
    RefusedError
        If the file is damaged, or belongs to another network.
    OSError
        If it cannot be read.
    """
    return safetensors.if_there(path_of(model), lambda path: _read(path, model, network))


def _read(path: Path, model: Path, network: Network) -> Ages:
    data = safetensors.map_file(path)
    table, metadata, at = safetensors.read_header(data)
    said = _said(metadata.get(METADATA))
    shown: Any = said.get("shown")
    trained: Any = said.get("trained")
    bits: Any = said.get("bits")
    counts = [*shown, trained] if isinstance(shown, list) else []
    is_sound = (
        1 <= len(counts) - 1 <= MOST_AGES
        and all(type(n) is int and 0 <= n < _MOST_SHOWN for n in counts)
        and all(a < b for a, b in pairwise(counts))
        and type(bits) is int
        and 1 <= bits <= MOST_BITS
    )
    if not is_sound:
        raise RefusedError("has a description that makes no sense: it is damaged")
    if said.get("network_sha256") != cached_sha256(model):
        raise RefusedError(
            f"belongs to another network than {model.name}: write it anew with "
            f"'latent-cinema model ages {model.name}', or delete it"
        )
    wanted = expected(layout_of(network.state), len(shown), bits)
    found = {name: (entry["dtype"], tuple(entry["shape"])) for name, entry in table.items()}
    if found != wanted:
        raise RefusedError(f"does not fit {model.name}: it is damaged")
    parts = {name: safetensors.tensor_of(data[at:], entry) for name, entry in table.items()}
    for name in ("steps", "whole"):
        check_finite(name, parts[name])
    return Ages(tuple(shown), trained, parts["planes"], parts["steps"], parts["whole"])


def _said(text: object) -> dict[str, Any]:
    if not isinstance(text, str):
        raise RefusedError("is no file of ages: delete it")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}
