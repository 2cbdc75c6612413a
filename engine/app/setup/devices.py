"""Devices of this machine: monitors, sound, MIDI, GPUs, by names as the command line takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from engine.app.setup import probe


def display(environment: Mapping[str, str], system: str) -> str | None:
    """Name of the display that windows open on, by environment and platform; None: they cannot."""
    if system in ("win32", "darwin"):
        return "the desktop"
    return environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY") or None


def devices() -> dict[str, Any]:
    """Monitors, sound and MIDI devices, GPUs, by the names that the command line takes.

    Returns
    -------
    dict
        ``monitors``, ``sound`` and ``gpus``: lists, empty where there is none; ``midi``: lists of
        ``inputs`` and ``outputs``; ``notes``: why something is empty.
    """
    shown = display(os.environ, sys.platform)
    looks = probe.look_all(["sound", "midi", *(["monitors"] if shown else [])])
    monitors = looks.get("monitors", {"error": "no display"})
    notes = {
        name: str(look["error"])
        for name, look in (("monitors", monitors), *looks.items())
        if "error" in look
    }
    return {
        "monitors": monitors.get("monitors", []),
        "sound": looks["sound"].get("devices", []),
        "midi": {way: looks["midi"].get(way, []) for way in ("inputs", "outputs")},
        "gpus": gpus(),
        "notes": notes,
    }


def gpus() -> list[dict[str, str]]:
    """NVIDIA GPUs: name, memory, driver."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run([tool, *query], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = [line.split(", ") for line in done.stdout.splitlines() if line.count(", ") == 2]
    return [{"name": name, "memory": memory, "driver": driver} for name, memory, driver in rows]


def describe(found: Mapping[str, Any]) -> str:
    """Write the devices as text."""
    rows: dict[str, list[str]] = {"Monitors": [], "Sound": [], "MIDI": [], "GPUs": []}
    for one in found["monitors"]:
        width, height = one["size_px"]
        x, y = one["place_px"]
        rate = f" at {one['rate_hz']} Hz" if one["rate_hz"] else ""
        rows["Monitors"].append(f"{one['name']}  {width:g}x{height:g}{rate}, placed at {x:g},{y:g}")
    for one in found["sound"]:
        ways = f"{one['inputs']} in, {one['outputs']} out, {one['rate_hz']:g} Hz"
        rows["Sound"].append(f"{one['name']}  ({one['host']}; {ways})")
    for name in dict.fromkeys(found["midi"]["inputs"] + found["midi"]["outputs"]):
        there = [way[:-4] for way in ("inputs", "outputs") if name in found["midi"][way]]
        rows["MIDI"].append(f"{name}  ({' and '.join(there)})")
    for one in found["gpus"]:
        rows["GPUs"].append(f"{one['name']}  {one['memory']}, driver {one['driver']}")
    lines = []
    for title, entries in rows.items():
        lines += [title, *(f"  {entry}" for entry in entries or ["none"])]
    lines += [f"{name}: {why}" for name, why in found["notes"].items()]
    return "\n".join(lines)
