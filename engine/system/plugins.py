"""Plug-ins by name: one file each in the folder of a shelf, then entry points of packages."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Shelf:
    """A package whose plug-ins are its files, and those of its folders, that open something.

    Parameters
    ----------
    package
        ``engine.sources``: a plug-in is called as its file is.
    group
        Entry points of installed packages that offer more of them.
    noun
        What one of them is, for messages.
    """

    package: str
    group: str
    noun: str

    def kinds(self) -> list[str]:
        """List the plug-ins by name; none of them is imported."""
        return sorted({*self._own(), *(entry.name for entry in self._entries())})

    def load(self, kind: str) -> ModuleType:
        """Import a plug-in; our own comes before another of the same name.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        module = self._own().get(kind)
        for entry in () if module else self._entries():
            module = entry.module if entry.name == kind else module
        if module is None:
            raise ValueError(
                f"there is no {self.noun} '{kind[:40]}'; there are: {', '.join(self.kinds())}"
            )
        return importlib.import_module(module)

    def _own(self) -> dict[str, str]:
        """Name → module of each file that defines ``open(config, …)``."""
        folder = Path(str(importlib.import_module(self.package).__file__)).parent
        return {
            path.stem: ".".join([self.package, *path.relative_to(folder).with_suffix("").parts])
            for path in (*folder.glob("*.py"), *folder.glob("*/*.py"))
            if _OPENS.search(path.read_text("utf-8"))
        }

    def _entries(self) -> importlib.metadata.EntryPoints:
        return importlib.metadata.entry_points(group=self.group)


_OPENS = re.compile(r"^def open\((?:\s|#.*\n)*config\b", re.MULTILINE)
