"""Open outputs of a performance, from the show or the command line."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from engine.compositor.gl.context import open_context
from engine.documents.schema import ShowTable
from engine.documents.show.load import ShowError
from engine.documents.show.plugin_config import read_config
from engine.outputs import registry
from engine.play.live.options import Options
from engine.system import untrusted
from engine.system.untrusted import OutsideError

HIDDEN = ("audio", "is_blocking", "kept", "port")
"""Fields of a `Config` that no show says."""
LIVE_PRESET = "veryfast"
"""x264's effort for a film of the command line: it shares the machine with the show."""
Notify = Callable[[str], None]


def parse(word: str) -> tuple[str, dict[str, Any]]:
    """Read what the command line calls an output: its kind, or the name of a file.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if word in registry.kinds():
        return word, {}
    kind = registry.kind_of_file(Path(word))
    if kind is None:
        raise ValueError(
            f"'{word[:60]}' is no output: write {', '.join(registry.kinds())}, "
            "or a file like film.mp4 or film-%05d.png"
        )
    has_preset = "preset" in registry.load(kind).Config.__dataclass_fields__
    return kind, {"path": word, **({"preset": LIVE_PRESET} if has_preset else {})}


@dataclass(slots=True)
class Output:
    """An open output and what became of its pictures."""

    kind: str
    config: Any
    manager: AbstractContextManager[Any]
    sink: Any
    written: int = 0
    error: str = ""

    def report(self) -> dict[str, Any]:
        """Return its part of the stats file."""
        path = getattr(self.config, "path", None)
        return {
            "kind": self.kind,
            "path": None if path is None else str(path),
            "written": self.written,
            "dropped": int(getattr(self.sink, "dropped", 0)),
            "error": self.error,
        }


class Outputs:
    """Opens outputs, and hands each picture to all of them, to the window last: it may wait.

    Attributes
    ----------
    ctx
        The GL context in which the picture is drawn: the window's, or one without a window.
    window
        The output that shows the picture to the operator, or None.
    is_only_seen
        Whether nothing keeps the pictures: then a busy machine may draw less.

    Raises
    ------
    ShowError
        If the show names an output or key that is not there, or a file that it may not write.
    ValueError, OSError
        If one cannot be opened.
    """

    def __init__(
        self,
        table: ShowTable,
        options: Options,
        size_px: tuple[int, int],
        fps: Fraction,
        notify: Notify,
    ) -> None:
        self._notify = notify
        self._open: list[Output] = []
        self._own_context: Any = None
        self._hosts = dict(map(_endpoint, options.dmx))
        modules = [(*entry, _module(*entry[:2])) for entry in _entries(table, options)]
        self.is_only_seen = all(getattr(m, "IS_ONLY_SEEN", False) for *_, m in modules)
        if sum(_owns_context(module) for *_, module in modules) > 1:
            raise ShowError("outputs: a performance has one window at most; name it once")
        try:
            for place, kind, own, module in modules:
                config = _config(place, module, own, table, options)
                if hasattr(config, "host"):
                    config = self._permit(place, config, "host" in own)
                manager = module.open(config, size_px, fps)
                self._open.append(Output(kind, config, manager, manager.__enter__()))
            self._listed = tuple(self._open)
            if self._hosts and not any(hasattr(output.config, "host") for output in self._open):
                notify(f"--dmx {next(iter(self._hosts))}: no output here sends over the network")
            shown = [
                o
                for o, (*_, module) in zip(self._open, modules, strict=True)
                if _owns_context(module)
            ]
            self._window = shown[0] if shown else None
            if self._window is None:
                self._own_context = open_context()
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def _permit(self, place: str, config: Any, is_asked: bool) -> Any:
        """Let it send to a host that the operator named, else to this machine."""
        allowed = self._hosts or {"127.0.0.1": 0}
        host = config.host if config.host in allowed else next(iter(allowed))
        if is_asked and host != config.host:
            self._notify(
                f"{place}: sends to {host}, not to {config.host[:80]} as the show asks; "
                f"start it with --dmx {config.host[:80]} to allow that"
            )
        port = {"port": allowed[host]} if hasattr(config, "port") else {}
        return replace(config, host=host, **port)

    @property
    def sinks(self) -> list[Any]:
        """Outputs that are told parameters."""
        return [output.sink for output in self._open if hasattr(output.sink, "send")]

    @property
    def window(self) -> Any:
        """The window, or None."""
        return self._window.sink if self._window is not None else None

    @property
    def monitor(self) -> str:
        """Name of the monitor that was asked for, or empty."""
        found = self._window.config.monitor if self._window is not None else None
        return found or ""

    @property
    def ctx(self) -> Any:
        """The GL context of the picture."""
        return self._own_context if self._window is None else self._window.sink.ctx

    @property
    def name(self) -> str:
        """Kind of the first output, of the window if there is one."""
        return (self._window or self._listed[0]).kind

    def write(self, frame: int, picture: Any) -> None:
        """Hand a picture out; an output that fails is closed, a window's failure is raised."""
        for output in tuple(self._open):
            if output is not self._window:
                self._write(output, frame, picture)
        if self._window is not None:
            self._window.sink.write(frame, picture)
            self._window.written += 1

    def _write(self, output: Output, frame: int, picture: Any) -> None:
        try:
            output.sink.write(frame, picture)
            output.written += 1
        except Exception as error:  # noqa: BLE001 - a full disk ends a film, never the show
            self._fail(output, error)
            self._open.remove(output)
            self._close(output)

    def _fail(self, output: Output, error: Exception) -> None:
        if not output.error:
            output.error = str(error) or type(error).__name__
            self._notify(f"{output.kind}: {output.error}; the show goes on without it")

    def again(self, picture: Any) -> None:
        """Show the last good picture once more."""
        if self._window is not None and picture is not None:
            self._window.sink.write(0, picture)

    def report(self) -> list[dict[str, Any]]:
        """Return the part of the stats file that is about outputs."""
        return [output.report() for output in self._listed]

    def _close(self, output: Output) -> None:
        try:
            output.manager.__exit__(None, None, None)
        except Exception as error:  # noqa: BLE001 - the others are closed too
            self._fail(output, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            self._close(self._open.pop())
        if self._own_context is not None:
            self._own_context.release()
            self._own_context = None


def _entries(table: ShowTable, options: Options) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """List place, kind and own table: the command line's, else the show's, else a window."""
    for word in options.outputs:
        yield "--output", *parse(word)
    if options.outputs:
        return
    for number, each in enumerate(table.outputs):
        yield f"outputs[{number}]", each.kind, each.config
    if not table.outputs:
        yield "output", "window", {}


def _endpoint(text: str) -> tuple[str, int]:
    """Read ``HOST`` or ``HOST:PORT`` of ``--dmx``; port 0 is the protocol's own."""
    host, _, port = text.strip().partition(":")
    if not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536)):
        raise ValueError(f"--dmx '{text[:80]}': write HOST or HOST:PORT, like 192.168.1.20")
    return host, int(port or 0)


def _module(place: str, kind: str) -> ModuleType:
    try:
        return registry.load(kind)
    except ValueError as error:
        raise ShowError(f"{place}: {error}") from None


def _owns_context(module: ModuleType) -> bool:
    return bool(getattr(module, "OWNS_CONTEXT", False))


def _config(
    place: str, module: ModuleType, own: Mapping[str, Any], table: ShowTable, options: Options
) -> Any:
    """Decode an output's table; a window takes ``[output]`` and the command line into account."""
    if _owns_context(module):
        asked = {"monitor": table.output.monitor or None, "span": table.output.span, **own}
        given = {
            "monitor": options.monitor,
            "operator": options.operator,
            "is_windowed": options.is_windowed or None,
        }
        known = module.Config.__dataclass_fields__
        asked |= {key: value for key, value in given.items() if value is not None}
        own = {key: value for key, value in asked.items() if key in known or key in own}
    try:
        config = read_config(module, own, HIDDEN)
        if place != "--output" and hasattr(config, "path"):
            _check_new(config.path)
    except ValueError as error:
        raise ShowError(f"{place}: {error}") from None
    return replace(config, is_blocking=False) if hasattr(config, "is_blocking") else config


def _check_new(path: Path) -> None:
    """See to it that a show writes below the working folder only, and over nothing."""
    try:
        untrusted.place(str(path), Path())
    except OutsideError:
        raise ValueError(
            f"config.path: '{path}' is outside the folder in which play was started; a show "
            "writes below it only (--output FILE writes anywhere)"
        ) from None
    names = re.sub(r"%0\dd", "*", glob.escape(path.name))
    if os.path.lexists(path) or next(path.parent.glob(names), None) is not None:
        raise ValueError(f"config.path: '{path}' is there already: move it away")
