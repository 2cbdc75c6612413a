"""Messages between player and worker: requests and frames as bounded records.

A record is a 32-bit length, that many bytes of JSON, zeros up to a multiple of 64, then the raw
little-endian arrays in the order in which the JSON lists them. It is never a pickle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.show.generator import Request
from engine.system.record import decode, encode

MAX_REQUEST_BYTES = 1024 * 1024  # W+ of 18 layers is 36 kB; a page is only used once it is written
_PICTURE = "/picture/"  # before the names of image ports, apart from latents


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a generator.

    Parameters
    ----------
    seconds
        Show time that it was made for: the request's stamp.
    sequence
        Grows with every frame of one host, across restarts of its worker.
    pixels
        Display-referred sRGB, straight alpha, row 0 on top [shape=(H, W, 4)]: float16 of 0..1, or
        uint8 or uint16; without channels, (H, W, 0), when the picture stays on the device, or is
        the one that was sent before.
    latents
        What it was made from.
    render_s
        How long the generator took, by the clock that the host was given.
    request
        Number of the request that it answers.
    device_slot
        Where it lies in the CUDA ring, or None when `pixels` holds it.
    share
        The handles that map that CUDA ring.
    """

    seconds: float
    sequence: int
    pixels: NDArray[Any]
    latents: Mapping[str, NDArray[np.float32]]
    render_s: float = 0.0
    request: int = 0
    device_slot: int | None = None
    share: Mapping[str, Any] | None = None


def encode_request(request: Request) -> list[memoryview]:
    """Write a request as a record.

    Raises
    ------
    ValueError
        If it holds a number that is not finite, or is too large.
    """
    parts = encode(*pack_request(request))
    if sum(map(len, parts)) > MAX_REQUEST_BYTES:
        raise ValueError(
            f"a request holds at most {MAX_REQUEST_BYTES} bytes of latents and pictures"
        )
    return parts


def decode_request(data: NDArray[np.uint8]) -> Request:
    """Read a request's record back; its latents and pictures are views of `data`."""
    return unpack_request(*decode(data))


def pack_request(request: Request) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take a request apart: what JSON can say, and arrays by name."""
    header = {
        "seconds": request.seconds,
        "parameters": dict(request.parameters),
        "size_px": list(request.size_px),
        "aspect": request.aspect,
    }
    arrays: dict[str, NDArray[Any]] = {
        name: np.asarray(a, np.float32) for name, a in request.latents.items()
    }
    arrays |= {_PICTURE + name: np.asarray(a, np.uint8) for name, a in request.pictures.items()}
    return header, arrays


def unpack_request(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Request:
    """The reverse of `pack_request`."""
    width, height = header["size_px"]
    pictures = {n.removeprefix(_PICTURE): a for n, a in arrays.items() if n.startswith(_PICTURE)}
    return Request(
        seconds=header["seconds"],
        latents={name: a for name, a in arrays.items() if not name.startswith(_PICTURE)},
        parameters=header["parameters"],
        size_px=(width, height),
        aspect=header["aspect"],
        pictures=pictures,
    )


def encode_frame(frame: Frame) -> list[memoryview]:
    """Write a frame as a record; the ring numbers it, so its sequence stays out."""
    header = {
        "seconds": frame.seconds,
        "render_s": frame.render_s,
        "request": frame.request,
        "device_slot": frame.device_slot,
    }
    return encode(header, {"/pixels": frame.pixels, **frame.latents})


def decode_frame(
    data: NDArray[np.uint8], sequence: int, share: Mapping[str, Any] | None = None
) -> Frame:
    """Read a frame's record back; its pixels and latents are views of `data`."""
    header, arrays = decode(data)
    pixels = arrays.pop("/pixels")
    return Frame(
        seconds=header["seconds"],
        sequence=sequence,
        pixels=pixels,
        latents=arrays,
        render_s=header["render_s"],
        request=header["request"],
        device_slot=header["device_slot"],
        share=share,
    )
