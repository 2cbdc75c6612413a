"""Pictures of a network outside a show: raw numbers for programs, a contact sheet for people."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.generators.libraries import torch
from engine.generators.stylegan.stylegan3_spec import input_transform
from engine.lab import sheets
from engine.lab.latents import (
    WrongLatentsError,
    draw_seeds,
    read_latents,
    read_numbers,
    read_rows,
)
from engine.lab.networks import build_network
from engine.models import card
from engine.models.importer.catalogue import playable
from engine.models.latent_file import Space
from engine.models.network import ANSWERS, STYLEGAN3
from engine.system.atomic import open_new

_MOST_SHEET_PX = 8192
_MOST_CLASS = 1 << 20


def store(out: Path, count: int, pictures: Iterator[torch.Tensor]) -> None:
    """Write pictures into a file that is whole or absent.

    Parameters
    ----------
    out
        ``.npy``: raw float32 [shape=(N, C, H, W)]; ``.png``: the picture, or a sheet of all.
    pictures
        Raw [shape=(1, C, H, W)].

    Raises
    ------
    WrongLatentsError
        If they have colours that no sheet can show.
    OSError
        If the file cannot be written.
    """
    write = _write_raw if out.suffix.lower() == ".npy" else _write_sheet
    try:
        write(out, count, pictures)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise OSError(f"{out}: {error.strerror or error}") from None


def _write_raw(out: Path, count: int, pictures: Iterator[torch.Tensor]) -> None:
    """Write one picture after the other: many large ones need no memory."""
    with open_new(out) as file:
        for place, picture in enumerate(pictures):
            raw = np.ascontiguousarray(picture.float().cpu().numpy(), "<f4")
            if not place:
                shape = (count, *raw.shape[1:])
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(raw.tobytes())


def _write_sheet(out: Path, count: int, pictures: Iterator[torch.Tensor]) -> None:
    from engine.generators.stylegan.controls import present

    columns = math.ceil(math.sqrt(count))
    most = (_MOST_SHEET_PX // columns,) * 2

    def tiles() -> Iterator[sheets.Bytes]:
        for picture in pictures:
            yield sheets.to_bytes(present(picture.float(), most)[0].cpu().numpy())

    sheets.save(out, sheets.grid(tiles(), count, columns))


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be drawn, as the command's help says it.

    `space` None: the latents' shape tells · `truncation_cutoff` None: all layers · `class_`:
    numbers, or a file of weights [shape=(N, c_dim)] · `translate` in widths and heights, `rotate`
    in degrees.
    """

    latents: Path | None = None
    space: str | None = None
    seeds: str = ""
    truncation: float = 1.0
    truncation_cutoff: int | None = None
    noise: str = "const"
    class_: str = "0"
    translate: tuple[float, float] | None = None
    rotate: float | None = None


def sample(file: Path, out: Path, options: Options, notify: Callable[[str], None]) -> int:
    """Draw pictures of a model into a file; return how many.

    Parameters
    ----------
    file
        A model of any kind; a foreign one is converted into the user's cache.
    out
        ``.npy``: raw float32 [shape=(N, C, H, W)]; ``.png``: the picture, or a sheet of all.
    notify
        Is told of what could mean two things which was taken, else nothing.

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
    seeds = read_numbers(options.seeds, "seeds") if options.latents is None else ()
    path = playable(file)
    model, place = _open(path, file.name, options)
    classes = _read_classes(model, options.class_)
    space, given = "z", draw_seeds(seeds, model.z_dim) if seeds else np.zeros((0, 0), np.float32)
    if options.latents is not None:
        found = read_latents(options.latents, _spaces(model, options), str(path))
        space, given = found.space.name, found.rows.astype(np.float32)
        notify(found.note)
    count = max(len(given), len(classes))
    if {len(given), len(classes)} - {1, count}:
        raise WrongLatentsError(
            f"there are {len(given)} pictures and {len(classes)} classes: give one class for all, "
            "or one for each"
        )
    given = np.broadcast_to(given, (count, *given.shape[1:]))
    classes = np.broadcast_to(classes, (count, *classes.shape[1:]))
    store(out, count, _pictures(model, (given, classes, space), options, place))
    return count


def _open(path: Path, name: str, options: Options) -> tuple[Any, dict[str, torch.Tensor]]:
    """Build the network; also what its drawing is told of the picture's place."""
    network = card.load(path)
    if network.family in ANSWERS:
        raise WrongLatentsError(
            f"{name} answers pictures, and latents alone are none: play it in a show, as "
            "presets/draw-the-earth.toml does"
        )
    is_placed = options.translate is not None or options.rotate is not None
    if is_placed and network.family != STYLEGAN3:
        raise WrongLatentsError(
            f"{name} is a {network.family}: only a stylegan3 can be moved (--translate) or "
            "turned (--rotate)"
        )
    model = build_network(network)
    # As `gen_images.py` turns, counter-clockwise.
    matrix = input_transform(options.translate or (0.0, 0.0), -math.radians(options.rotate or 0.0))
    return model, {"transform": torch.from_numpy(matrix)} if is_placed else {}


def _read_classes(model: Any, text: str) -> NDArray[np.float32]:
    """Weights of the classes [shape=(N, c_dim)]: numbers as they are typed, or a file."""
    if Path(text).suffix:
        return read_rows(Path(text), model.c_dim, "classes")
    numbers = read_numbers(text, "classes", _MOST_CLASS)
    for number in numbers:
        if number >= max(model.c_dim, 1):
            classes = f"0 to {model.c_dim - 1}" if model.c_dim else "none"
            raise WrongLatentsError(f"there is no class {number} in this network; it has {classes}")
    weights = np.zeros((len(numbers), model.c_dim), np.float32)
    if model.c_dim:
        weights[np.arange(len(numbers)), list(numbers)] = 1.0
    return weights


def _spaces(model: Any, options: Options) -> list[Space]:
    """What latents may be: of those that fit z and w alike, z is meant."""
    spaces = [
        Space("z", (model.z_dim,)),
        Space("w", (model.w_dim,)),
        Space("w+", (model.num_ws, model.w_dim)),
    ]
    return [each for each in spaces if options.space in (None, each.name)]


def _pictures(
    model: Any,
    drawn: tuple[NDArray[np.float32], NDArray[np.float32], str],
    options: Options,
    place: dict[str, torch.Tensor],
) -> Iterator[torch.Tensor]:
    """Draw latents (with their classes and space) one by one: pictures [shape=(1, C, H, W)]."""
    latents, classes, space = drawn
    for row, weights in zip(latents, classes, strict=True):
        c = torch.from_numpy(weights.copy())[None] if model.c_dim else None
        with torch.inference_mode():
            w = torch.from_numpy(row.copy())[None]
            w = model.map(w, c) if space == "z" else w
            w = model.truncate(w, options.truncation, options.truncation_cutoff, c)
            yield model.synthesize(w, options.noise, **place)
