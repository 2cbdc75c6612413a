"""Inversions of pictures outside a show: latents in a file, how near they came, a sheet of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.documents.path.picture_keyframes import SUFFIX
from engine.generators import registry
from engine.generators.device import pick_device
from engine.generators.libraries import torch
from engine.generators.pictures import read_picture
from engine.generators.tasks import encoder, inversion
from engine.generators.tasks.invert import fit, invert
from engine.lab import sheets
from engine.lab.latents import WrongLatentsError
from engine.lab.one_thread import one_thread
from engine.models.card import peek
from engine.models.importer.catalogue import playable
from engine.models.network import ANSWERS
from engine.system import npy
from engine.system.atomic import open_new
from engine.system.hashing import hash_at
from engine.system.untrusted import read_bytes

CPPN = "cppn"
_LARGEST_PICTURE = 512 << 20
Notify = Callable[[str], None]


@dataclass(slots=True)
class Options:
    """What is to be inverted, and how; `out` None: latents beside each picture, for shows."""

    model: Path
    images: Sequence[Path]
    out: Path | None = None
    space: str = "w"
    steps: int = inversion.STEPS
    sheet: Path | None = None
    device: str = "auto"
    rows: list[list[torch.Tensor]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One inverted picture: coordinates [shape=port.shape] and three PSNR in dB."""

    image: Path
    coordinates: NDArray[np.float32]
    average_db: float
    start_db: float
    psnr_db: float


def open_model(options: Options) -> tuple[Any, str]:
    """Build the generator; also the file that it is played from, empty for the CPPN.

    Raises
    ------
    WrongLatentsError
        If there is no such model or space.
    OSError, ValueError
        If the model cannot be read.
    """
    if str(options.model) == CPPN:
        if options.space != "z":
            raise WrongLatentsError(f"a cppn has no space {options.space}; write --space z")
        kind, path, config = CPPN, "", {}
    else:
        path = str(playable(options.model))
        kind, config = peek(Path(path)).family, {"path": path, "space": options.space}
        if kind in ANSWERS:
            raise WrongLatentsError(f"{options.model} answers pictures; it has no latent of one")
    return registry.build(registry.open_spec(kind, config), pick_device(options.device)), path


@one_thread()
def teach(options: Options, notify: Notify) -> Path:
    """Teach an encoder with the model's own pictures, and write it beside the model.

    Raises
    ------
    WrongLatentsError
        If the model has no styles.
    OSError, ValueError
        If it cannot be read, or the encoder not be written.
    """
    from engine.lab.analysis import encoder as training

    if str(options.model) == CPPN:
        raise WrongLatentsError("a cppn has no file that an encoder could lie beside")
    generator, path = open_model(Options(options.model, (), space="w", device=options.device))
    return encoder.write(Path(path), training.teach(inversion.target_of(generator), notify))


@one_thread()
def run(options: Options, notify: Notify) -> list[Found]:
    """Invert the pictures of a wish, and write what it asks for.

    Raises
    ------
    WrongLatentsError
        If model and wish do not go together.
    OSError, ValueError
        If a file cannot be read or written; the message names it.
    """
    if options.out is not None and options.out.suffix.lower() != ".npz":
        raise WrongLatentsError(f"{options.out}: a file of latents ends in .npz")
    if options.sheet is not None and options.sheet.suffix.lower() != ".png":
        raise WrongLatentsError(f"{options.sheet}: a sheet ends in .png")
    pictures = []
    for image in options.images:
        try:
            pictures.append(read_picture(read_bytes(image, _LARGEST_PICTURE)))
        except ValueError as error:
            raise WrongLatentsError(f"{image}: {error}") from None
    generator, path = open_model(options)
    target = inversion.target_of(generator)
    found = []
    for image, picture in zip(options.images, pictures, strict=True):
        found.append(_one(target, path, image, picture, options))
        notify(
            f"{image}: {found[-1].psnr_db:.1f} dB after {options.steps} steps "
            f"(start {found[-1].start_db:.1f}, the average picture {found[-1].average_db:.1f})"
        )
        if options.out is None:
            _write(image.with_name(image.name + SUFFIX), generator, path, found[-1:])
    if options.out is not None:
        _write(options.out, generator, path, found)
    if options.sheet is not None:
        from PIL import Image

        tiles = [sheets.to_bytes(x.numpy()) for row in options.rows for x in row]
        sheet = sheets.grid(tiles, len(tiles), len(options.rows[0]))
        with open_new(options.sheet) as file:  # in the format that its name asks for
            Image.fromarray(sheet).save(
                file, Image.registered_extensions().get(options.sheet.suffix)
            )
    return found


def _one(
    target: inversion.InversionTarget, path: str, image: Path, picture: Any, options: Options
) -> Found:
    wanted = fit(target, picture)
    steps = [each for each in invert(target, wanted, options.steps, path) if each is not None]
    with torch.no_grad():
        average = inversion.target_of(target.generator, "", {"truncation": 0.0})
        flat = average.draw(torch.ones(target.port.shape))
        drawn = [target.draw(step.n) for step in (steps[0], steps[-1])]
    options.rows.append([x[0].cpu() for x in (wanted, *drawn)])
    return Found(
        image,
        steps[-1].n.numpy().astype(np.float32),
        inversion.psnr_db(flat, wanted),
        steps[0].psnr_db,
        steps[-1].psnr_db,
    )


def _write(path: Path, generator: Any, model: str, found: Sequence[Found]) -> None:
    """Write latents as shows and other programs read them: ``w`` [shape=(N, num_ws, w_dim)]."""
    port = generator.spec.ports[0]
    rows = np.stack([each.coordinates for each in found]).astype(np.float64)
    name = "z"
    if port.chart is not None:
        name, rows = "w", port.chart.decode(rows)
        if rows.ndim == 2:
            rows = np.repeat(rows[:, None], generator.model.num_ws, axis=1)
    arrays: dict[str, Any] = {
        name: rows.astype(np.float32),
        "psnr_db": np.array([each.psnr_db for each in found], np.float32),
        "files": np.array([each.image.name for each in found]),
    }
    npy.write(path, {**arrays, "model": np.array(hash_at(model))})
