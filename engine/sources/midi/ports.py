"""MIDI ports of this machine, through RtMidi: their names, opening, sending.

Below Python 3.13 the bindings are python-rtmidi, from there on supriya-midi (the former has no wheels
for it). Both raise OSError here, whatever they raise themselves. Nothing prints: RtMidi's warnings
go to the standard error output, which the MIDI process silences.
"""

from __future__ import annotations

import ctypes
import glob
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from engine.sources.midi.memory import text

CLIENT = "Latent Cinema"
"""How we are called in the lists of others; ports of that name are never opened."""
_THROUGH = "Midi Through"
_SEQUENCER = "/dev/snd/seq"
Receive = Callable[[bytes], None]


class MidiPort(Protocol):
    """An open port."""

    def send(self, message: bytes) -> None:
        """Send a message; OSError if the port is gone. An input has nothing to send."""

    def close(self) -> None:
        """Close it; harmless if it is gone."""


class MidiSystem(Protocol):
    """What lists and opens ports; tests have one of their own."""

    name: str

    def inputs(self) -> list[str]:
        """Names of the ports that send to us, as the system has them."""

    def outputs(self) -> list[str]:
        """Names of the ports that we can send to."""

    def open_input(self, name: str, receive: Receive) -> MidiPort:
        """Open one of `inputs`; `receive` is called from a thread of the system's."""

    def open_output(self, name: str) -> MidiPort:
        """Open one of `outputs`."""


def missing_system_hint() -> str:
    """Say what to do where this machine has no MIDI."""
    if sys.platform == "linux":
        return (
            "this machine has no MIDI system: neither the ALSA sequencer (load it: modprobe snd-seq) "
            "nor a JACK server is here"
        )
    return "the MIDI system does not answer; start it, or the machine, again"


def is_there() -> bool:
    """Whether it is worth to ask: false on a Linux without ALSA's sequencer and without JACK."""
    if sys.platform != "linux":
        return True
    server = os.environ.get("JACK_DEFAULT_SERVER", "default")
    return os.path.exists(_SEQUENCER) or bool(glob.glob(f"/dev/shm/jack_{server}_*"))


def tidy(raw: Sequence[str]) -> list[str]:
    """Names of devices for people and mappings, one for each raw name, all different.

    The numbers that a system appends (ALSA: ``20:0``; Windows: the number of the port) change from
    day to day and are left out, and so is the half of a name that only repeats it. Of several that
    are then equal, the later ones end in ``#2``, ``#3``.
    """
    found: list[str] = []
    for name in raw:
        short = re.sub(r" \d+:\d+$", "", name)
        if sys.platform == "win32":
            short = re.sub(r" \d+$", "", short)
        client, _, port = short.partition(":")
        if port and port.strip().startswith(client):
            short = port.strip()
        short = text(short.strip() or "MIDI")[:56].decode("utf-8", "ignore")
        count = sum(re.sub(r" #\d+$", "", each) == short for each in found)
        found.append(f"{short} #{count + 1}" if count else short)
    return found


def wanted(names: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Choose devices by name or part of it, in any case; nothing asked for is all of them."""
    return [
        name
        for name in names
        if not name.startswith(CLIENT)
        and (
            any(part.strip().lower() in name.lower() for part in asked)
            if asked
            else _THROUGH not in name
        )
    ]


def counterpart(device: str, outputs: Sequence[str]) -> str | None:
    """Find the output that belongs to an input: the same name, or the longest common beginning."""

    def shared(name: str) -> int:
        words = zip(re.split(r"[\s:]+", device), re.split(r"[\s:]+", name), strict=False)
        count = 0
        for ours, theirs in words:
            if ours != theirs:
                break
            count += 1
        return count

    if device in outputs:
        return device
    best = max(outputs, key=shared, default=None)
    return best if best is not None and shared(best) > 0 else None


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # each binding has classes of its own
        raise OSError(str(error)) from error


class _Port:
    """An open port of RtMidi."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, message: bytes) -> None:
        """See `MidiPort`."""
        with _as_os_error():
            self._client.send_message(list(message))

    def close(self) -> None:
        """See `MidiPort`."""
        with suppress(Exception):
            self._client.close_port()
            self._client.delete()


class RtMidi:
    """RtMidi with one of its systems (ALSA, JACK, CoreMIDI, Windows).

    Raises
    ------
    OSError
        If that system is not there.
    """

    def __init__(self, library: Any, api: Any, name: str) -> None:
        self.name = name
        self._library, self._api = library, api
        with _as_os_error():
            self._in, self._out = library.MidiIn(api, CLIENT), library.MidiOut(api, CLIENT)

    def inputs(self) -> list[str]:
        """See `MidiSystem`."""
        with _as_os_error():
            return [str(name) for name in self._in.get_ports()]

    def outputs(self) -> list[str]:
        """See `MidiSystem`."""
        with _as_os_error():
            return [str(name) for name in self._out.get_ports()]

    def open_input(self, name: str, receive: Receive) -> MidiPort:
        """See `MidiSystem`."""
        with _as_os_error():
            client = self._library.MidiIn(self._api, CLIENT)
            client.ignore_types(False, False, False)

            def on_message(*given: Any) -> None:
                # python-rtmidi: ((bytes, seconds), data); supriya-midi: (bytes, seconds, data)
                receive(bytes(given[0] if len(given) == 3 else given[0][0]))

            client.set_callback(on_message)
            client.open_port(client.get_ports().index(name), "in")
        return _Port(client)

    def open_output(self, name: str) -> MidiPort:
        """See `MidiSystem`."""
        with _as_os_error():
            client = self._library.MidiOut(self._api, CLIENT)
            client.open_port(client.get_ports().index(name), "out")
        return _Port(client)


def open_system() -> RtMidi:
    """Open the MIDI system of this machine; on Linux ALSA's sequencer, or else JACK.

    Raises
    ------
    ImportError
        If there are no bindings.
    OSError
        If there is no system.
    """
    if not is_there():
        raise OSError(missing_system_hint())
    names = {"darwin": ["MACOSX_CORE"], "win32": ["WINDOWS_MM"]}.get(
        sys.platform, ["LINUX_ALSA", "UNIX_JACK"]
    )
    if "LINUX_ALSA" in names and not os.path.exists(_SEQUENCER):
        names.remove("LINUX_ALSA")
        # The wheels bundle a libjack that does not speak jackd2's protocol; the system's, if it is
        # there, has to be found first.
        with suppress(OSError):
            ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
    library = _bindings()
    for name in names:
        with suppress(OSError):
            api = getattr(getattr(library, "RtMidiAPI", library), name, None)
            return RtMidi(library, getattr(library, f"API_{name}") if api is None else api, name)
    raise OSError(missing_system_hint())


def _bindings() -> Any:
    for name in ("rtmidi", "supriya_midi"):
        with suppress(ModuleNotFoundError):
            return importlib.import_module(name)
    package = "supriya-midi" if sys.version_info >= (3, 13) else "python-rtmidi"
    raise ImportError(f"the MIDI library is missing; pip install {package}")
