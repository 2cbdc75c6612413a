"""The command line: what it promises to scripts."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from engine import __version__
from engine.app.cli.errors import INTERRUPTED
from engine.app.cli.main import cli
from engine.compositor.isf.check import blank
from engine.core.audio.channels import ChannelChoice
from engine.documents.show import load
from engine.play import plan_file
from engine.play.film import plan as planfile
from engine.play.film.playback import open_playback
from engine.play.soundtrack import channel_choice
from engine.system.atomic import check_writable, write_json
from engine.system.spawn import environment
from tests.performing import (
    click_wav,
    descendants,
    is_alive,
    lamp,
    latent_cinema,
    read_plan,
    same_rows,
    succeed,
    until,
)  # fmt: skip
from tests.places import SHOWS

HEAVY = {"torch", "numpy", "moderngl", "glfw", "av", "sounddevice", "msgspec"}


def test_the_version_loads_next_to_nothing() -> None:
    script = (
        "import sys\n"
        "from engine.app.cli.main import main\n"
        "sys.argv = ['latent-cinema', '--version']\n"
        "try:\n    main()\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.strip().endswith(__version__)
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert "click" in loaded
    assert not loaded & HEAVY


def commands() -> list[list[str]]:
    """Every command, with those in groups."""
    found = []
    for name, command in cli.commands.items():
        inner = getattr(command, "commands", None)
        found += [[name, each] for each in inner] if inner else [[name]]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself(words: list[str]) -> None:
    done = CliRunner().invoke(cli, [*words, "--help"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 4


@pytest.mark.parametrize("words", [["dance"], ["play", "--loud"], ["export"], ["plan", "x"]])
def test_a_word_that_is_none_is_a_usage_error(words: list[str]) -> None:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2
    assert done.stdout == ""


def document(*words: object, codes: tuple[int, ...] = (0,)) -> object:
    """Run a command with --json: one document on stdout, and nothing else."""
    done = latent_cinema(*words, "--json")
    assert done.returncode in codes, done.stderr
    return json.loads(done.stdout)  # refuses anything before or after the document


def test_shader_check_reports_every_file(tmp_path: Path) -> None:
    (tmp_path / "bad.fs").write_text("/*{}*/\nvoid main() {\n gl_FragColor = oops;\n}\n")
    files = [SHOWS / "tint.fs", SHOWS / "plain.fs", tmp_path / "bad.fs", tmp_path / "none.fs"]
    out = tmp_path / "pictures"
    found = document("shader", "check", *files, "--size", "64x36", "--out", out, codes=(1,))
    assert isinstance(found, list)
    assert all(entry.keys() == blank("").keys() for entry in found)
    assert [entry["file"] for entry in found] == list(map(str, files))
    assert [entry["drew"] for entry in found] == [True, True, False, False]
    assert [entry["flat"] for entry in found] == [False, True, False, False]
    assert found[0]["kind"] == "filter"
    assert found[0]["inputs"][1] == {"name": "gain", "type": "float"}
    assert "bad.fs:3: " in found[2]["error"]
    assert "No such file" in found[3]["error"]
    assert sorted(path.name for path in out.iterdir()) == ["plain.png", "tint.png"]


def test_shader_check_says_what_is_odd_about_each_as_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "deaf.fs").write_text(
        '/*{"INPUTS": [{"NAME": "audio", "TYPE": "audio"}]}*/\nvoid main() { gl_FragColor = '
        "vec4(sqrt(-1.0 - isf_FragNormCoord.x)); }\n"
    )
    files = [tmp_path, SHOWS / "plain.fs", tmp_path / "none.fs"]  # of a folder all in it
    done = latent_cinema("shader", "check", *files, "--size", "64x36")
    lines = done.stdout.splitlines()
    assert [line[:4] for line in lines] == ["ok  ", "ok  ", "FAIL"]
    assert lines[0].endswith("; nan; unused: audio")
    assert lines[1].endswith("; flat")
    assert done.returncode == 1


@pytest.mark.skipif(sys.platform != "linux", reason="finds the child by /proc")
def test_shader_check_ends_at_once_also_while_a_driver_compiles(tmp_path: Path) -> None:
    rows = "".join(f"a = sin(a * {n}.5) + cos(a + {n}.25);\n" for n in range(20_000))
    (tmp_path / "long.fs").write_text(
        f'/*{{"ISFVSN": "2"}}*/\nvoid main() {{ float a = isf_FragNormCoord.x;\n{rows}'
        "gl_FragColor = vec4(a); }"
    )
    words = ["-m", "engine.app.cli.main", "shader", "check"]
    command = [sys.executable, *words, SHOWS / "plain.fs", tmp_path / "long.fs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as main:
        assert main.stdout is not None
        assert "plain.fs" in main.stdout.readline()  # the long one is begun at once after it
        children = until(lambda: descendants(main.pid), "the child that compiles")
        main.terminate()
        assert main.wait() == INTERRUPTED
        until(lambda: not any(map(is_alive, children)), "the end of the child")


def test_show_lint_fails_where_something_is_wrong(tmp_path: Path) -> None:
    show = tmp_path / "mine.toml"
    route = '[[routes]]\nsignal = "audio/low"\ntarget = "/master/brightness"\ndepth = {}\n'
    for depth, code, words in (
        (-0.5, 0, "nothing is dead"),
        (0.0, 1, "WRONG"),
    ):
        show.write_text("schema = 1\n" + route.format(depth))
        done = CliRunner().invoke(cli, ["show", "lint", str(show)])
        assert (done.exit_code, done.stdout.startswith(words)) == (code, True), done.output
    (found,) = json.loads(CliRunner().invoke(cli, ["show", "lint", str(show), "--json"]).stdout)
    assert (found["kind"], found["is_wrong"], found["where"]) == ("dead", True, "routes[0]")
    assert CliRunner().invoke(cli, ["show", "lint", str(tmp_path / "none.toml")]).exit_code == 78


def test_shader_check_is_content_with_shipped_ones(root: Path) -> None:
    shipped = sorted((root / "shaders").glob("*.fs"))[::12]
    found = document("shader", "check", *shipped, "--size", "64x36")
    assert isinstance(found, list)
    assert len(found) == len(shipped) > 5
    assert not any(entry["nan"] for entry in found)


def test_the_sounds_channel_and_gain_come_from_show_or_command(tmp_path: Path) -> None:
    table = load.load(str(SHOWS / "tiny.toml")).table
    assert channel_choice(table, None, None) == ChannelChoice()
    assert channel_choice(table, 2, -6.0) == ChannelChoice(2, -6.0)
    text = (SHOWS / "tiny.toml").read_text()
    own = '[[sources]]\nkind = "audio"\nconfig = { channel = 3, gain_db = 12.0 }\n'
    show = tmp_path / "own.toml"
    show.write_text(text + own)
    for file in SHOWS.glob("*.fs"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    table = load.load(str(show)).table
    assert channel_choice(table, None, None) == ChannelChoice(3, 12.0)
    assert channel_choice(table, 0, None) == ChannelChoice(0, 12.0)


def test_audio_analyse_finds_the_click(tmp_path: Path) -> None:
    wav = click_wav(tmp_path / "click.wav", 30_000, 96_000)
    found = document("audio", "analyse", wav)
    assert isinstance(found, dict)
    assert found["rate_hz"] == 48_000
    assert found["duration_s"] == 2.0
    lengths = {len(row) for row in found["features"].values()}
    assert len(lengths) == 1
    assert {"level", "low", "mid", "high", "onset", "kick"} <= found["features"].keys()
    # Causal: never before the click, and soon after it.
    assert len(found["onsets_s"]) == 1
    assert 30_000 / 48_000 <= found["onsets_s"][0] <= 30_000 / 48_000 + 0.03


@pytest.mark.parametrize(("words", "codes"), [(["devices"], (0,)), (["doctor"], (0, 1))])
def test_what_is_here_is_one_document(words: list[str], codes: tuple[int, ...]) -> None:
    assert document(*words, codes=codes)


def test_every_address_of_a_show_is_listed() -> None:
    show = SHOWS / "tiny.toml"
    listed = {each["address"]: each for each in json.loads(succeed("addresses", show, "--json"))}
    assert {*load.load(str(show)).show.registry.index} <= {
        name for each in listed.values() for name in (each["address"], *each.get("aliases", ()))
    }
    assert listed["/feedback/all"]["type"] == "trigger"
    first, *lines = succeed("addresses", show).splitlines()
    assert first.split() == ["address", "type", "range", "default", "meaning"]
    layouts = [name for each in listed.values() for name in each.get("layouts", ())]
    assert "/composition/master" in layouts
    assert [line.split()[0] for line in lines[: len(listed)]] == list(listed)
    assert {line.split()[0] for line in lines[len(listed) :]} == set(layouts)
    (line,) = [line for line in lines if line.startswith("/master/speed ")]
    assert " ".join(line.split()) == "/master/speed float -4 to 4 1 Factor on every motion."


def test_bench_reports_every_stage() -> None:
    found = document("bench", "--show", SHOWS / "wash.toml", "--size", "64x36", "--duration", "0.5")
    assert isinstance(found, dict)
    assert {"control", "compose", "output"} <= found["stages_cpu_ms"].keys()
    assert found["size_px"] == [64, 36]


def test_bench_of_a_picture_that_never_came_fails(tmp_path: Path) -> None:
    text = (SHOWS / "lamp.toml").read_text("utf-8")
    (tmp_path / "lamp.toml").write_text(text.replace("delay_s = 0.0", 'breaks = "build"'))
    (tmp_path / "tint.fs").write_text((SHOWS / "tint.fs").read_text("utf-8"))
    words = ["bench", "--show", tmp_path / "lamp.toml", "--size", "64x36", "--duration", "0.3"]
    done = latent_cinema(*words, "--json", env=lamp(tmp_path), is_patient=True)
    assert done.returncode == 1
    assert json.loads(done.stdout)["generators"]["lamp"]["frames"] == 0
    last = done.stderr.splitlines()[-1]
    assert last.startswith("latent-cinema: no generator drew a frame (layer lamp: ")
    assert "weights.safetensors: not found" in last


def test_a_plan_has_a_row_for_every_tick_or_frame(tmp_path: Path) -> None:
    out = tmp_path / "plan.npz"
    succeed("plan", SHOWS / "tiny.toml", "--ticks", 12, "--out", out)
    plan = read_plan(out)
    assert plan["tick"].tolist() == list(range(12))
    assert plan["/layer/form/generator/z"].shape[0] == 12
    assert all(len(rows) == 12 for rows in plan.values())
    stretch = ["--fps", "24", "--frames", "5", "--from", "0:01", "--out", str(out)]
    done = CliRunner().invoke(cli, ["plan", str(SHOWS / "tiny.toml"), *stretch])
    assert done.exit_code == 0, done.stderr
    plan = read_plan(out)
    assert plan["seconds"].tolist() == [1 + n / 24 for n in range(5)]
    assert plan["tick"].tolist() == [120, 125, 130, 135, 140]


@pytest.mark.parametrize("rows", [1, 15, 16, 33])
def test_blocks_of_rows_come_back_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    playback = open_playback(str(SHOWS / "tiny.toml"))
    planfile.write_plan(playback, tmp_path / "whole.npz", ticks=rows)
    monkeypatch.setattr(plan_file, "BLOCK_ROWS", 16)
    assert planfile.write_plan(playback, tmp_path / "blocks.npz", ticks=rows) == rows
    whole, blocks = read_plan(tmp_path / "whole.npz"), read_plan(tmp_path / "blocks.npz")
    same_rows(whole, blocks, rows)
    assert {a: (v.dtype, v.shape) for a, v in whole.items()} == {
        a: (v.dtype, v.shape) for a, v in blocks.items()
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["blocks.npz", "whole.npz"]


def fill_up(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the disk take so many blocks of 16 rows."""
    made = plan_file.tempfile.TemporaryFile

    class Filling:
        def __init__(self, **given: object) -> None:
            self.file, self.left = made(**given), after

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

        def write(self, data: bytes) -> int:
            self.left -= 1
            if self.left < 0:
                raise OSError(28, "No space left on device")
            return self.file.write(data)

    monkeypatch.setattr(plan_file, "tempfile", SimpleNamespace(TemporaryFile=Filling))
    monkeypatch.setattr(plan_file, "BLOCK_ROWS", 16)


def test_a_full_disk_ends_the_plan_file_and_never_the_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_up(monkeypatch, 2)
    line = open_playback(str(SHOWS / "tiny.toml")).line_at(Fraction(0))
    writer = plan_file.PlanWriter(tmp_path / "p.npz", line.show)
    line.on_tick = writer.tick
    for tick in range(100):
        line.tick(tick, ())
    writer.end()
    assert "p.npz: the plan file ends early (No space left on device); free some" in writer.error
    writer.close()
    assert read_plan(tmp_path / "p.npz")["tick"].tolist() == list(range(32))


def test_a_plan_that_does_not_fit_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    playback = open_playback(str(SHOWS / "tiny.toml"))
    with pytest.raises(ValueError, match="at most 4000000"):
        planfile.write_plan(playback, tmp_path / "p.npz", ticks=4_000_001)
    with pytest.raises(ValueError, match="has no end"):
        planfile.write_plan(playback, tmp_path / "p.npz", fps=Fraction(24), ticks=5)
    fill_up(monkeypatch, 2)
    with pytest.raises(OSError, match=r"p\.npz: the plan file ends early"):
        planfile.write_plan(playback, tmp_path / "p.npz", ticks=40)
    assert not list(tmp_path.iterdir())


def test_a_slow_disk_holds_up_no_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_file, "QUEUE_ROWS", 8)
    monkeypatch.setattr(plan_file, "BLOCK_ROWS", 1)
    stuck = threading.Event()
    save = plan_file.PlanWriter._save
    monkeypatch.setattr(
        plan_file.PlanWriter, "_save", lambda self, block: (stuck.wait(), save(self, block))
    )
    line = open_playback(str(SHOWS / "tiny.toml")).line_at(Fraction(0))
    writer = plan_file.PlanWriter(tmp_path / "p.npz", line.show)
    line.on_tick = writer.tick
    for tick in range(50):
        line.tick(tick, ())
    assert "the disk is too slow" in writer.error
    stuck.set()
    writer.close()
    kept = read_plan(tmp_path / "p.npz")["tick"].tolist()
    assert kept == list(range(len(kept)))
    assert len(kept) in (8, 9)  # all that was in the queue, and the row in the thread's hands


def test_a_seed_changes_the_walk_and_nothing_else(tmp_path: Path) -> None:
    plans = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.npz"
        words = [
            "plan",
            str(SHOWS / "tiny.toml"),
            "--ticks",
            "4",
            "--seed",
            seed,
            "--out",
            str(out),
        ]
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.stderr
        plans.append(read_plan(out))
    differing = {a for a in plans[0] if plans[0][a].tobytes() != plans[1][a].tobytes()}
    assert "/layer/form/generator/z" in differing
    assert all("/generator/" in address for address in differing)


def test_a_place_that_cannot_be_written_is_named_before_anything_begins(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    for name in ("new.json", "old.json"):
        check_writable(tmp_path / name)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"old.json": "old"}
    with pytest.raises(FileNotFoundError, match=r"no/s\.json: there is no folder .*no; make it"):
        check_writable(tmp_path / "no" / "s.json")
    with pytest.raises(FileNotFoundError, match=r"old\.json/s\.json: there is no folder"):
        check_writable(tmp_path / "old.json" / "s.json")
    for path in (tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(PermissionError, match=r"cannot be written .*; choose another place"):
            check_writable(path)


def test_figures_that_cannot_be_written_name_the_file_that_was_asked_for(tmp_path: Path) -> None:
    write_json(tmp_path / "s.json", {"a": 1})
    assert json.loads((tmp_path / "s.json").read_text()) == {"a": 1}
    with pytest.raises(FileNotFoundError, match=r"no/s\.json: cannot be written \("):
        write_json(tmp_path / "no" / "s.json", {})
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"folder: cannot be written \("):
        write_json(tmp_path / "folder", {})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "s.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="devices of POSIX")
def test_no_file_takes_the_place_of_a_device() -> None:
    for path in (Path("/dev/null"), Path("/dev/stdout")):
        check_writable(path)
    write_json(Path("/dev/null"), {})
    assert Path("/dev/null").is_char_device()
