"""Pictures of a network outside a show: raw numbers for programs, a contact sheet for people."""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.app.models import playable
from engine.generators import card

if TYPE_CHECKING:
    import torch

SPACES = ("z", "w", "w+")
MOST_PICTURES = 4096
_MOST_SHEET_PX = 8192
_LAST_SEED = 2**32 - 1  # of NumPy's RandomState


class WrongLatentsError(ValueError):
    """Latents, seeds or a result's name that make no sense; the message says which do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn.

    Parameters
    ----------
    latents
        An ``.npy`` file of latents; None: `seeds` are drawn.
    space
        What the latents are: ``z``, ``w`` or ``w+``; None: their shape tells.
    seeds
        Seeds as they are typed: ``0-15`` or ``1,5,9``.
    truncation
        Pulls styles towards their mean; 1 leaves them alone.
    noise
        ``const`` or ``none``.
    class_
        Number of the class, in a network that has classes.
    """

    latents: Path | None = None
    space: str | None = None
    seeds: str = ""
    truncation: float = 1.0
    noise: str = "const"
    class_: int = 0


def sample(file: Path, out: Path, wish: Wish) -> int:
    """Draw pictures of a model into a file.

    Parameters
    ----------
    file
        A model of any kind; a foreign one is converted into the user's cache.
    out
        ``.npy``: raw float32 [shape=(N, C, H, W)]; ``.png``: the picture, or a sheet of all.
    wish
        What is to be drawn.

    Returns
    -------
    int
        How many pictures there are.

    Raises
    ------
    WrongLatentsError
        If the latents do not fit the model, or `out` is neither kind of file.
    RefusedError
        If the model is none that we play.
    OSError
        If a file cannot be read or written.
    """
    if out.suffix.lower() not in (".npy", ".png"):
        raise WrongLatentsError(f"{out}: the result ends in .npy (raw numbers) or .png")
    if wish.latents is None:
        seeds, given = read_seeds(wish.seeds), np.zeros((0, 0), np.float32)
    else:
        seeds, given = (), read_latents(wish.latents)
    model = _open(file)
    _check_class(model, wish.class_)
    if wish.latents is None:
        space, given = "z", draw_seeds(seeds, model.z_dim)
    else:
        space = _space_of(model, given, wish)
    pictures = _pictures(model, given, space, wish)
    store = _store_raw if out.suffix.lower() == ".npy" else _store_sheet
    store(out, len(given), pictures)
    return len(given)


def read_seeds(text: str) -> tuple[int, ...]:
    """Read seeds: numbers and ranges with both ends, ``1,5,9`` or ``0-15``.

    Raises
    ------
    WrongLatentsError
        If they are none, or too many.
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?", part, re.ASCII)
        first = int(match[1]) if match else 0
        last = int(match[2] or first) if match else -1
        if not first <= last <= _LAST_SEED:
            raise WrongLatentsError(
                f"'{text[:40]}' are no seeds: write numbers from 0 to {_LAST_SEED}, as in 0-15 "
                "or 1,5,9"
            )
        if len(found) + last - first >= MOST_PICTURES:
            raise WrongLatentsError(f"'{text[:40]}': at most {MOST_PICTURES} seeds at a time")
        found.extend(range(first, last + 1))
    return tuple(found)


def draw_seeds(seeds: tuple[int, ...], z_dim: int) -> NDArray[np.float32]:
    """Latents [shape=(N, z_dim)] of seeds, the same as in the programs that train networks."""
    rows = [np.random.RandomState(seed).randn(1, z_dim) for seed in seeds]
    return np.concatenate(rows).astype(np.float32)


def read_latents(path: Path) -> NDArray[np.float32]:
    """Read an array of two or three axes from an ``.npy`` file; nothing in it is executed.

    Raises
    ------
    WrongLatentsError
        If it is none, too large, or holds what is no number.
    """
    found: Any = None
    # Mapped: a header that promises more than there is costs nothing. A pipe would be waited for.
    # NumPy parses a header as Python does: damaged ones end in a dozen kinds of exception.
    with contextlib.suppress(Exception):
        found = np.lib.format.open_memmap(path, mode="r") if path.is_file() else None
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiu":
        raise WrongLatentsError(f"{path} is no .npy file of numbers: write one with numpy.save")
    if found.ndim not in (2, 3) or not 1 <= len(found) <= MOST_PICTURES:
        raise WrongLatentsError(
            f"{path} has the shape {found.shape}: latents are (N, z_dim), (N, w_dim) or "
            f"(N, num_ws, w_dim) with N from 1 to {MOST_PICTURES}"
        )
    if math.prod(found.shape[1:]) > 1 << 20:
        raise WrongLatentsError(f"{path} has the shape {found.shape}: no network's latent")
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused
        latents = np.array(found, np.float32, order="C")
    wrong = np.argwhere(~np.isfinite(latents))
    if len(wrong):
        raise WrongLatentsError(
            f"{path} holds what is no number (NaN, infinite), in row {wrong[0][0]}"
        )
    return latents


def _open(file: Path) -> Any:
    network = card.load(playable(file))
    # Families are module names: `card` lets no other pass.
    return importlib.import_module(f"engine.generators.{network.family}").build_network(
        network.state, network.modules
    )


def _check_class(model: Any, number: int) -> None:
    if not 0 <= number < max(model.c_dim, 1):
        classes = f"0 to {model.c_dim - 1}" if model.c_dim else "none"
        raise WrongLatentsError(f"there is no class {number} in this network; it has {classes}")


def _space_of(model: Any, latents: NDArray[np.float32], wish: Wish) -> str:
    """Tell what latents are by their shape; where z and w are of one length, z."""
    shapes = {
        "z": (model.z_dim,),
        "w": (model.w_dim,),
        "w+": (model.num_ws, model.w_dim),
    }
    for space in SPACES if wish.space is None else (wish.space,):
        if latents.shape[1:] == shapes[space]:
            return space
    names = SPACES if wish.space is None else (wish.space,)
    needed = " or ".join(f"{name} (N, {', '.join(map(str, shapes[name]))})" for name in names)
    raise WrongLatentsError(
        f"{wish.latents} has the shape {latents.shape}; this network takes {needed}"
    )


def _pictures(
    model: Any, latents: NDArray[np.float32], space: str, wish: Wish
) -> Iterator[torch.Tensor]:
    """Draw latents one by one: raw pictures [shape=(1, C, H, W)]."""
    import torch

    c = None
    if model.c_dim:
        c = torch.zeros(1, model.c_dim)
        c[0, wish.class_] = 1.0
    for row in latents:
        with torch.inference_mode():
            w = torch.from_numpy(row)[None]
            w = model.map(w, c) if space == "z" else w
            yield model.synthesize(model.truncate(w, wish.truncation, None, c), wish.noise)


def _store_raw(out: Path, count: int, pictures: Iterator[torch.Tensor]) -> None:
    def write(part: Path) -> None:
        rows: Any = None
        for place, picture in enumerate(pictures):
            raw = picture.float().cpu().numpy()
            if rows is None:  # mapped: many large pictures need no memory
                shape = (count, *raw.shape[1:])
                rows = np.lib.format.open_memmap(part, "w+", np.dtype("<f4"), shape)
            rows[place] = raw[0]
        rows.flush()

    _whole(out, write)


def _store_sheet(out: Path, count: int, pictures: Iterator[torch.Tensor]) -> None:
    from engine.generators.styling import present
    from engine.outputs.png import encode

    columns = math.ceil(math.sqrt(count))
    most = (_MOST_SHEET_PX // columns,) * 2
    sheet = np.zeros((0, 0, 3), np.uint8)
    for place, picture in enumerate(pictures):
        cell = present(picture.float(), most)[0].permute(1, 2, 0).cpu().numpy()
        height, width = cell.shape[:2]
        if not place:
            sheet = np.zeros((-(-count // columns) * height, columns * width, 3), np.uint8)
        top, left = place // columns * height, place % columns * width
        sheet[top : top + height, left : left + width] = np.rint(cell * 255.0)
    data = encode(sheet, 6)
    _whole(out, lambda part: part.write_bytes(data))


def _whole(out: Path, write: Callable[[Path], object]) -> None:
    """Write a file that is whole or absent."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
