"""Files of mappings: those shipped for controllers, and those in the user's folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.core.show.mapping import ControlMapping
from engine.documents.assets import assets_dir
from engine.documents.errors import within
from engine.documents.part_tables import MapTable
from engine.documents.show.load import LARGEST_BYTES, ShowError, convert, parse, read_text
from engine.documents.show.mappings import make_mappings

MOST_BYTES = 31


class DeviceMap(NamedTuple):
    """A file of mappings.

    Parameters
    ----------
    name
        Of the file, without its ending.
    devices
        Parts of the names of the devices that it is for; none: of any.
    show
        Name of the only show that it is for; empty: for every show.
    setup
        Bytes to send to the device when it is plugged in, one MIDI message each.
    """

    name: str
    devices: tuple[str, ...]
    show: str
    setup: tuple[bytes, ...]
    mappings: tuple[ControlMapping, ...]

    def is_for(self, device: str) -> bool:
        """Whether it is about a device."""
        return not self.devices or any(d.casefold() in device.casefold() for d in self.devices)


def read_map(path: Path) -> DeviceMap:
    """Read a file of mappings.

    Raises
    ------
    ShowError
        ``FILE: key: what is wrong and what is allowed``.
    """
    table = convert(parse(read_text(path, LARGEST_BYTES), str(path)), str(path), MapTable)
    with within(f"{path}: ", ShowError):
        setup = tuple(map(_message, table.setup))
        mappings = tuple(make_mappings(table.mappings))
    return DeviceMap(path.stem, tuple(table.devices), table.show, setup, mappings)


def _message(text: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if not data or data[0] < 0x80 or len(data) > MOST_BYTES:
        raise ValueError(
            f"setup: '{text[:40]}' is no MIDI message in hexadecimal, of at most {MOST_BYTES} bytes"
        )
    return data


def shipped() -> Iterator[Path]:
    """Find the files for controllers that come with the program."""
    yield from sorted((assets_dir("presets") / "controllers").glob("*.toml"))
