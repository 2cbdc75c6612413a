"""The direction library of a model: found, drawn, named and kept beside it; taught by picks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.generators import registry
from engine.lab import sheets
from engine.lab.directions import discovery, teaching
from engine.lab.directions.studied_model import StudiedModel
from engine.lab.latents import WrongLatentsError, read_latents
from engine.lab.networks import build_network
from engine.models import card
from engine.models.latent_file import Space
from engine.models.network import ANSWERS
from engine.models.sidecars import directions
from engine.models.sidecars.directions import NAME, Direction, Floats
from engine.system.hashing import cached_sha256

STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
COLUMNS = 12
PX = 96
_SHOWN, _EXAMPLES, _TRIED = "shown", 2, 64


class Library:
    """A model and the directions that are known of it.

    Parameters
    ----------
    model
        A model file of any kind, ``cppn``, or ``cppn:SEED``.
    out
        The file of directions; None: beside the model, where a show finds it.
    label
        Class that is looked at, in a network with classes.

    Raises
    ------
    ValueError
        If the model cannot be read, or the file of directions is damaged.
    OSError
        If a file cannot be read.
    """

    def __init__(self, model: str, out: Path | None, label: int = 0) -> None:
        if out is not None and not out.name.endswith(directions.SUFFIX):
            raise ValueError(f"{out.name}: a file of directions ends in {directions.SUFFIX}")
        self.studied, beside, self.model = open_subject(model, label)
        self.path = out or beside
        self.known: tuple[Direction, ...] = ()
        if self.path.is_file():
            self.known = directions.read(self.path, self.studied.sha256, self.studied.shape)

    def keep(self, found: Sequence[Direction]) -> None:
        """Add directions to the file; one of a name that is there replaces that one."""
        named = {each.name: each for each in (*self.known, *found)}
        self.known = tuple(named.values())
        directions.write(self.path, self.studied.sha256, self.known)

    def rename(self, names: Mapping[str, str]) -> None:
        """Give directions other names.

        Raises
        ------
        ValueError
            If one is not there.
        """
        self._check(names)
        self.known = tuple(replace(d, name=names.get(d.name, d.name)) for d in self.known)
        directions.write(self.path, self.studied.sha256, self.known)

    def remove(self, names: Sequence[str]) -> None:
        """Leave directions out.

        Raises
        ------
        ValueError
            If one is not there.
        """
        self._check(names)
        self.known = tuple(d for d in self.known if d.name not in names)
        directions.write(self.path, self.studied.sha256, self.known)

    def _check(self, names: Sequence[str] | Mapping[str, str]) -> None:
        there = [each.name for each in self.known]
        for name in names:
            if name not in there:
                listed = ", ".join(there) or "none"
                raise ValueError(f"{self.path.name} has no direction '{name}'; it has: {listed}")


def open_subject(model: str, label: int = 0) -> tuple[StudiedModel, Path, str]:
    """Build what directions are looked for in; also where its file of them lies, and its own.

    Raises
    ------
    ValueError
        If there is no such model, it has no styles, or no such class.
    OSError
        If it cannot be read.
    """
    if model.partition(":")[0] == "cppn":
        from engine.generators.kinds import cppn

        seed = model.partition(":")[2] or "42"
        if not seed.isdecimal():
            raise ValueError(f"'{model}' is no model: write cppn, or cppn:SEED")
        opened = registry.open_spec("cppn", {"network_seed": int(seed)})
        shape = cppn.shape_of(opened.config)
        beside = Path(model.replace(":", "-") + directions.SUFFIX)
        generator = registry.build(opened, "cpu")
        return StudiedModel(generator, shape, cppn.model_hash(opened.config)), beside, ""
    from engine.models.importer.catalogue import playable

    path = playable(Path(model))
    network = card.load(path)
    if network.family in ANSWERS:
        raise ValueError(f"{path.name} answers pictures: it has no styles to move")
    built = build_network(network)
    if label and label >= built.c_dim:
        classes = f"0 to {built.c_dim - 1}" if built.c_dim else "none"
        raise ValueError(f"there is no class {label} in {path.name}; it has {classes}")
    shape = directions.shape_of(network, built.num_ws)
    studied = StudiedModel(built, shape, cached_sha256(path), label)
    return studied, directions.path_of(path), str(path)


def named(found: Sequence[Direction], names: Mapping[str, str]) -> list[Direction]:
    """Choose found directions by their numbers, from 1, or the names they were found by.

    Raises
    ------
    ValueError
        If there is no such number, or a name cannot be part of an address.
    """
    chosen = []
    for which, name in names.items():
        places = [n for n, d in enumerate(found, 1) if which in (str(n), d.name)]
        if not places:
            raise ValueError(f"there is no direction {which} among those found: 1 to {len(found)}")
        chosen.append(replace(found[places[0] - 1], name=check_name(name)))
    return chosen


def check_name(name: str) -> str:
    """Return a name that can be part of an address.

    Raises
    ------
    ValueError
        If it cannot.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            f"'{name:.40}' is no name of a direction: a letter a-z first, then letters, digits, _"
        )
    return name


def draw_sheet(studied: StudiedModel, found: Sequence[Direction], out: Path, seed: int) -> None:
    """Draw each direction as a row, from -3 to +3 sigmas, of the same two pictures.

    They are the most typical ones of a few: nearest to the mean style.

    Raises
    ------
    ValueError
        If there is none, or too many for a sheet.
    OSError
        If it cannot be written.
    """
    if not found:
        raise ValueError("there is no direction to draw: find some with --find")
    steps = np.tile(np.array(STEPS, np.float32), _EXAMPLES)
    z = studied.latents(seed, _SHOWN, _TRIED)
    w = studied.map(z)
    nearest = np.linalg.norm(w - w.mean(0), axis=1).argsort(kind="stable")[:_EXAMPLES]
    z = np.repeat(z[nearest], len(STEPS), 0)
    rows = []
    for each in found:
        if each.space == "z":
            moved = z + steps[:, None] * np.float32(each.sigma) * each.vector
            rows.append(studied.draw(studied.map(moved), PX))
        else:
            rows.append(studied.draw(studied.map(z), PX, [each], steps[:, None]))
    labels = [f"{n}  {each.name}" for n, each in enumerate(found, 1)]
    sheets.store(out, rows, labels, [f"{s:+g} sigma" if s else "0" for s in STEPS] * _EXAMPLES)


def draw_thumbs(studied: StudiedModel, out: Path, seed: int) -> None:
    """Draw the numbered pictures that a direction is taught on."""
    sheets.store_numbered(out, studied.draw(teaching.thumbs(studied, seed), PX), COLUMNS)


def read_sets(
    library: Library, files: tuple[Path, Path], space: str, notify: Callable[[str], None]
) -> tuple[tuple[Floats, Floats], str]:
    """Read two files of saved latents [shape=(N, D) or (N, L, D)]; also their space, z or w.

    Parameters
    ----------
    space
        What is meant by latents that fit ``z`` and ``w`` alike.
    notify
        Is told of what could mean two things which was taken.

    Raises
    ------
    WrongLatentsError
        If one holds none, or none of this model, or they are of two spaces.
    """
    shape = library.studied.shape
    z = Space("z", (shape.z_dim,))
    styles = [Space("w", (shape.w_dim,)), Space("w+", (shape.num_ws, shape.w_dim))]
    spaces = [z, *styles] if space == "z" else [*styles, z]
    more, less = (read_latents(file, spaces, library.model, "this model") for file in files)
    if more.space.name[0] != less.space.name[0]:
        raise WrongLatentsError(
            f"{files[0]} holds {more.space.name} and {files[1]} {less.space.name}: give two files "
            "of one space"
        )
    for each in (more, less):
        notify(each.note)
    sets = more.rows.astype(np.float32), less.rows.astype(np.float32)
    return sets, more.space.name[0]


def find(library: Library, method: str, options: discovery.Options) -> list[Direction]:
    """Find directions; what is known stays known."""
    return discovery.find(method, library.studied, replace(options, known=library.known))


def teach(
    library: Library,
    name: str,
    seed: int,
    picks: tuple[list[int], list[int]],
    fixed: tuple[str, ...],
) -> Direction:
    """Find a direction from picks on a sheet, numbers from 1, and keep it."""
    more, less = ([number - 1 for number in numbers] for numbers in picks)
    options = discovery.Options(seed=seed, fixed=fixed, known=library.known)
    styles = teaching.thumbs(library.studied, seed)
    found = teaching.teach(library.studied, options, styles, more, less)
    made = replace(found, name=name)
    library.keep([made])
    return made


def text(known: Sequence[Direction]) -> str:
    """Lay directions out for people."""
    rows = []
    for number, each in enumerate(known, 1):
        first, last = each.layers
        where = each.layer if each.space == "s" else f"{first}-{last - 1}" if last else ""
        rows.append(f"{number:3}  {each.name:20} {each.space}  sigma {each.sigma:<8.3g} "
                    f"{where:12} {each.method}: {each.source}")  # fmt: skip
    return "\n".join(rows)
