"""Maps in the user's folder: read when a performance begins, and written when something is learned.

``NAME.toml`` there takes the place of a shipped map of the same name. What is learned goes into a
file of its own for each show.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs

from engine.core.show.mapping import ControlMapping
from engine.documents.show import device_maps
from engine.documents.show.device_maps import DeviceMap
from engine.documents.show.load import ShowError
from engine.documents.show.mappings import with_mappings
from engine.system.atomic import write_text

HEAD = "# Learned while playing. Yours to change; each entry is explained in docs/shows.md.\n"


def user_folder() -> Path:
    """Folder of the user's maps; it may be missing."""
    return platformdirs.user_config_path("latent-cinema", appauthor=False) / "mappings"


def read_maps(notify: Callable[[str], None], *folders: Path) -> tuple[list[DeviceMap], ...]:
    """Read the user's maps, and the shipped ones that none of them replaces.

    Returns
    -------
    own, ready
        A file that cannot be read is said and left out.
    """
    own = _read(notify, sorted(path for f in folders for path in f.glob("*.toml")))
    names = {each.name for each in own}
    return own, _read(notify, [p for p in device_maps.shipped() if p.stem not in names])


def _read(notify: Callable[[str], None], paths: Sequence[Path]) -> list[DeviceMap]:
    found: list[DeviceMap] = []
    for path in paths:
        try:
            found.append(device_maps.read_map(path))
        except ShowError as error:
            notify(f"{error}; the map is left out")
    return found


class Notebook:
    """Writes down what was learned for a show, in a thread: no frame waits for a disk."""

    def __init__(self, folder: Path, notify: Callable[[str], None]) -> None:
        self._folder, self._notify = folder, notify
        self._thread: threading.Thread | None = None
        self._told: list[str] = []

    def write(self, show: str, learned: Sequence[ControlMapping]) -> None:
        """Write all that was learned for a show into its file, which keeps its comments."""
        self.close()
        self._thread = threading.Thread(
            target=self._write, args=(show, tuple(learned)), name="mappings"
        )
        self._thread.start()

    def _write(self, show: str, learned: Sequence[ControlMapping]) -> None:
        path = self._folder / f"{file_name(show)}.toml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # A quoted string of JSON is one of TOML, too.
            text = path.read_text("utf-8") if path.exists() else f"{HEAD}show = {_quoted(show)}\n"
            write_text(path, with_mappings(text, learned))
            self._told.append(f"kept in {path}")
        except (OSError, ValueError) as error:
            self._told.append(f"{path}: not written: {error}")

    def tend(self) -> None:
        """Say what became of it."""
        while self._told:
            self._notify(self._told.pop(0))

    def close(self) -> None:
        """Let a file that is being written be whole."""
        if self._thread is not None:
            self._thread.join()


def _quoted(text: str) -> str:
    import json

    return json.dumps(text)


def file_name(show: str) -> str:
    """Name of the file of what was learned for a show, by the show's name."""
    return re.sub(r"[^a-z0-9]+", "-", show.casefold()).strip("-")[:60] or "untitled"
