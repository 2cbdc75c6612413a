"""What is wrong is said in one clear sentence, with its exit code, and never as a traceback."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.app.cli.main import cli
from engine.core.frame.advance import advance
from engine.core.show.state import first_state
from engine.documents.show.load import load
from engine.documents.take.recorder import Recorder
from tests.performing import latent_cinema
from tests.places import SHOWS

USAGE, NO_DEVICE, BAD_SHOW = 2, 69, 78
WASH = SHOWS / "wash.toml"


def refuse(code: int, *words: object, said: str) -> str:
    """Run a command that must be refused, in this process; return its last line."""
    done = CliRunner().invoke(cli, list(map(str, words)), prog_name="latent-cinema")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return judge(code, done.exit_code, done.stdout, done.stderr, said)


def refuse_process(code: int, *words: object, said: str, env: dict[str, str] | None = None) -> str:
    """The same in a process of its own, where a traceback would be seen."""
    done = latent_cinema(*words, env=env)
    return judge(code, done.returncode, done.stdout, done.stderr, said)


def judge(code: int, found: int, out: str, err: str, said: str) -> str:
    assert found == code, err
    assert "Traceback" not in err
    assert out == ""
    line = err.splitlines()[-1]  # click says how to call the command before that
    assert said in line, err
    assert line.startswith(("latent-cinema: ", "Error: "))
    return line


def play(*words: object) -> tuple[object, ...]:
    return ("play", *words, "--output", "null", "--osc", "127.0.0.1:0", "--duration", "0.1")


SHOW_TEXT = 'schema = 1\n[[layers]]\nid = "a"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(b"\xff\xfe\x00", "UTF-8", id="no text"),
        pytest.param(b"schema = ", "not valid TOML", id="no TOML"),
        pytest.param(b"a = " + b"[" * 5000, "show.toml: ", id="nested"),
        pytest.param(b"", "schema = 1", id="empty"),
        pytest.param(b"schema = 2", "schema", id="of another version"),
        pytest.param(b"schema = 1\nsiz = 3", "'siz'", id="unknown key"),
        pytest.param(f"{SHOW_TEXT}blend = 'plaid'".encode(), "screen", id="unknown word"),
        pytest.param(f"{SHOW_TEXT}opacity = nan".encode(), "opacity", id="not a number"),
        pytest.param(f"{SHOW_TEXT}opacity = 2.0".encode(), "0 to 1", id="out of range"),
        pytest.param(
            f"{SHOW_TEXT}[layers.source]\nshader = 'none'".encode(), "no shader", id="shader"
        ),
        pytest.param(
            f"{SHOW_TEXT}[layers.source]\nshader = '../a'".encode(), "name", id="shader outside"
        ),
        pytest.param(
            f"{SHOW_TEXT}[layers.generator]\nkind = 'os'".encode(), "cppn", id="generator"
        ),
        pytest.param(b"schema = 1\nsize_px = [99999, 9]", "16 to 16384", id="size"),
        pytest.param(b"schema = 1\ncontrol_hz = 0", "control_hz", id="control rate"),
        pytest.param(b"schema = 1\n[output]\nfps = 'fast'", "fast", id="frame rate"),
    ],
)
def test_a_bad_show(tmp_path: Path, text: bytes, said: str) -> None:
    path = tmp_path / "show.toml"
    path.write_bytes(text)
    line = refuse(BAD_SHOW, "plan", path, "--ticks", 1, "--out", tmp_path / "o.npz", said=said)
    assert "show.toml" in line


def test_a_show_that_is_not_there(tmp_path: Path) -> None:
    refuse(BAD_SHOW, *play(tmp_path / "none.toml"), said="none.toml: there is no such show")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("/*{}*/\nvoid main() {\n gl_FragColor = vec3(1);\n}", "own.fs:3: ", id="GLSL"),
        pytest.param("/*{ oops }*/\nvoid main() {}", "own.fs", id="header"),
        pytest.param("void main() {}", "own.fs", id="no header"),
    ],
)  # fmt: skip
def test_a_broken_shader_at_the_start(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "own.fs").write_text(text)
    show = tmp_path / "show.toml"
    show.write_text(f'{SHOW_TEXT}[layers.source]\nshader = "own"\n')
    refuse_process(BAD_SHOW, *play(show), said=said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--size", "wide"), "1920x1080"),
        (("--size", "8x8"), "16 to 16384"),
        (("--fps", "fast"), "hertz"),
        (("--fps", "0"), "hertz"),
        (("--duration", "-1"), "H:MM:SS"),
        (("--duration", "0"), "longer than 0"),
        (("--seed", "-1"), "seed"),
        (("--osc", "here"), "HOST:PORT"),
        (("--osc", "127.0.0.1:70000"), "65535"),
        (("--audio", "none.wav"), "none.wav: no such sound file"),
        (("--plan", "plan.txt"), ".npz"),
        (("--plan", "/no/such/folder/plan.npz"), "/no/such/folder"),
        (("--output", "wall"), "window"),
        (("--device", "abacus"), "auto"),
    ],
    ids=lambda value: "=".join(value) if isinstance(value, tuple) else "",
)
def test_a_bad_option(words: tuple[str, ...], said: str) -> None:
    refuse(USAGE, *play(WASH), *words, said=said)


def test_an_address_of_no_network_here() -> None:
    refuse_process(NO_DEVICE, *play(WASH), "--osc", "192.0.2.1:9000", said="no such address")


def test_no_display_says_what_to_do_instead() -> None:
    if sys.platform in ("win32", "darwin"):
        pytest.skip("there is always a display")
    hidden = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "XDG_SESSION_TYPE": ""}
    line = refuse_process(NO_DEVICE, "play", WASH, said="display", env=hidden)
    assert "export" in line
    assert "--output null" in line


@pytest.mark.parametrize("data", [b"", b"RIFF\x00\x00\x00\x00WAVE", b"\x00" * 5000, b"<html>" * 99])
def test_a_sound_that_is_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(data)
    refuse(USAGE, *play(WASH), "--audio", path, said="song.wav: ")


@pytest.mark.parametrize(
    ("out", "words", "said"),
    [
        ("film.mp4", ("--size", "161x90"), "even"),
        ("film.avi", (), ".mp4"),
        ("none/film.mp4", (), "none"),
        ("film.png", (), "%05d"),
        ("film.mp4", ("--from", "9"), "nothing to render"),
        ("film.mp4", ("--preset", "warp"), "medium"),
        ("film.mp4", ("--hashes", "/no/such/folder/h.txt"), "/no/such/folder"),
    ],
)  # fmt: skip
def test_a_film_that_cannot_be(tmp_path: Path, out: str, words: tuple[str, ...], said: str) -> None:
    refuse(USAGE, "export", WASH, tmp_path / out, "--to", "0.2", *words, said=said)
    assert not list(tmp_path.glob("film*"))


def test_a_show_without_end() -> None:
    refuse(USAGE, "export", WASH, "film.mp4", said="--duration")
    refuse(USAGE, "plan", WASH, "--out", "plan.npz", said="--ticks")


@pytest.fixture(scope="module")
def good_take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take of some ticks, without any process."""
    folder = tmp_path_factory.mktemp("good") / "take"
    loaded = load(str(WASH))
    recorder = Recorder(folder, loaded.show, loaded.text, header={"fps": "60"})
    state = first_state(loaded.show)
    for tick in range(60):
        before, state = state, advance(loaded.show, state, tick)
        recorder.tick(loaded.show, before, (), state)
    recorder.close()
    return folder


def header(take: Path, old: str, new: str) -> None:
    path = take / "take.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def first_line(take: Path, change: object) -> None:
    """Change the snapshot that a part begins with."""
    (part,) = (take / "parts").iterdir()
    first, *rest = part.read_text().splitlines()
    row = json.loads(first)
    row.update(change)  # type: ignore[call-overload]
    part.write_text("\n".join([json.dumps(row), *rest]))


def drop_blobs(take: Path) -> None:
    shutil.rmtree(take / "blobs")


def alter_blobs(take: Path) -> None:
    for path in (take / "blobs").iterdir():
        path.write_bytes(path.read_bytes() + b" ")


def damage_part(take: Path) -> None:
    (part,) = (take / "parts").iterdir()
    lines = part.read_text().splitlines()
    lines.insert(1, '[1, "/x", {')
    part.write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(drop_blobs, "lacks sha256:", id="missing blob"),
        pytest.param(alter_blobs, "altered", id="altered blob"),
        pytest.param(damage_part, ".jsonl:2: ", id="damaged part"),
        pytest.param(lambda t: shutil.rmtree(t / "parts"), "no parts", id="no parts"),
        pytest.param(lambda t: (t / "take.toml").unlink(), "take.toml", id="no header"),
        pytest.param(lambda t: header(t, "schema = 1", "schema = 9"), "schema", id="schema"),
        pytest.param(lambda t: header(t, 'fps = "60"', 'fps = "1/0"'), "rate", id="fps"),
        pytest.param(lambda t: header(t, 'fps = "60"', 'seed = "x"'), "seed", id="seed"),
        pytest.param(lambda t: header(t, 'fps = "60"', "size_px = 5"), "take.toml", id="size"),
        pytest.param(
            lambda t: header(t, 'fps = "60"', 'sound = { rate_hz = "48000", channels = 2 }'),
            "rate_hz", id="sound",
        ),
        pytest.param(lambda t: first_line(t, {"state": 3}), ".jsonl:1: ", id="no state"),
        pytest.param(lambda t: first_line(t, {"state": {"tick": "x"}}), ".jsonl:1: ", id="state"),
        pytest.param(lambda t: first_line(t, {"show": "../../x"}), "content hash", id="show name"),
    ],
)  # fmt: skip
def test_a_damaged_take(tmp_path: Path, good_take: Path, damage: object, said: str) -> None:
    take = tmp_path / "take"
    shutil.copytree(good_take, take)
    damage(take)  # type: ignore[operator]
    refuse(BAD_SHOW, "plan", take, "--out", tmp_path / "plan.npz", said=said)


def test_a_take_cut_off_by_a_crash_plays_up_to_there(tmp_path: Path, good_take: Path) -> None:
    take = tmp_path / "take"
    shutil.copytree(good_take, take)
    (part,) = (take / "parts").iterdir()
    part.write_bytes(part.read_bytes()[:-8])
    done = latent_cinema("plan", take, "--out", tmp_path / "plan.npz")
    assert done.returncode == 0, done.stderr
    assert f"{part.name}, is cut off, and it ends at" in done.stderr


def test_a_take_is_not_recorded_over(good_take: Path) -> None:
    refuse(USAGE, *play(WASH), "--take", good_take, said="choose another folder")


def test_a_take_brings_its_own_sound(good_take: Path) -> None:
    refuse(USAGE, "plan", good_take, "--audio", "x.wav", "--out", "o.npz", said="its own sound")
