"""One OSC message from the terminal."""

from __future__ import annotations

import socket

import pytest

from engine.app.send import run


def test_numbers_go_as_numbers_and_words_as_words() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as show:
        show.bind(("127.0.0.1", 0))
        show.settimeout(30)
        to = f"127.0.0.1:{show.getsockname()[1]}"
        assert run("/layer/words/text", ["Grüße"], to, False) == 0
        assert "Grüße".encode() in show.recv(2000)
        run("/layer/form/position", ["1", "-0.5"], to, False)
        assert b",if\0" in show.recv(2000)
        run("/deck/take", [], to, False)
        assert show.recv(2000) == b"/deck/take\0\0,\0\0\0"
        run("/layer/words/text", ["2026"], to, True)
        assert b",s\0\0" in show.recv(2000)


@pytest.mark.parametrize(
    ("address", "values", "to"),
    [("layer", ["1"], "127.0.0.1:9"), ("/x", ["nan"], "127.0.0.1:9"),
     ("/x", ["a" * 3000], "127.0.0.1:9"), ("/x", ["1"], "127.0.0.1")],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused(address: str, values: list[str], to: str) -> None:
    with pytest.raises(ValueError, match="address"):
        run(address, values, to, False)
