"""The list of sources: what the show adds, what the operator allows, and one that fails."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from engine.documents.show import load
from engine.play.live.options import Options
from engine.play.live.sources import Sources
from engine.sources import silence
from engine.sources.audio import audio
from engine.sources.contract import Moved
from engine.sources.osc.sender import open as open_sender
from tests.performing import until

LOCAL = "127.0.0.1:0"


def open_sources(
    said: list[str], text: str = "", osc: str | None = LOCAL, **options: Any
) -> Sources:
    table = load.decode(f"schema = 1\n{text}", "t")
    return Sources(table, Options(osc=osc, **{"midi": "off", **options}), False, said.append)


def kinds(sources: Sources) -> list[tuple[str, str]]:
    return [(each["kind"], each["name"]) for each in sources.report()]


def test_every_show_hears_osc_and_what_it_lists() -> None:
    with open_sources([]) as sources:
        assert kinds(sources) == [("osc", "osc")]
    text = '[[sources]]\nkind = "silence"\n' + '[[sources]]\nkind = "osc"\nconfig.port = 0\n' * 2
    with open_sources([], text) as sources:
        assert kinds(sources) == [("silence", "silence"), ("osc", "osc"), ("osc", "osc2")]
        first, second = (s for s, *_ in sources.poll(0.0) if s.kind == "osc")
        assert first.input.port != second.input.port
        sender = open_sender("127.0.0.1", second.input.port)
        sender.send("/master/brightness", 0.5)
        sender.close()
        heard = {s.origin.name: items for s, items, _ in sources.poll(0.0)}
        assert [item[1:] for item in heard["osc2"]] == [("/master/brightness", 0.5)]
        assert heard["silence"] == heard["osc"] == []


def test_a_source_is_given_the_clock_of_the_day_and_asked_what_it_left_out() -> None:
    with open_sources([]) as sources:
        source = sources.of_kind("osc")
        assert source is not None
        assert source.input.wall_ns is time.time_ns
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"hello", ("127.0.0.1", source.input.port))
        found: list[tuple[str, str]] = []
        until(lambda: [found.extend(told) for _, _, told in sources.poll(0.0)] and found, "it")
        ((address, why),) = found
        assert (address, why.split(":")[0]) == ("", "what came is no OSC")


def test_no_show_opens_the_network() -> None:
    said: list[str] = []
    text = '[[sources]]\nkind = "osc"\nconfig = { host = "0.0.0.0", port = 0 }\n'
    with open_sources(said, text, osc=None) as sources:
        assert sources.of_kind("osc").input._socket.getsockname()[0] == "127.0.0.1"  # type: ignore[union-attr]
    assert said == [
        "sources[0]: listens on 127.0.0.1, not on 0.0.0.0 as the show asks; "
        "start it with --osc 0.0.0.0:PORT to allow that"
    ]
    said.clear()
    with open_sources(said, text * 2, osc="0.0.0.0:0") as sources:  # the operator says so
        for source, *_ in sources.poll(0.0):
            assert source.input._socket.getsockname()[0] == "0.0.0.0"
    assert len(said) == 2
    assert all("everyone on that network can steer the show" in text for text in said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "theremin"', "there is no source 'theremin'; there are: audio, "),
        ('kind = "registry"', "there is no source 'registry'"),
        ('kind = "osc"\nconfig = { port = "9" }', r"config\.port: expected `int`, got `str`"),
        ('kind = "osc"\nconfig = { ports = 9 }', "unknown key 'ports'; there are: host, port"),
    ],
)
def test_what_is_wrong_with_a_source_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(load.ShowError, match=rf"sources\[0\]: .*{said}"):
        open_sources([], f"[[sources]]\n{text}", osc=None)


def test_a_source_that_fails_is_closed_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("unplugged")

    said: list[str] = []
    with open_sources(said, '[[sources]]\nkind = "silence"') as sources:
        assert len(list(sources.poll(0.0))) == 2
        monkeypatch.setattr(silence.Silence, "poll", fail)
        for _ in range(3):
            assert [s.kind for s, *_ in sources.poll(0.0)] == ["osc"]
        assert sources.report()[1]["state"] == "failed: RuntimeError: unplugged"
    assert said == ["silence: failed: RuntimeError: unplugged; the show goes on without it"]


def test_a_sound_device_is_listened_to_again(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    class Sound:
        state, rate_hz = "listening", 48_000

        def __enter__(self) -> Sound:
            opened.append(self)
            return self

        def __exit__(self, *_: object) -> None: ...  # fmt: skip

        def samples(self) -> None: ...  # fmt: skip

        def poll(self, _: int) -> tuple[()]:
            return ()

    monkeypatch.setattr(audio, "open", lambda *_: Sound())
    with open_sources([], audio="7") as sources:
        assert kinds(sources) == [("osc", "osc")]  # not heard from the beginning
        for count in (1, 2, 3):
            sources.listen()
            sources.listen()  # it is open
            assert len(opened) == count
            assert sources.sound is not None
            assert sources.sound.config.device == 7
            assert kinds(sources) == [("osc", "osc"), ("audio", "sound")]
            sources.close(sources.sound)
        monkeypatch.setattr(audio, "open", lambda *_: Path("/nowhere").read_text())
        sources.listen()
        assert sources.sound is None  # said, and the show goes on


class Hands:
    """A source of controls: one fader, which lights."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str, float]] = []
        self.is_broken = False

    def poll(self, max_items: int) -> list[Any]:
        return []

    def moved(self, max_items: int) -> list[Moved]:
        if self.is_broken:
            raise OSError("it was pulled out")
        return [Moved(5, "box", "midi/1/cc/7", 0.5)][:max_items]

    def show(self, device: str, control: str, value: float) -> None:
        self.shown.append((device, control, value))

    def write(self, device: str, data: bytes) -> None:
        self.shown.append((device, data.hex(), 0.0))

    def devices(self) -> list[str]:
        return ["box"]

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        pass


def test_what_hands_move_is_handed_on_and_shown_until_the_source_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    hands = Hands()
    monkeypatch.setattr(silence, "open", lambda _config, _now_ns: hands)
    with open_sources(said, '[[sources]]\nkind = "silence"\n') as sources:
        assert [(s.kind, m) for s, m in sources.moved()] == [
            ("silence", [Moved(5, "box", "midi/1/cc/7", 0.5)])
        ]
        sources.show("box", "midi/1/cc/7", 1.0)
        sources.write("box", b"\xf0\xf7")
        assert hands.shown == [("box", "midi/1/cc/7", 1.0), ("box", "f0f7", 0.0)]
        assert sources.devices() == ["box"]
        hands.is_broken = True
        assert list(sources.moved()) == []
        assert sources.devices() == []
    assert said == ["silence: failed: OSError: it was pulled out; the show goes on without it"]


def test_a_show_may_ask_for_a_delay() -> None:
    text = '[[sources]]\nkind = "osc"\nconfig.port = 0\ndelay_ms = 250.0\n'
    text += '[[sources]]\nkind = "silence"\ndelay_ms = 2000\n'
    with open_sources([], text) as sources:
        source, silent = sources.of_kind("osc"), sources.of_kind("silence")
        assert source is not None
        assert silent is not None
        assert source.input.delay_ns == 250_000_000  # it knows what has a time already
        late, now = (0, "/a", 1.0), 10**9
        assert (source.delay.due([late], now), silent.delay.due([late], now)) == ([late], [])
    for wrong in ("-1.0", "2001.0", '"long"'):
        with pytest.raises(load.ShowError, match="delay_ms"):
            open_sources([], f'[[sources]]\nkind = "osc"\ndelay_ms = {wrong}\n')
    with pytest.raises(load.ShowError, match="delay_ms"):
        open_sources([], '[[outputs]]\nkind = "null"\ndelay_ms = 5.0\n')


def test_who_may_send_is_said_by_the_operator_or_else_by_the_show() -> None:
    text = '[[sources]]\nkind = "osc"\nconfig = { port = 0, allow = ["10.0.0.0/8"] }\n'
    for allow, expected in (((), ("10.0.0.0/8",)), (("192.0.2.7",), ("192.0.2.7",))):
        with open_sources([], text, osc_allow=allow) as sources:
            source = sources.of_kind("osc")
            assert source is not None
            assert source.config.allow == expected
    with pytest.raises(load.ShowError, match="'studio' is no sender"):
        open_sources([], text.replace("10.0.0.0/8", "studio"))
    with pytest.raises(load.ShowError, match="'the-desk' is no sender"):
        open_sources([], osc_allow=("the-desk",))
