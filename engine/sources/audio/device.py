"""Audio device process: captures and analyses, or plays, outside the player's process.

A process of its own, because a busy player makes a Python audio callback lose a third of its
blocks, and because PortAudio hangs in every call when its server dies: then only a kill helps.

Time: PortAudio's clocks differ by host (JACK since the stream opened, ALSA monotonic, Pulse the
wall clock) and are never read. Samples are counted instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from engine.core.audio import features
from engine.core.audio.channels import ChannelChoice, mix
from engine.core.tempo.ltc import Ltc
from engine.core.tempo.timecode import RATES
from engine.sources.audio.memory import CHANNELS, FRAMES, Memory, Word, attach_memory
from engine.sources.watched import Status
from engine.system.spawn import silence_libraries

Device = str | int | None

_QUIET_S = 0.25
_BLOCKS_PER_LOOK = 100  # blocks between two looks whether the player still lives
_FAST_RETRIES = 60  # at 1 s, for a device that was there before; then, and else, slowly
_RETRY_S = 5.0


def missing_library_hint() -> str:
    """Say what to install when PortAudio is not there."""
    return {
        "linux": "the PortAudio library is missing; install it: apt-get install libportaudio2",
    }.get(sys.platform, "PortAudio cannot be loaded; pip install --force-reinstall sounddevice")


def find_device(devices: Sequence[dict[str, Any]], wanted: Device, kind: str) -> int:
    """Choose a device: by number, by name, by part of a name, or the default.

    Parameters
    ----------
    devices
        As from `list_devices`.
    wanted
        A number (also as text) or a name, in any case; None takes the default, or else the first.
    kind
        ``inputs`` or ``outputs``: only devices that have some are considered.

    Raises
    ------
    ValueError
        If there is none; the sentence lists what there is.
    """
    able = [d for d in devices if d[kind] > 0]
    if not able:
        raise ValueError(f"this machine has no sound {kind[:-1]}; plug one in")
    if wanted is None:
        default = [d for d in able if d[f"is_default_{kind[:-1]}"]]
        return int((default or able)[0]["index"])
    name = str(wanted).strip().lower()
    for fits in (
        lambda d: name.isdecimal() and d["index"] == int(name),
        lambda d: d["name"].lower() == name,
        lambda d: name in d["name"].lower(),
    ):
        found = [d for d in able if fits(d)]
        if found:
            return int(found[0]["index"])
    there = ", ".join(f"'{d['name']}'" for d in able[:8])
    raise ValueError(f"no sound {kind[:-1]} is called '{str(wanted)[:60]}'; there are {there}")


def send_devices(pipe: Connection) -> None:
    """Entry point of the process behind `list_devices`."""
    silence_libraries()
    try:
        import sounddevice

        pipe.send(_devices(sounddevice))
    except OSError:
        pipe.send(missing_library_hint())
    os._exit(0)


def _devices(sounddevice: Any) -> list[dict[str, Any]]:
    hosts = [host["name"] for host in sounddevice.query_hostapis()]
    default_input, default_output = sounddevice.default.device
    return [
        {
            "index": n,
            "name": device["name"],
            "host": hosts[device["hostapi"]],
            "inputs": device["max_input_channels"],
            "outputs": device["max_output_channels"],
            "rate_hz": device["default_samplerate"],
            "is_default_input": n == default_input,
            "is_default_output": n == default_output,
        }
        for n, device in enumerate(sounddevice.query_devices())
    ]


def capture(name: str, device: Device, rate_hz: int, block: int, choice: ChannelChoice) -> None:
    """Entry point of the capture process: runs until the player ends or the device is lost."""
    memory = attach_memory(name)
    sounddevice = _load(memory)
    box: SimpleQueue[NDArray[np.float32]] = SimpleQueue()

    def on_input(block: NDArray[np.float32], _frames: int, _clock: object, flags: Any) -> None:
        box.put(block.copy())
        if flags.input_overflow:
            memory.words[Word.OVERFLOWS] += 1

    wanted = (device, rate_hz, block, max(choice.channel, choice.ltc))
    stream = _open_patiently(memory, sounddevice, "inputs", wanted, on_input)
    _analyse(memory, stream, box, choice)


def _analyse(
    memory: Memory, stream: Any, box: SimpleQueue[NDArray[np.float32]], choice: ChannelChoice
) -> NoReturn:
    parent = parent_process()
    rate_hz = int(memory.words[Word.RATE_HZ])
    state, ltc = features.start(rate_hz), Ltc(rate_hz, RATES.get(choice.ltc_rate))
    blocks = 0
    while True:
        try:
            block = box.get(timeout=_QUIET_S)
        except Empty:
            if not stream.active:
                _leave()
            blocks = 0
        else:
            state, rows = features.analyse(state, choice.apply(block))
            if choice.ltc:
                codes = ltc.feed(block[:, choice.ltc - 1], int(memory.words[Word.FRAMES]))
                for sample, position in codes[-1:]:
                    memory.write_code(sample, *position)
            memory.write_frames(Word.FRAMES, recorded(block, choice))
            for row in rows:
                memory.write_row(row)
            memory.words[Word.BEATS] += 1
            blocks += 1
        if blocks % _BLOCKS_PER_LOOK == 0 and not (parent and parent.is_alive()):
            _leave()


def recorded(block: NDArray[np.float32], choice: ChannelChoice) -> NDArray[np.float32]:
    """Take what a take records: the first two channels, or a later one that is heard."""
    if choice.channel > CHANNELS:
        return np.repeat(block[:, choice.channel - 1 : choice.channel], CHANNELS, axis=1)
    return block[:, :CHANNELS]


def play(name: str, device: Device, rate_hz: int, block: int) -> None:
    """Entry point of the playback process: hands the ring's frames to the device."""
    memory = attach_memory(name)
    sounddevice = _load(memory)
    words = memory.words

    def on_output(out: NDArray[np.float32], frames: int, _clock: object, _flags: Any) -> None:
        if words[Word.ANSWER] != words[Word.EPOCH]:
            memory.order()
            words[Word.PLAYED] = words[Word.START]
            words[Word.ANSWER] = words[Word.EPOCH]
        at = int(words[Word.PLAYED])
        count = max(min(frames, int(words[Word.FED]) - at), 0)
        fed = memory.read_frames(at, count)
        out[:count] = fed[:, : out.shape[1]] if out.shape[1] > 1 else mix(fed)[:, None]
        out[count:] = 0.0
        words[Word.PLAYED] = at + count
        words[Word.BEATS] += 1

    wanted = (device, rate_hz, block, 0)
    stream = _open_patiently(memory, sounddevice, "outputs", wanted, on_output)
    parent = parent_process()
    while stream.active and parent and parent.is_alive():
        parent.join(_QUIET_S)
    _leave()


def _load(memory: Memory) -> Any:
    silence_libraries()
    try:
        import sounddevice
    except OSError:
        memory.set_status(Status.NO_LIBRARY, missing_library_hint())
        _leave()
    except Exception as error:  # noqa: BLE001  PortAudio's own error class lives in what failed
        memory.set_status(Status.NO_DEVICE, f"PortAudio does not start ({error})")
        _leave()
    return sounddevice


def _open_patiently(
    memory: Memory,
    sounddevice: Any,
    kind: str,
    wanted: tuple[Device, int, int, int],
    callback: Any,
) -> Any:
    """Open and start a stream; retry, with a fresh list of devices, until there is one."""
    parent = parent_process()
    retries = 0
    while True:
        try:
            return _open(memory, sounddevice, kind, wanted, callback)
        except (sounddevice.PortAudioError, ValueError) as error:
            memory.set_status(Status.NO_DEVICE, str(error).splitlines()[0])
        retries += 1
        memory.words[Word.BEATS] += 1  # still trying, not hanging
        was_there = memory.device_name() and retries < _FAST_RETRIES
        if parent is not None:
            parent.join(1.0 if was_there else _RETRY_S)
        if parent is None or not parent.is_alive():
            _leave()
        # PortAudio lists devices once; only starting it again shows what was plugged in since.
        sounddevice._terminate()
        sounddevice._initialize()


def _open(
    memory: Memory,
    sounddevice: Any,
    kind: str,
    wanted: tuple[Device, int, int, int],
    callback: Any,
) -> Any:
    """Open a device: which, its rate, the size of a block, the channel that it has to have."""
    device, rate_hz, block, channel = wanted
    devices = _devices(sounddevice)
    index = _find_again(devices, memory.device_name(), device, kind)
    there = devices[index][kind]
    if channel > there:
        raise ValueError(f"'{devices[index]['name']}' has {there} channels: no number {channel}")
    make = sounddevice.InputStream if kind == "inputs" else sounddevice.OutputStream
    common = {
        "device": index,
        "channels": min(max(CHANNELS, channel), there),
        "dtype": "float32",
        "latency": "low",
        "blocksize": block,
        "callback": callback,
    }
    try:
        stream = make(samplerate=rate_hz, **common)
    except sounddevice.PortAudioError:
        # JACK has one rate only, and some interfaces too.
        stream = make(samplerate=devices[index]["rate_hz"], **common)
    memory.name_device(devices[index]["name"])
    memory.words[Word.RATE_HZ] = round(stream.samplerate)
    memory.words[Word.CHANNELS] = min(CHANNELS, stream.channels)
    memory.words[Word.LATENCY] = min(round(stream.latency * stream.samplerate), FRAMES)
    memory.words[Word.BEATS] = 0
    stream.start()
    memory.set_status(Status.RUNNING)
    return stream


def _find_again(devices: Sequence[dict[str, Any]], before: str, wanted: Device, kind: str) -> int:
    """Prefer the device that was open before: numbers change when something is unplugged."""
    if before:
        try:
            return find_device([d for d in devices if d["name"] == before], before, kind)
        except ValueError:
            if wanted is not None:
                raise ValueError(f"the sound device '{before}' is gone; plug it in again") from None
    return find_device(devices, wanted, kind)


def _leave() -> NoReturn:
    """End at once: PortAudio's own clean-up hangs when its server has died."""
    os._exit(0)
