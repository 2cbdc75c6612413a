"""Several outputs at once: each gets every picture, and one that fails ends no other."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from engine.documents.show import load
from engine.outputs import memory, null
from engine.play.film.export import Job, render
from engine.play.film.playback import open_playback
from engine.play.live.options import Options
from engine.play.live.outputs import Outputs, parse
from engine.sources.dmx.decode import Packet, decode
from tests.performing import latent_cinema, play
from tests.places import SHOWS

SIZE_PX, FPS = (64, 36), Fraction(60)
MASTER = """
[[master.effects]]
shader = "tint"
id = "dusk"
[[lfos]]
id = "breath"
rate_hz = 2.0
[[routes]]
signal = "lfo/breath"
target = "/master/effect/dusk/gain"
depth = -0.5
"""


class Picture:
    texture = None
    size_px = SIZE_PX

    def read(self, format: str) -> np.ndarray:
        return np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8)


def open_outputs(
    said: list[str], text: str = "", *words: str, dmx: tuple[str, ...] = ()
) -> Outputs:
    """Open the outputs of a show, and of a command line."""
    table = load.decode(f"schema = 1\n{text}", "t")
    return Outputs(table, Options(outputs=words, dmx=dmx), SIZE_PX, FPS, said.append)


def test_a_null_and_a_sequence_and_a_film_hold_what_the_take_renders(tmp_path: Path) -> None:
    shutil.copytree(SHOWS, tmp_path / "shows")
    show = tmp_path / "shows" / "wash.toml"
    show.write_text(show.read_text("utf-8") + MASTER, "utf-8")
    words = ["--output", tmp_path / "live-%05d.png", "--output", tmp_path / "live.mp4"]
    with play(tmp_path, show, *words, "--duration", 1) as playing:
        stats = playing.stats()
    assert stats["output"] == "null"
    assert [each["kind"] for each in stats["outputs"]] == ["null", "png", "film"]
    assert {each["error"] for each in stats["outputs"]} == {""}
    pictures = sorted(tmp_path.glob("live-*.png"))
    assert len(pictures) == stats["outputs"][1]["written"] - stats["outputs"][1]["dropped"] > 0
    with av.open(str(tmp_path / "live.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) > 0
    job = Job(tmp_path / "film-%05d.png", fps=FPS, to_s=Fraction(stats["ticks"] // 2, 60))
    render(open_playback(str(tmp_path / "take")), job)
    if not stats["clock_jumps_s"]:
        for path in pictures:
            rendered = path.with_name(path.name.replace("live", "film"))
            if rendered.exists():
                assert np.array_equal(
                    np.asarray(Image.open(path)), np.asarray(Image.open(rendered))
                )
        lights = {np.asarray(Image.open(path)).sum() for path in pictures}
        assert len(lights) > len(pictures) / 4  # the master's effect moves


def test_the_show_lists_outputs_and_the_command_line_replaces_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        '[[outputs]]\nkind = "null"\n[[outputs]]\nkind = "png"\n[outputs.config]\n'
        'path = "new/f-%05d.png"\nformat = "rgba"\n'
    )
    with open_outputs([], text) as outputs:
        for frame in (0, 3):
            outputs.write(frame, Picture())
        assert outputs.name == "null"
        assert [o["written"] for o in outputs.report()] == [2, 2]
        assert not outputs._open[1].config.is_blocking
    assert sorted(os.listdir("new")) == ["f-00000.png", "f-00003.png"]
    with open_outputs([], text, "memory", str(tmp_path / "own.mp4")) as outputs:
        assert [o["kind"] for o in outputs.report()] == ["memory", "film"]
        assert not outputs.is_only_seen
    with open_outputs([], text, "null") as outputs:
        assert outputs.is_only_seen
    with open_outputs([], text, "null", str(tmp_path / "other.mp4")) as outputs:
        assert not outputs.is_only_seen


@pytest.mark.parametrize(
    "path", ["/tmp/x.mp4", "../x.mp4", "a/../../x.mp4", "old.mp4", "f-%05d.png"]
)
def test_a_show_writes_only_new_files_below_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("old.mp4", "f-00001.png"):
        Path(name).write_bytes(b"kept")
    kind = "png" if path.endswith("png") else "film"
    with pytest.raises(load.ShowError, match=r"outputs\[0\]: config\.path: "):
        open_outputs([], f'[[outputs]]\nkind = "{kind}"\nconfig = {{ path = "{path}" }}')
    assert Path("old.mp4").read_bytes() == Path("f-00001.png").read_bytes() == b"kept"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "writer"', "there is no output 'writer'; there are: dmx, film, memory, null, png"),
        ('kind = "os.path"', "there is no output 'os.path'"),
        ('kind = "film"', "config: object missing required field `path`"),
        ('kind = "film"\nconfig = { path = 3 }', r"config\.path: "),
        ('kind = "film"\nconfig = { path = "x.mp4", is_blocking = true }', "unknown key"),
        ('kind = "null"\nconfig = { a = 1 }', "unknown key 'a'; there are: none"),
    ],
)
def test_what_is_wrong_with_an_output_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(load.ShowError, match=rf"outputs\[0\]: .*{said}"):
        open_outputs([], f"[[outputs]]\n{text}")


def test_two_windows_are_one_too_many() -> None:
    with pytest.raises(load.ShowError, match="one window at most"):
        open_outputs([], "", "window", "window")


def test_an_output_that_fails_is_told_once_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken:
        def write(self, frame: int, picture: Any) -> None:
            raise OSError("The disk is full")

    @contextmanager
    def open_broken(*_: object) -> Iterator[Broken]:
        yield Broken()

    monkeypatch.setattr(null, "open", open_broken)
    said: list[str] = []
    with open_outputs(said, "", "null", "memory") as outputs:
        for frame in range(3):
            outputs.write(frame, Picture())
        report = outputs.report()
        kept = outputs._open[0].sink
    assert said == ["null: The disk is full; the show goes on without it"]
    assert [(o["written"], o["error"]) for o in report] == [(0, "The disk is full"), (3, "")]
    assert isinstance(kept, memory.Memory)
    assert list(kept.frames) == [0, 1, 2]


@pytest.mark.parametrize(
    ("word", "kind"),
    [("null", "null"), ("window", "window"), ("a/b.MKV", "film"), ("x-%04d.png", "png")],
)
def test_a_word_of_the_command_line_is_a_kind_or_a_file(word: str, kind: str) -> None:
    assert parse(word)[0] == kind


@pytest.mark.parametrize("word", ["wall", "", "film.avi", "contract", "../null"])
def test_another_word_is_refused_with_what_there_is(word: str) -> None:
    with pytest.raises(
        ValueError, match=r"is no output: write dmx, film, memory, null, png, window, or"
    ):
        parse(word)


LAMP = """
[[outputs]]
kind = "dmx"
[outputs.config]
fixtures = [{ universe = 1, channel = 1 }]
"""


@pytest.mark.parametrize(
    ("host", "allowed", "sends_to", "is_said"),
    [
        ("", (), ("127.0.0.1", 0), False),
        ("", ("192.0.2.1:7000",), ("192.0.2.1", 7000), False),
        ("192.0.2.9", (), ("127.0.0.1", 0), True),
        ("192.0.2.9", ("192.0.2.1", "192.0.2.9"), ("192.0.2.9", 0), False),
        ("evil.example.com", ("192.0.2.1",), ("192.0.2.1", 0), True),
    ],
)
def test_a_show_sends_only_to_hosts_that_the_operator_named(
    host: str, allowed: tuple[str, ...], sends_to: tuple[str, int], is_said: bool
) -> None:
    said: list[str] = []
    text = LAMP + (f'host = "{host}"\n' if host else "")
    with open_outputs(said, text, dmx=allowed) as outputs:
        config = outputs._open[0].config
        assert (config.host, config.port) == sends_to
        assert [sink.kind for sink in outputs.sinks] == [""]
    assert len(said) == is_said
    if said:
        assert f"not to {host} as the show asks; start it with --dmx {host}" in said[0]


def test_a_host_that_nobody_sends_to_is_said() -> None:
    said: list[str] = []
    with open_outputs(said, "", "null", dmx=("192.0.2.1",)):
        assert said == ["--dmx 192.0.2.1: no output here sends over the network"]


def test_a_port_is_the_operators() -> None:
    with pytest.raises(load.ShowError, match="unknown key 'port'"):
        open_outputs([], LAMP + "port = 53\n")
    for word in ("", ":7", "a:b", "a:70000"):
        with pytest.raises(ValueError, match="write HOST or HOST:PORT"):
            open_outputs([], LAMP, dmx=(word,))


def test_lamps_follow_a_show_and_its_parameters(tmp_path: Path) -> None:
    show = tmp_path / "lamps.toml"
    show.write_text(
        """schema = 1
size_px = [64, 36]
master = { brightness = 0.8 }
[[outputs]]
kind = "null"
[[layers]]
id = "red"
generator = { kind = "flat", config = { colour = "#ff0000" } }
"""
        + LAMP
        + 'parameters = [{ address = "/master/brightness", universe = 1, channel = 9 }]\n',
        "utf-8",
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:
        desk.bind(("127.0.0.1", 0))
        desk.setblocking(False)
        words = ["--audio", "off", "--osc", "127.0.0.1:0", "--device", "cpu", "--duration", 1]
        to = f"127.0.0.1:{desk.getsockname()[1]}"
        done = latent_cinema("play", show, *words, "--dmx", to, is_patient=True)
        assert done.returncode == 0, done.stderr
        packets = []
        with suppress(BlockingIOError):
            while True:
                packets.append(decode(desk.recv(2048)))
    levels = [packet.levels for packet in packets if isinstance(packet, Packet)]
    assert len(levels) == len(packets) > 4
    assert any(each[:3] == b"\xcc\0\0" and each[8] == 204 for each in levels)
    assert not any(map(any, levels[-3:]))  # dark at the end
