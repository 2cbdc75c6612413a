"""Shared libraries and programs that pip cannot bring: which are missing, and the line for them.

Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

# (Debian package, kind of probe, what to look for)
PLAY = (
    ("libegl1", "library", "EGL"),
    ("libgl1", "library", "GL"),
    ("libgles2", "library", "GLESv2"),
    ("libopengl0", "library", "OpenGL"),
    ("libegl-mesa0", "library", "EGL_mesa"),
    ("libglx-mesa0", "library", "GLX_mesa"),
    ("libgl1-mesa-dri", "file", "/usr/lib/*/dri/*_dri.so"),
    ("libportaudio2", "library", "portaudio"),
    ("libx11-6", "library", "X11"),
    ("libxcursor1", "library", "Xcursor"),
    ("libxi6", "library", "Xi"),
    ("libxinerama1", "library", "Xinerama"),
    ("libxrandr2", "library", "Xrandr"),
)
TEST = (
    *PLAY,
    ("jackd2", "program", "jackd"),
    ("libasound2-plugins", "file", "/usr/lib/*/alsa-lib/libasound_module_pcm_jack.so"),
    ("x11-xserver-utils", "program", "xrandr"),
    ("xauth", "program", "xauth"),
    ("xdotool", "program", "xdotool"),
    ("xvfb", "program", "Xvfb"),
)


def is_present(kind: str, name: str) -> bool:
    """Whether a library, a program or a file (by pattern) is on this machine."""
    if kind == "library":
        return ctypes.util.find_library(name) is not None
    if kind == "program":
        return shutil.which(name) is not None
    return any(Path("/").glob(name.lstrip("/")))


def missing(
    rows: Iterable[tuple[str, str, str]], is_there: Callable[[str, str], bool] = is_present
) -> list[str]:
    """Debian packages whose probe finds nothing, in order."""
    return [package for package, kind, name in rows if not is_there(kind, name)]


def missing_venv() -> list[str]:
    """The Debian package without which this Python cannot make an environment, if any."""
    if importlib.util.find_spec("ensurepip") is not None:
        return []
    return [f"python{sys.version_info.major}.{sys.version_info.minor}-venv"]


def apt_line(packages: Iterable[str]) -> str:
    """The line that a person would type."""
    return "sudo apt-get install -y --no-install-recommends " + " ".join(packages)


def privilege() -> list[str] | None:
    """Words to put before ``apt-get``: none for root, sudo where it asks for no password."""
    if not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def install(packages: list[str]) -> bool:
    """Install Debian packages if that is allowed, else print the line that does; return whether."""
    if not packages:
        return True
    before = privilege() if shutil.which("apt-get") else None
    if before is None:
        print(f"Not installed on this system: {', '.join(packages)}.")
        print(f"  On Debian or Ubuntu: {apt_line(packages)}", flush=True)
        return False
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages],
    )
    for step in steps:
        done = subprocess.run(
            [*before, *step], env=environment, check=False, stdout=subprocess.DEVNULL
        )
    if done.returncode != 0:
        print(f"  apt-get failed (above). By hand: {apt_line(packages)}", flush=True)
    return done.returncode == 0
