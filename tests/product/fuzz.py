"""Every command with every hostile file as every argument, in forked processes of one warm one.

``python -m tests.product.fuzz [--few] [--cases FOLDER] [--every N] [COMMAND …]`` prints what broke
the rules and ends with 1 if anything did. The commands come from the parser itself: a new one is
tried, too. POSIX only.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import re
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
import weakref
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from tests.places import DATA, ROOT

CODES = (0, 1, 2, 69, 78)
CPU_S = 100  # no honest command of these sizes takes more
SILENT_S = 120  # so long with less CPU time than this: it waits for what never comes
IDLE_S = 1.0
# What keeps commands short when a file is good; what is tried takes its place.
SHORT: Mapping[str, str] = {
    "play": "--output null --duration 0.05 --osc 127.0.0.1:0 --audio off --device cpu",
    "export": "--to 0.02 --size 64x36 --fps 25 --device cpu",
    "proxy": "--to 0.04 --size 128x128 --fps 25 --device cpu",
    "plan": "--ticks 2",
    "bench": "--duration 0.05 --size 64x36",
    "shader check": "--size 64x36",
    "model sample": "--seeds 0",
    "directions": "--find random --count 2 --samples 64",
    "teach": "--more 1 --less 2",
    "invert": "--steps 1 --device cpu",
    "map": "--seeds 0-3",
    "gather": "--at 0",
    "archive nearest": "--seeds 0",
    "train": "--preset tiny --pictures 1 --minutes 0.01 --device cpu",
}
SUFFIXES = {
    "export": ".mp4", "proxy": ".mp4", "plan": ".npz", "conform": ".toml", "map": ".npz",
    "model import": ".safetensors", "model sample": ".png", "train": ".safetensors",
}  # fmt: skip
UNSAID = re.compile(r"Traceback|Errno|object at 0x|Warning|^\s+File ")
ASIDE = re.compile(r"note: |Usage: |Try '|\s*\d+%|\d+/\d+ frames|.*\bframes in \d")


class Trial(NamedTuple):
    """A command line, and what it is about."""

    command: str
    place: str
    case: Path
    words: list[str]


@dataclass(frozen=True)
class Outcome:
    """How a process ended; a negative code is a signal, -999 that it was waiting for ever."""

    code: int
    said: str
    cpu_s: float


def make_cases(folder: Path) -> Iterator[Path]:
    """Write small hostile files, and one good file of each kind."""
    texts: dict[str, str | bytes] = {
        "empty": "", "text.txt": "no such thing\n", "zeros": bytes(4096), "noise": _noise(4096),
        "deep.json": "[" * 5000, "cut.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1",
        "bad.toml": "schema = 1\n[", "number.toml": f"schema = {'9' * 5000}\n",
        "dotted.toml": "schema = 1\na" + ".a" * 9000 + " = 1\n",
        "outside.toml": 'schema = 1\nname = "x"\n[[layers]]\nid = "a"\n[layers.generator]\n'
        'kind = "cppn"\n[layers.path]\nbans = "../x.npz"\njournal = "/tmp/j.npz"\n',
        "ref.otio": '{"OTIO_SCHEMA": "Timeline.1", "a": {"$ref": "$a"}, "$id": "$a"}',
        "quotes.otio": '"' * 20_000, "bad.mlt": "<mlt><producer", "bad.edl": "TITLE: x\n001  AX",
        "bad.fs": "/*{}*/ void main( {", "latin.fs": b"/*{\"A\": \"\xe9\"}*/ void main() {}",
        "bits0.wav": _wav(48_000, bits=0), "rate1.wav": _wav(1), "good.wav": _wav(48_000),
        "list.pkl": b"\x80\x04]\x94.", "call.pkl": b"cos\nsystem\n(S'true'\ntR.",
        "half.safetensors": b"\xff\xff\xff\x7f\0\0\0\0{}", "empty.zip": b"PK\5\6" + bytes(18),
    }  # fmt: skip
    for name, text in texts.items():
        path = folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with zipfile.ZipFile(folder / "archive.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\0.")
    np.save(folder / "objects.npy", np.array([None]), allow_pickle=True)
    np.save(folder / "nan.npy", np.full((2, 8), np.nan, "f4"))
    np.save(folder / "latents.npy", np.zeros((2, 512), "f4"))
    np.savez(folder / "w.npz", w=np.zeros((1, 10, 32), "f4"))
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "nowhere").symlink_to("gone")
    (folder / "round").symlink_to("round")
    for what in ("take", "alone"):
        take = DATA / "take-snapshot-3" / "take"
        shutil.copytree(take, folder / f"{what}.take")
    (next((folder / "take.take" / "parts").glob("*.jsonl"))).write_text('{"tick": 1e999}\n')
    shutil.copytree(DATA / "edits", folder, dirs_exist_ok=True)
    yield from sorted(folder.iterdir())
    yield from (folder / "missing", folder / "ü 日本", folder / ("n" * 300))


def lay(case: Path, folder: Path) -> Path:
    """Put a copy of a case, whatever it is, into a folder: commands write to what is named."""
    place = folder / case.name
    if len(case.name) > 255:
        return place
    if case.is_symlink():
        place.symlink_to(os.readlink(case))
    elif case.is_fifo():
        os.mkfifo(place)
    elif case.is_dir():
        shutil.copytree(case, place)
    elif case.exists():
        shutil.copyfile(case, place)
    return place


def _noise(count: int) -> bytes:
    return np.random.default_rng(0).integers(0, 256, count, np.uint8).tobytes()


def _wav(rate_hz: int, bits: int = 16) -> bytes:
    data = _noise(9600)
    sizes = [16, 1, 1, rate_hz, rate_hz * 2, 2, bits]
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", *sizes)
    body = head + b"data" + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def make_good(folder: Path) -> dict[str, str]:
    """Write a good file for each name of a parameter."""
    from PIL import Image

    shutil.copytree(ROOT / "tests" / "shows", folder / "shows")
    model = folder / "net.safetensors"
    shutil.copy(ROOT / "presets" / "networks" / "earth.safetensors", model)
    (folder / "pictures").mkdir()
    for n in range(3):
        pixels = np.full((64, 64, 3), 40 * n, np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{n}.png")
    (folder / "edits").mkdir()
    shutil.copy(DATA / "edits" / "cut.otio", folder / "edits")
    good = {
        "show": "shows/tiny.toml", "source": "shows/tiny.toml", "model": model.name,
        "file": model.name, "files": "shows/plain.fs", "picture": "pictures/0.png",
        "images": "pictures/0.png", "folder": "pictures", "edit": "edits/cut.otio",
        "sidecar": "missing.npz",
    }  # fmt: skip
    return {name: str(folder / place) for name, place in good.items()}


def commands(
    command: click.Command, way: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Every command of the parser, by its words."""
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from commands(each, (*way, name))
    else:
        yield " ".join(way), command


def trials(
    cli: click.Command, cases: list[Path], good: Mapping[str, str], work: Path
) -> Iterator[Trial]:
    """Every command with every file as every argument that is a file or a text."""
    for name, command in commands(cli):
        for tried in command.params:
            is_file = isinstance(tried.type, click.Path | click.types.StringParamType)
            if not is_file and tried.type.name not in ("directory", "output"):
                continue
            for case in cases:
                place = str(work / "case" / case.name)
                words = _words(name, command, tried, place, good)
                yield Trial(name, tried.name or "", case, words)


def _words(
    name: str, command: click.Command, tried: click.Parameter, case: str, good: Mapping[str, str]
) -> list[str]:
    short = SHORT.get(name, "").split()
    options, arguments = [*short], []
    for each in command.params:
        value = case if each is tried else None
        if value is None and each.required:
            value = good.get(each.name or "", "out" + SUFFIXES.get(name, ".npz"))
        if value is None:
            continue
        if isinstance(each, click.Argument):
            arguments.append(value)
            continue
        if each.opts[0] in options:
            at = options.index(each.opts[0])
            options[at : at + 2] = []
        options += [each.opts[0], value]
    return [*name.split(), *options, *(["--", *arguments] if arguments else [])]


def run(cli: click.Command, words: list[str], folder: Path) -> Outcome:
    """Run a command line in a fork of this process."""
    with tempfile.TemporaryFile() as said:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            _become(cli, words, folder, said.fileno())
        status, used = _wait(child)
        said.seek(0)
        text = said.read(1 << 20).decode("utf-8", "replace")
    if status is None:
        return Outcome(-999, text, used)
    return Outcome(os.waitstatus_to_exitcode(status), text, used)


def _become(cli: click.Command, words: list[str], folder: Path, said: int) -> None:
    """Run the command, in the child; it never comes back."""
    code = 1
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]  # the parent's folders
    try:
        os.setsid()
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(os.open(folder / ".out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(said, 2)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        cli.main(words, prog_name="latent-cinema")
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 - its traceback is what is looked for
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code & 255)


def _wait(child: int) -> tuple[int | None, float]:
    """Wait for a child; None: it does nothing any more. Also its CPU time.

    Whoever waits for what never comes still has threads that look around now and then.
    """
    last, since = 0.0, time.monotonic()
    look, pause_s = since, min(IDLE_S, SILENT_S) / 2  # to look at every process costs milliseconds
    while True:
        ended, status, used = os.wait4(child, os.WNOHANG)
        if ended:
            with contextlib.suppress(OSError):
                os.killpg(child, signal.SIGKILL)  # what it left behind
            return status, used.ru_utime + used.ru_stime
        time.sleep(0.005)
        if (now := time.monotonic()) < look:
            continue
        look, spent = now + pause_s, _spent(child)
        if abs(spent - last) > IDLE_S:
            last, since = spent, now
        elif now - since > SILENT_S:
            os.killpg(child, signal.SIGKILL)
            os.wait4(child, 0)
            return None, 0.0


def _spent(group: int) -> float:
    """CPU seconds of the processes of a group."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def wrong(outcome: Outcome) -> str:
    """What an outcome breaks of the rules, or nothing."""
    if outcome.code not in CODES:
        return f"ended with {outcome.code}"
    lines = [line for line in outcome.said.splitlines() if line.strip()]
    if UNSAID.search(outcome.said):
        return "says what is for programmers"
    said = [line for line in lines if not ASIDE.match(line)]
    final = [line for line in said if line.startswith(("latent-cinema: ", "Error: "))]
    if len(final) > 1 or (outcome.code in (2, 69, 78) and len(final) != 1):
        return f"{len(final)} sentences"
    if any(len(line) > 1200 for line in final):
        return "a sentence without end"
    return ""


def warm_up() -> None:
    """Import everything once, so that a fork has it."""
    import engine

    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        with warnings.catch_warnings(), contextlib.suppress(Exception):
            warnings.simplefilter("ignore")
            importlib.import_module(module.name)


def main() -> int:
    """Try all, or a part; print what is wrong as JSON lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--few", action="store_true", help="a part that CI can afford")
    parser.add_argument("--every", type=int, default=1, help="each so many-th trial only")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=Path, nargs="*", default=[], help="folders of more files")
    parser.add_argument("commands", nargs="*")
    given = parser.parse_args()
    warm_up()
    from engine.app.cli.main import cli

    codes: Counter[int] = Counter()
    bad = 0
    with tempfile.TemporaryDirectory() as base:
        made, good_at, work = (Path(base) / name for name in ("cases", "good", "work"))
        for folder in (made, good_at):
            folder.mkdir()
        cases = list(make_cases(made))
        for folder in given.cases:
            cases += sorted(path for path in folder.rglob("*") if path.is_file())
        good = make_good(good_at)
        os.environ["XDG_CACHE_HOME"] = str(Path(base) / "cache")
        for number, trial in enumerate(trials(cli, cases, good, work)):
            # One more than a place has trials: every place gets another case.
            every, first = (len(cases) + 1, 0) if given.few else (given.every, given.first)
            if number % every != first:
                continue
            if given.commands and trial.command not in given.commands:
                continue
            shutil.rmtree(work, ignore_errors=True)
            (work / "case").mkdir(parents=True)
            lay(trial.case, work / "case")
            outcome = run(cli, trial.words, work)
            codes[outcome.code] += 1
            if why := wrong(outcome):
                bad += 1
                told = outcome.said[-600:].replace(base, "")
                words = " ".join(trial.words).replace(base, "")
                about = {"words": words, "why": why, "code": outcome.code, "said": told}
                print(json.dumps(about), flush=True)
            if outcome.cpu_s > 20:
                print(json.dumps({"slow": trial.words, "cpu_s": outcome.cpu_s}))
    told = ", ".join(f"{count} of code {code}" for code, count in sorted(codes.items()))
    print(f"{codes.total()} trials ({told}), {bad} wrong", file=sys.stderr)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
