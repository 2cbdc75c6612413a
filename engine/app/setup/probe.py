"""Probes of device libraries, each in its process: ``python -m engine.app.setup.probe NAME``.

A driver may hang or end the process, and no exception tells: so each look happens in a child that
may be killed, and answers with one JSON document on stdout.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from engine.system.spawn import environment

# With a second child busy beside it, a cold OpenGL start took 1.2 s here.
LIMIT_S = 8.0
PROGRAM = ("-m", "engine.app.setup.probe")


def look_gl() -> dict[str, Any]:
    """OpenGL without a window: renderer, its vendor, and version."""
    from engine.compositor.gl.context import open_context

    info = open_context().info
    names = {"renderer": "GL_RENDERER", "vendor": "GL_VENDOR", "version": "GL_VERSION"}
    return {key: info[name] for key, name in names.items()}


def look_sound() -> dict[str, Any]:
    """Sound devices by name, with their channels and rate in hertz."""
    from engine.sources.audio.process import list_devices

    return {"devices": list_devices(limit_s=LIMIT_S - 1)}


def look_midi() -> dict[str, Any]:
    """MIDI ports by name, and the system that has them."""
    from engine.sources.midi.ports import open_system, survey

    return survey(open_system())


def look_monitors() -> dict[str, Any]:
    """Monitors by name: place and size in screen coordinates, refresh rate in hertz."""
    from engine.outputs.window import display, monitors

    with display.connected():
        return {
            "monitors": [
                {
                    "name": one.name,
                    "place_px": [one.area.x, one.area.y],
                    "size_px": [one.area.width, one.area.height],
                    "rate_hz": one.refresh_hz,
                }
                for one in monitors.connected()
            ]
        }


def look_codecs() -> dict[str, Any]:
    """Encoders that the films need, and whether PyAV's FFmpeg has them."""
    import av

    names = ("libx264", "libx265", "aac", "png")
    return {"encoders": {name: _has_encoder(av, name) for name in names}, "pyav": av.__version__}


LOOKS = {
    "gl": look_gl,
    "sound": look_sound,
    "midi": look_midi,
    "monitors": look_monitors,
    "codecs": look_codecs,
}


def look_all(names: Sequence[str], limit_s: float = LIMIT_S) -> Mapping[str, dict[str, Any]]:
    """Look at several things at once, each in its child: what was found, or its ``error``."""
    children = {
        name: subprocess.Popen(
            [sys.executable, *PROGRAM, name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for name in names
    }
    return {name: _answer(child, limit_s) for name, child in children.items()}


def _answer(child: subprocess.Popen[str], limit_s: float) -> dict[str, Any]:
    try:
        out, complaints = child.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return {"error": f"no answer within {limit_s:g} s"}
    try:
        # Libraries below Python write to stdout as they please: the answer is the last line.
        answer = json.loads(out.strip().splitlines()[-1])
    except (ValueError, IndexError):
        last = complaints.strip().splitlines()[-1:] or [f"ended with code {child.returncode}"]
        return {"error": last[0][:300]}
    return answer if isinstance(answer, dict) else {"error": "no answer"}


def _has_encoder(av: Any, name: str) -> bool:
    try:
        av.codec.Codec(name, "w")
    except ValueError:  # av.codec.codec.UnknownCodecError
        return False
    return True


def main(name: str) -> None:
    """Look, and print the answer as one line of JSON."""
    try:
        answer = LOOKS[name]()
    except Exception as error:  # noqa: BLE001  foreign drivers; whatever they raise is the answer
        answer = {"error": f"{error}" or type(error).__name__}
    print("\n" + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
