"""Tasks for a limited child: an honest one, and what a hostile file could make of a reader."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import Any


def count(data: bytes, job: dict[str, Any]) -> list[int]:
    return [len(data), job["more"]]


def refuse(data: bytes, job: dict[str, Any]) -> None:
    raise ValueError("line 3: no such thing; take it out")


def spin(data: bytes, job: dict[str, Any]) -> None:
    while True:
        pass


def grow(data: bytes, job: dict[str, Any]) -> None:
    kept = []
    while True:
        kept.append(bytearray(1 << 24))


def nest(data: bytes, job: dict[str, Any]) -> None:
    nest(data, job)


def crash(data: bytes, job: dict[str, Any]) -> None:
    os.abort()


def misbehave(data: bytes, job: dict[str, Any]) -> str:
    path = Path(job["path"])
    deeds = {
        "write": lambda: path.write_bytes(b"x"),
        "remove": path.unlink,
        "start": lambda: subprocess.run(["true"], check=False),
        "link": lambda: os.symlink(path, str(path) + ".link"),
        "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
    }
    deeds[job["deed"]]()
    return "done"
