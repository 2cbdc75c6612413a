"""Open sources of a performance, from the show and the command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Self

from engine.core.tempo.sync import Beat
from engine.documents.schema import ShowTable
from engine.documents.show.load import ShowError
from engine.documents.show.plugin_config import read_config
from engine.play.events.delay import Delay
from engine.play.live.options import Options
from engine.play.pacer import now_ns
from engine.sources import registry
from engine.sources.contract import Item, Moved, Origin
from engine.sources.osc import osc

MOST_ITEMS = 256
"""Taken from one source in one frame; what is beyond waits."""
DEFAULTS = ("osc", "audio", "midi")
"""Heard in every show, whether it lists them or not."""
OSC = "127.0.0.1:9000"
Notify = Callable[[str], None]


@dataclass(slots=True)
class Source:
    """An open source: what it may write as whom, what it was opened by, what came of it."""

    kind: str
    origin: Origin
    config: Any
    input: Any
    state: str = ""
    delay: Delay = field(default_factory=Delay)
    hands: Delay = field(default_factory=Delay)

    def came(self, items: Iterable[Item]) -> dict[str, list[str]]:
        """Addresses that came, by its kind, or where it tells by kind and host: for feedback."""
        if not getattr(self.input, "hears", False):
            return {self.kind: [address for _, address, _ in items]}
        found: dict[str, list[str]] = self.input.came(items)
        return {f"{self.kind} {host}": addresses for host, addresses in found.items()}

    def report(self) -> dict[str, Any]:
        """Return its part of the stats file."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "name": self.origin.name,
            "state": self.state or "open",
        }
        found["refused"] = int(getattr(self.input, "refused", 0))
        return {**found, **getattr(self.input, "facts", {})}


class Sources:
    """Opens sources, in order, and polls those that work.

    Parameters
    ----------
    table
        Of the show: its ``[[sources]]``.
    options
        Of the command line: who may be listened to, and which sound.
    listens
        Whether a sound device is to be heard.
    has_window
        Whether there is one, through which gamepads are read.

    Raises
    ------
    ShowError
        If the show names a source or key that is not there.
    ValueError, OSError
        If one cannot be opened.
    """

    def __init__(
        self,
        table: ShowTable,
        options: Options,
        listens: bool,
        notify: Notify,
        has_window: bool = False,
    ) -> None:
        self._notify = notify
        self.host, port = osc.parse_endpoint(options.osc or OSC)
        self._is_told = bool(options.feedback)
        self._open: list[Source] = []
        own = _own(options, port)
        always = DEFAULTS + ("link",) * options.link + ("gamepad",) * has_window
        found = [
            (kind, *self._read(place, kind, config), round(delay_ms * 1e6))
            for place, kind, config, delay_ms in _entries(table, own, always)
        ]
        found = [each for each in found if self._may_open(each[0], each[1], options)]
        self._sound = next((each for each in found if each[0] == "audio"), None)
        self._listed: dict[str, Source] = {}
        unheard = {"" if listens else "audio", "midi" if options.midi == "off" else ""}
        try:
            for each in found:
                if each[0] not in unheard:
                    self._add(*each)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def _may_open(self, kind: str, module: ModuleType, options: Options) -> bool:
        """Whether the operator allows a source that cannot keep to this machine."""
        asks = getattr(module, "ASKS", "")
        if not asks or getattr(options, asks.removeprefix("--"), False):
            return True
        self._notify(f"{kind}: speaks to other machines, so it stays closed; {asks} allows it")
        return False

    def join(self, kind: str, opened: Any) -> None:
        """Poll what the host itself has opened, as one of them."""
        self._open.append(Source(kind, Origin(kind), None, opened))
        self._listed[kind] = self._open[-1]

    def _read(self, place: str, kind: str, table: Mapping[str, Any]) -> tuple[ModuleType, Any]:
        """Find a source's module and decode its table; the host is the operator's."""
        try:
            module = registry.load(kind)
            config = read_config(module, table)
        except ValueError as error:
            raise ShowError(f"{place}: {error}") from None
        if not hasattr(config, "host"):
            return module, config
        if "host" in table and config.host != self.host:
            self._notify(
                f"{place}: listens on {self.host}, not on {config.host[:80]} as the show asks; "
                f"start it with --osc {config.host[:80]}:PORT to allow that"
            )
        return module, replace(config, host=self.host)

    def _add(self, kind: str, module: ModuleType, config: Any, delay_ns: int) -> None:
        number = 1 + sum(source.kind == kind for source in self._open)
        name = getattr(module, "NAME", kind) + (str(number) if number > 1 else "")
        origin = Origin(name, tuple(getattr(module, "ADDRESSES", ())))
        found = module.open(config, now_ns).__enter__()
        if hasattr(found, "wall_ns"):
            found.wall_ns = time.time_ns
        if hasattr(found, "hears"):
            found.hears = self._is_told
        if hasattr(found, "delay_ns"):  # it knows what has a time of its own
            found.delay_ns, delay_ns = delay_ns, 0
        delays = Delay(delay_ns), Delay(delay_ns)
        self._open.append(Source(kind, origin, config, found, "", *delays))
        self._listed[name] = self._open[-1]
        if getattr(found, "warning", ""):
            self._notify(found.warning)

    def poll(self, now_s: float) -> Iterator[tuple[Source, list[Item], list[tuple[str, str]]]]:
        """Take what arrived at each source, and what it left out itself (address, why).

        One that fails is closed, and the show goes on.
        """
        for source in tuple(self._open):
            with self._unfailing(source):
                if hasattr(source.input, "tend"):
                    source.input.tend(now_s)
                self._notify_state(source, str(getattr(source.input, "state", "")))
                items = source.delay.due(source.input.poll(MOST_ITEMS), now_ns())
                told = list(getattr(source.input, "refusals", list)())
                yield source, items, told

    def moved(self) -> Iterator[tuple[Source, list[Moved]]]:
        """Take what hands have moved at each source that has controls."""
        for source in tuple(self._open):
            if hasattr(source.input, "moved"):
                with self._unfailing(source):
                    moved = source.input.moved(MOST_ITEMS)
                    yield source, source.hands.due(moved, now_ns())

    def show(self, device: str, control: str, value: float) -> None:
        """Light a control or move its motor, at whatever source has that device."""
        for source in tuple(self._open):
            if hasattr(source.input, "show"):
                with self._unfailing(source):
                    source.input.show(device, control, value)

    def keep_time(self, beat: Beat) -> None:
        """Tell the beat to every source that sends it on."""
        for source in tuple(self._open):
            if hasattr(source.input, "keep_time"):
                with self._unfailing(source):
                    source.input.keep_time(beat)

    def write(self, device: str, data: bytes) -> None:
        """Send a message to a device, at whatever source has it."""
        for source in tuple(self._open):
            if hasattr(source.input, "write"):
                with self._unfailing(source):
                    source.input.write(device, data)

    def devices(self) -> list[str]:
        """Names of the devices with controls that are plugged in."""
        found: list[str] = []
        for source in tuple(self._open):
            if hasattr(source.input, "devices"):
                with self._unfailing(source):
                    found += map(str, source.input.devices())
        return found

    @contextmanager
    def _unfailing(self, source: Source) -> Iterator[None]:
        """Close a source that fails: it is anybody's, and the show goes on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - see above
            source.state = f"failed: {type(error).__name__}: {error}"
            self._notify(f"{source.origin.name}: {source.state}; the show goes on without it")
            self.close(source)

    def _notify_state(self, source: Source, state: str) -> None:
        """Say once that a device is missing or lost."""
        if state != source.state and state.startswith(("no device", "lost")):
            self._notify(f"{source.origin.name}: {state}; the show goes on without it")
        source.state = state

    @property
    def ports(self) -> dict[str, int]:
        """Ports that are listened on, by the names of their sources."""
        found = {s.origin.name: getattr(s.input, "port", None) for s in self._open}
        return {name: port for name, port in found.items() if isinstance(port, int)}

    def of_kind(self, kind: str) -> Source | None:
        """Return the first source of a kind, also when it was closed."""
        return next((source for source in self._listed.values() if source.kind == kind), None)

    @property
    def sound(self) -> Source | None:
        """The open source whose samples a take records."""
        return next((s for s in self._open if hasattr(s.input, "samples")), None)

    def listen(self) -> None:
        """Listen to the sound device, at last or again."""
        if self.sound is not None or self._sound is None:
            return
        try:
            self._add(*self._sound)
        except (OSError, ValueError) as error:
            self._notify(f"sound: {error}; the show goes on without it")

    def close(self, source: Source) -> None:
        """Stop listening to a source."""
        if source in self._open:
            self._open.remove(source)
            source.state = source.state if source.state.startswith("failed") else "closed"
            with suppress(Exception):
                source.input.__exit__(None, None, None)

    def report(self) -> list[dict[str, Any]]:
        """Return the part of the stats file that is about sources."""
        return [source.report() for source in self._listed.values()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for source in reversed(tuple(self._open)):
            self.close(source)


def _own(options: Options, port: int) -> dict[str, dict[str, Any]]:
    """List what the command line says of the first source of a kind."""
    found: dict[str, dict[str, Any]] = {}
    if options.osc is not None:
        found["osc"] = {"port": port}
    if options.midi not in (None, "auto", "off"):
        found["midi"] = {"devices": [options.midi]}
    if options.osc_allow:
        for kind in ("osc", "dmx"):
            found[kind] = found.get(kind, {}) | {"allow": list(options.osc_allow)}
    if options.audio is not None:
        is_number = options.audio.isdigit()
        found["audio"] = {"device": int(options.audio) if is_number else options.audio}
    choice = {"channel": options.audio_channel, "gain_db": options.audio_gain_db}
    if given := {key: value for key, value in choice.items() if value is not None}:
        found["audio"] = found.get("audio", {}) | given
    return found


def _entries(
    table: ShowTable, own: dict[str, dict[str, Any]], always: Iterable[str]
) -> Iterator[tuple[str, str, Mapping[str, Any], float]]:
    """List place, kind, own table and delay of every source, those of every show included."""
    listed = {each.kind for each in table.sources}
    for kind in always:
        if kind not in listed:
            yield kind, kind, own.get(kind, {}), 0.0
    for number, each in enumerate(table.sources):
        yield (
            f"sources[{number}]",
            each.kind,
            {**each.config, **own.pop(each.kind, {})},
            each.delay_ms,
        )
