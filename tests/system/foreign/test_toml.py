"""TOML is read as ever, and what would take minutes is ended by CPU time."""

from __future__ import annotations

import tomllib

import pytest

from engine.documents.show.model_files import changed
from engine.system.foreign import toml

LONG = "# a comment\n" * (toml.SMALL // 12 + 1)


@pytest.mark.parametrize("more", ["", LONG])
def test_a_text_means_the_same_however_long(more: str) -> None:
    text = 'a = 1\nb = [0.5, inf, true, "é"]\n[[c.d]]\nx = """two\nlines"""\n'
    assert toml.loads(more + text) == tomllib.loads(text)
    said = changed(more + text, [(("c", "d", 0, "x"), "y"), (("b",), None), (("z",), None)])
    assert said == more + 'a = 1\n[[c.d]]\nx = "y"\n'


@pytest.mark.parametrize("more", ["", LONG])
def test_what_is_none_is_said(more: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid value \(at end of document\)"):
        toml.loads(more + "a = [")
    with pytest.raises((ValueError, RecursionError), match=r"nested without end|recursion"):
        toml.loads(more + "a = " + "[" * 100_000)


def test_keys_without_end_are_ended_by_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml, "BOUNDS", toml.BOUNDS._replace(cpu_s=1))
    with pytest.raises(ValueError, match="takes longer to read than any honest file"):
        toml.loads("a" + ".a" * 200_000 + " = 1")
