"""Sound devices, asked of PortAudio in a process that may hang."""

from __future__ import annotations

from typing import Any

from engine.sources.audio import device
from engine.system.spawn import launch_with_pipe


def list_devices(limit_s: float = 8.0) -> list[dict[str, Any]]:
    """List sound devices, asked of PortAudio in a process that may hang.

    Returns
    -------
    list of dict
        ``index``, ``name``, ``host``, ``inputs``, ``outputs``, ``rate_hz``, ``is_default_input``,
        ``is_default_output``. Empty if there is none.

    Raises
    ------
    OSError
        If PortAudio is missing or does not answer; the sentence says what to do.
    """
    process, ours = launch_with_pipe(device.send_devices, name="sound")
    answer: Any = "the sound system does not answer; restart the sound server or the machine"
    try:
        if ours.poll(limit_s):
            answer = ours.recv()
    except EOFError:
        answer = "the sound system ended the program that asked it; restart the sound server"
    finally:
        ours.close()
        process.kill()
        process.join()
        process.close()
    if isinstance(answer, str):
        raise OSError(answer)
    devices: list[dict[str, Any]] = answer
    return devices
