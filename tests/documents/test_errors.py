from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents.errors import reading, within


class _ShowError(ValueError):
    pass


class _MissingError(_ShowError):
    pass


def test_a_place_comes_in_front_of_what_is_wrong() -> None:
    wanted = pytest.raises(_ShowError, match=r"^a\.toml: size: too large$")
    with wanted, within("a.toml: ", _ShowError), within("size: "):
        raise ValueError("too large")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (OSError(5, "Input/output error"), "a.png: cannot be read: Input/output error"),
        (OSError("no more pictures"), "a.png: cannot be read: no more pictures"),
        (ValueError("a.png: too large"), "a.png: too large"),
    ],
)
def test_why_a_file_cannot_be_read_is_said_as_the_kind_that_was_asked(
    fault: Exception, words: str
) -> None:
    with pytest.raises(_ShowError) as found, reading(Path("a.png"), _ShowError):
        raise fault
    assert str(found.value) == words


def test_an_error_of_the_kind_stays_what_it_is() -> None:
    with pytest.raises(_MissingError), reading(Path("a.png"), _ShowError):
        raise _MissingError("a.png: missing")
