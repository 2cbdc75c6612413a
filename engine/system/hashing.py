"""TODO engine/system/hashing.py."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


def content_hash(data: bytes) -> str:
    """Name of a blob: ``sha256:`` and the digest."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def hash_at(path: object) -> str:
    """Hash of a file, kept as long as it is not changed; empty if there is none."""
    try:
        stat = Path(str(path)).stat()
        return _hash(str(path), stat.st_size, stat.st_mtime_ns) if path else ""
    except (OSError, ValueError):  # a name that no file can have
        return ""


@lru_cache(maxsize=32)
def _hash(path: str, size: int, changed_ns: int) -> str:
    del size, changed_ns  # part of the key: another file is read again
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(path: Path) -> str:
    """Return the hash of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
