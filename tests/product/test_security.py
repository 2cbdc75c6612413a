"""Every promise of the security page names a test, and that test is there."""

from __future__ import annotations

import re
from pathlib import Path


def test_every_promise_names_a_test_that_is_there(root: Path) -> None:
    text = (root / "docs" / "security.md").read_text("utf-8")
    doors = text.split("## The doors", 1)[1].split("\n## ", 1)[0]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", doors)
    assert len(named) > 20
    gone = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^def {test}\(", (root / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert not gone
    for door in doors.split("\n\n**")[1:]:
        assert "`tests/" in door, door[:40]
