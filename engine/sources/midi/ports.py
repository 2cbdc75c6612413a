"""MIDI ports of this machine, through RtMidi: their names, opening, sending.

Below Python 3.13 the bindings are python-rtmidi, from there on supriya-midi (the former has no
wheels for it). Here both raise OSError, whatever they raise themselves. RtMidi prints its warnings;
the MIDI process silences them.
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

_LIBRARY = "libjack.so.0"
_NO_START_SERVER = 1
_OnShutdown = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def is_running() -> bool:
    """Whether a server seems to be there: what jackd2 leaves in shared memory."""
    server = os.environ.get("JACK_DEFAULT_SERVER", "default")
    return bool(glob.glob(f"/dev/shm/jack_{server}_*"))


def load_library() -> Any:
    """Load the system's libjack, so that it is found before the one in a wheel.

    The wheels of RtMidi bundle one that does not speak jackd2's protocol.

    Raises
    ------
    OSError
        If there is none.
    """
    return ctypes.CDLL(_LIBRARY, mode=ctypes.RTLD_GLOBAL)


def watch_server(client: str) -> Callable[[], bool]:
    """Say from now on whether the server has ended: RtMidi is told nothing of it.

    Without the system's library nobody can say, and it is taken to live.
    """
    ended: list[bool] = []
    try:
        library = load_library()
    except OSError:
        return lambda: False
    library.jack_client_open.restype = ctypes.c_void_p
    library.jack_on_shutdown.argtypes = [ctypes.c_void_p, _OnShutdown, ctypes.c_void_p]
    on_shutdown = _OnShutdown(lambda _: ended.append(True))
    handle = library.jack_client_open(f"{client} watch".encode(), _NO_START_SERVER, None)
    if handle:
        library.jack_on_shutdown(handle, on_shutdown, None)
    # What the library calls must live as long as the one who asks.
    return lambda: bool(ended) and on_shutdown is not None


CLIENT = "Latent Cinema"
"""How we are called in the lists of others; ports of that name are never opened."""
_IS_LINUX = bool(sys.platform == "linux")
_IS_WINDOWS = bool(sys.platform == "win32")
_THROUGH = "Midi Through"
_SEQUENCER = "/dev/snd/seq"
Receive = Callable[[bytes], None]


class MidiPort(Protocol):
    """An open port."""

    def send(self, message: bytes) -> None:
        """Send a message; OSError if the port is gone. An input has nothing to send."""

    def close(self) -> None:
        """Close it; harmless if it is gone."""


def missing_system_hint() -> str:
    """Say what to do where this machine has no MIDI."""
    if _IS_LINUX:
        return (
            "this machine has no MIDI system: neither ALSA's sequencer (load it: modprobe snd-seq) "
            "nor a JACK server is here"
        )
    return "the MIDI system does not answer; start it, or the machine, again"


def is_there() -> bool:
    """Whether it is worth to ask: false on a Linux without ALSA's sequencer and without JACK."""
    if not _IS_LINUX:
        return True
    return os.path.exists(_SEQUENCER) or is_running()


def tidy(raw: Sequence[str]) -> list[str]:
    """Names of devices for people and mappings, one for each raw name, all different.

    The numbers that a system appends (ALSA: ``20:0``; JACK: ``-01``; Windows: that of the port)
    change from day to day and are left out, and so is the half of a name that only repeats it. Of
    several that are then equal, the later ones end in ``#2``, ``#3``.
    """
    found: list[str] = []
    for name in raw:
        short = re.sub(r" \d+:\d+$| \[\d+\] \((capture|playback)\)|^a2j:", "", name)
        if _IS_WINDOWS:
            short = re.sub(r" \d+$", "", short)
        client, _, port = re.sub(r"-\d\d:", ":", short).partition(":")
        short = f"{client}:{port}" if port else client
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


def counterpart(device: str, outputs: Sequence[str], inputs: Sequence[str]) -> str | None:
    """Find the output that belongs to an input.

    The one of the same name; else, of those that no input is called after, the first that begins
    with the same word (``nanoKONTROL2 SLIDER/KNOB`` and ``nanoKONTROL2 CTRL``).
    """
    if device in outputs:
        return device
    word = re.split(r"[\s:]", device)[0]
    alike = (name for name in outputs if name not in inputs and name.startswith(word))
    return next(alike, None)


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
        self._has_ended = watch_server(CLIENT) if name == "UNIX_JACK" else lambda: False

    def inputs(self) -> list[str]:
        """Names of the ports that send to us, as the system has them."""
        with _as_os_error():
            if self._has_ended():
                raise OSError("the JACK server has ended")
            return [str(name) for name in self._in.get_ports()]

    def outputs(self) -> list[str]:
        """Names of the ports that we can send to."""
        with _as_os_error():
            return [str(name) for name in self._out.get_ports()]

    def open_input(self, index: int, receive: Receive) -> MidiPort:
        """Open one of `inputs` by its place; `receive` is called from a thread of the system's."""
        with _as_os_error():
            client = self._library.MidiIn(self._api, CLIENT)
            client.ignore_types(False, False, False)

            def on_message(*given: Any) -> None:
                # python-rtmidi: ((bytes, seconds), data); supriya-midi: (bytes, seconds, data)
                receive(bytes(given[0] if len(given) == 3 else given[0][0]))

            client.set_callback(on_message)
            client.open_port(index, "in")
        return _Port(client)

    def open_output(self, index: int) -> MidiPort:
        """Open one of `outputs` by its place."""
        with _as_os_error():
            client = self._library.MidiOut(self._api, CLIENT)
            client.open_port(index, "out")
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
        with suppress(OSError):
            load_library()
    library = _bindings()
    for name in names:
        with suppress(OSError):
            api = getattr(getattr(library, "RtMidiAPI", library), name, None)
            return RtMidi(library, getattr(library, f"API_{name}") if api is None else api, name)
    raise OSError(missing_system_hint())


def survey(system: RtMidi) -> dict[str, Any]:
    """What is there: ``system``, ``inputs`` and ``outputs`` by name, without our own."""
    inputs, outputs = tidy(system.inputs()), tidy(system.outputs())
    return {
        "system": system.name,
        "inputs": wanted(inputs, [""]),
        "outputs": wanted(outputs, [""]),
    }


def _bindings() -> Any:
    for name in ("rtmidi", "supriya_midi"):
        with suppress(ModuleNotFoundError):
            return importlib.import_module(name)
    package = "supriya-midi" if sys.version_info >= (3, 13) else "python-rtmidi"
    raise ImportError(f"the MIDI library is missing; pip install {package}")
