"""SHA-256 of data and of files: how content, models and settings are told apart."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.system.untrusted import open_regular


def content_hash(data: bytes) -> str:
    """Name of a blob: ``sha256:`` and the digest."""
    return "sha256:" + sha256(data)


def sha256(data: bytes | memoryview) -> str:
    """Hash of data, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of(path: Path) -> str:
    """Hash of a file, in hexadecimal.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_hash(value: Any) -> str:
    """Hash of what JSON can say, in hexadecimal."""
    return sha256(json.dumps(value).encode())


def cached_sha256(path: Path) -> str:
    """Hash of a file as `sha256_of`; one that has not changed is not read again."""
    stat = path.stat()
    return _hash(path, stat.st_ino, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=32)
def _hash(path: Path, *_: int) -> str:
    return sha256_of(path)


def hash_at(path: object) -> str:
    """Hash of a file as `cached_sha256`; empty if there is none."""
    try:
        return cached_sha256(Path(str(path))) if path else ""
    except (OSError, ValueError):  # a name that no file can have
        return ""
