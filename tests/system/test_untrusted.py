"""What a document from anywhere names lies beneath its folder, whatever the name and the links."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.system import untrusted
from engine.system.hashing import hash_at
from engine.system.untrusted import OutsideError, open_regular

posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes are made by all only here")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "/etc/passwd",
        "../a",
        "a/../../b",
        "a\\..\\b",
        "\\\\host\\a",
        "C:\\a",
        "C:a",
        "a\0b",
        "x" * 5000,
    ],
)
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises((OutsideError, OSError)):
        untrusted.read_beneath(tmp_path, name, 99)


def test_names_beneath_the_folder_are_found(tmp_path: Path) -> None:
    (tmp_path / "a..b").mkdir()
    (tmp_path / "a..b" / "c").write_bytes(b"x")
    assert untrusted.read_beneath(tmp_path, "a..b/c", 1) == b"x"
    assert untrusted.place("new", tmp_path, tmp_path / "a..b") == tmp_path / "new"
    assert untrusted.place("c", tmp_path, tmp_path / "a..b") == tmp_path / "a..b" / "c"


@posix
def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "secret").write_bytes(b"s")
    (own / "file").symlink_to(other / "secret")
    (own / "dangling").symlink_to(other / "new")
    (own / "folder").symlink_to(other)
    (own / "circle").symlink_to(own / "circle")
    for name in ("file", "dangling", "folder/secret", "folder/new", "circle"):
        with pytest.raises((OutsideError, OSError)) as found:
            untrusted.read_beneath(own, name, 99)
        assert "secret" not in str(found.value) or name == "folder/secret"
    (own / "here").write_bytes(b"h")
    (own / "near").symlink_to("here")
    assert untrusted.read_beneath(own, "near", 9) == b"h"
    assert untrusted.place("file", own, other) == own / "file"  # both folders are the show's


@posix
def test_pipes_and_devices_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match="no regular file"):
            open_regular(path).close()
        assert hash_at(path) == ""
