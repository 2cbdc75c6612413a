"""What `model sample` writes: raw numbers for programs, a contact sheet for people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.app.model_latents import WrongLatentsError
from engine.app.unnamed import unfinished

if TYPE_CHECKING:
    import torch

_MOST_SHEET_PX = 8192


def store(out: Path, count: int, pictures: Iterator[torch.Tensor]) -> None:
    """Write pictures into a file that is whole or absent.

    Parameters
    ----------
    out
        ``.npy``: raw float32 [shape=(N, C, H, W)]; ``.png``: the picture, or a sheet of all.
    count
        How many pictures there are.
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
    with unfinished(out) as part:
        try:
            write(part.path, count, pictures)
        except OSError as error:
            raise OSError(f"{out}: {error.strerror or error}") from None


def _write_raw(path: Path, count: int, pictures: Iterator[torch.Tensor]) -> None:
    """Write one picture after the other: many large ones need no memory."""
    with path.open("wb") as file:
        for place, picture in enumerate(pictures):
            raw = np.ascontiguousarray(picture.float().cpu().numpy(), "<f4")
            if not place:
                shape = (count, *raw.shape[1:])
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(raw.tobytes())


def _write_sheet(path: Path, count: int, pictures: Iterator[torch.Tensor]) -> None:
    from engine.generators.styling import present
    from engine.outputs.png import encode

    columns = math.ceil(math.sqrt(count))
    most = (_MOST_SHEET_PX // columns,) * 2
    sheet = np.zeros((0, 0, 3), np.uint8)
    for place, picture in enumerate(pictures):
        if picture.shape[1] == 2:
            raise WrongLatentsError("two channels are no colours: ask for an .npy file")
        cell = present(picture.float(), most)[0].permute(1, 2, 0).cpu().numpy()
        height, width = cell.shape[:2]
        if not place:
            sheet = np.zeros((-(-count // columns) * height, columns * width, 3), np.uint8)
        top, left = place // columns * height, place % columns * width
        sheet[top : top + height, left : left + width] = np.rint(cell * 255.0)
    path.write_bytes(encode(sheet, 6))
