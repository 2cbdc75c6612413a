"""The set-up commands: which torch they take and why, and that pip really takes it."""

from __future__ import annotations

import ast
import base64
import hashlib
import http.server
import os
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from engine.app import bootstrap
from engine.app.setup import environment, installation, system_packages, torch_build
from engine.app.setup.installation import Options
from engine.app.setup.torch_build import (
    CPU_INDEX,
    Choice,
    Facts,
    choose_torch,
    is_recent,
    needs_gpu,
)

CPU_SET = ("torch", "filelock", "sympy")
CUDA_SET = ("torch", "filelock", "nvidia-cublas", "triton")
URL = "https://example.org/simple"


def never() -> tuple[str, ...]:
    raise AssertionError("the sources were asked although the answer cannot matter")


@pytest.mark.parametrize(
    ("facts", "arguments", "word"),
    [
        (Facts("Linux", installed="2.13.0+cpu"), (), "stays"),
        (Facts("Linux", installed="2.13.0", has_nvidia=True), (), "stays"),
        (Facts("Linux", installed="2.13.0+cpu", kind="cpu"), (), "stays"),
        (Facts("Linux", installed="2.13.0+cu130", kind="cuda"), (), "stays"),
        (Facts("Linux", index=URL), ("--index-url", URL, "torch>=2.10"), "as you asked"),
        (
            Facts("Linux", installed="2.13.0", index=URL),
            ("--force-reinstall", "--index-url", URL, "torch>=2.10"),
            "as you asked",
        ),
        (Facts("Linux", has_nvidia=True), ("torch>=2.10",), "NVIDIA driver"),
        (Facts("Linux", kind="cuda"), ("torch>=2.10",), "as you asked"),
        (
            Facts("Linux", installed="2.13.0+cpu", kind="cuda"),
            ("--force-reinstall", "torch>=2.10"),
            "as you asked",
        ),
        (
            Facts("Windows", has_nvidia=True),
            ("--index-url", torch_build.WINDOWS_CUDA_INDEX, "torch>=2.10"),
            "CUDA",
        ),
        (Facts("Darwin"), ("torch>=2.10",), "macOS"),
    ],
)
def test_the_choice_that_needs_no_question(
    facts: Facts, arguments: tuple[str, ...], word: str
) -> None:
    choice = choose_torch(facts, never)
    assert choice.arguments == arguments
    assert word in choice.reason
    assert "\n" not in choice.reason


@pytest.mark.parametrize("names", [CUDA_SET, None])
def test_without_a_gpu_cuda_is_not_downloaded(names: tuple[str, ...] | None) -> None:
    choice = choose_torch(Facts("Linux"), lambda: names)
    assert choice.arguments == ("--index-url", CPU_INDEX, "torch>=2.10")
    assert CPU_INDEX in choice.reason


def test_without_a_gpu_configured_sources_come_before_the_index() -> None:
    choice = choose_torch(Facts("Linux"), lambda: CPU_SET)
    assert choice.arguments == ("torch>=2.10",)
    assert "own sources" in choice.reason


def test_an_old_torch_is_replaced() -> None:
    choice = choose_torch(Facts("Linux", installed="2.4.1"), lambda: CPU_SET)
    assert choice.arguments == ("--force-reinstall", "torch>=2.10")


def test_cpu_on_request_although_there_is_a_gpu() -> None:
    choice = choose_torch(Facts("Linux", has_nvidia=True, kind="cpu"), lambda: CUDA_SET)
    assert choice.arguments == ("--index-url", CPU_INDEX, "torch>=2.10")


def test_an_index_of_ones_own_is_not_held_to_our_tested_version() -> None:
    assert not choose_torch(Facts("Linux", index=URL), never).is_tested
    assert choose_torch(Facts("Linux"), lambda: CPU_SET).is_tested


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2.10.0", True), ("2.9.1", False), ("3.0", True), ("2.13.0+cpu", True), (None, False),
     ("2.14.0a0+git1", True), ("nonsense", False)],
)  # fmt: skip
def test_recent_versions(version: str | None, expected: bool) -> None:
    assert is_recent(version) is expected


@pytest.mark.parametrize("name", ["nvidia-cublas", "NVIDIA_cudnn_cu13", "triton", "cuda-toolkit"])
def test_gpu_packages_are_known(name: str) -> None:
    assert needs_gpu(["torch", name])
    assert not needs_gpu(CPU_SET)


def test_our_options_are_taken_and_the_rest_is_passed_on() -> None:
    options = installation.parse(
        ["play", "a.toml", "--torch", "cpu", "--fps", "50", "--torch-index=http://x/", "--", "-q"]
    )
    assert options == Options("play", ("a.toml", "--fps", "50", "--", "-q"), "cpu", "http://x/")
    assert installation.parse(["test"], "http://env/").index == "http://env/"
    assert installation.parse(["test", "--torch-index", URL], "http://env/").index == URL
    assert installation.parse(["test", "--quick"]) == Options("test", is_quick=True)
    assert installation.parse(["play", "--quick"]).rest == ("--quick",)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["play", "--torch", "rocm"],
        ["play", "--torch-index"],
        ["test", "--torch"],
        ["test", "--quick", "-x"],
    ],
)
def test_a_bad_line_is_refused_with_a_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert installation.main(arguments) == 2
    assert capsys.readouterr().err.startswith("bootstrap: ")


@pytest.mark.parametrize("file", ["__init__.py", "app/__init__.py", "app/bootstrap.py"])
def test_an_old_python_can_read_the_entry(root: Path, file: str) -> None:
    text = (root / "engine" / file).read_text("utf-8")
    assert ast.parse(text, feature_version=(3, 7))


def test_an_old_python_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert bootstrap.main(["play"]) == 1
    assert "needs Python 3.11 or newer and this is Python 3.9" in capsys.readouterr().out


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout in place of ours."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "constraints.txt").write_text("torch==2.13.0\nnumpy==2.4.6\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Every step of the set-up, noted instead of done."""
    done: list[tuple[object, ...]] = []

    def note(*step: object, answer: object = True) -> object:
        done.append(step)
        return answer

    monkeypatch.setattr(system_packages, "install", lambda names: note("system"))
    monkeypatch.setattr(environment, "make", lambda root: note("venv"))
    monkeypatch.setattr(
        environment,
        "install_torch",
        lambda root, kind, index: note("torch", kind, index, answer=Choice((), "kept")),
    )
    monkeypatch.setattr(environment, "has_nvidia", lambda: False)
    monkeypatch.setattr(
        environment, "install_project", lambda root, extras: note("project", *extras)
    )
    return done


@pytest.mark.parametrize("has_venv", [False, True])
def test_a_folder_of_somebody_else_is_said_before_anything_is_made(
    checkout: Path, steps: list[tuple[object, ...]], has_venv: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Case field/16: a clone of root's ended in 'Permission denied' of .venv."""
    if not has_venv:
        (checkout / ".venv").rmdir()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not installation.set_up(Options("play"))
    assert steps == []
    said = capsys.readouterr().err
    assert said.startswith("bootstrap: this user may not write in ")
    assert "git clone" in said
    assert "pip install" in said


def test_a_second_run_does_nothing(checkout: Path, steps: list[tuple[object, ...]]) -> None:
    assert installation.set_up(Options("play"))
    assert ("project",) in steps
    steps.clear()
    assert installation.set_up(Options("play", ("other.toml",)))
    assert steps == []


def test_playing_needs_no_development_tools(
    checkout: Path, steps: list[tuple[object, ...]]
) -> None:
    installation.set_up(Options("play"))
    assert steps[-1] == ("project",)
    installation.set_up(Options("test"))
    assert steps[-1] == ("project", "dev")
    steps.clear()
    installation.set_up(Options("play"))
    assert steps == []


def test_a_changed_file_or_options_installs_again(
    checkout: Path, steps: list[tuple[object, ...]]
) -> None:
    installation.set_up(Options("play"))
    steps.clear()
    installation.set_up(Options("play", kind="cpu"))
    assert ("torch", "cpu", None) in steps
    steps.clear()
    installation.set_up(Options("play"))
    assert steps == []
    (checkout / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    installation.set_up(Options("play"))
    assert ("project",) in steps


def test_an_interrupted_set_up_is_not_taken_for_a_finished_one(
    checkout: Path, steps: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(root: Path, extras: list[str]) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(environment, "install_project", interrupt)
        assert installation.main(["play"]) == 130
    steps.clear()
    assert installation.set_up(Options("play"))
    assert ("project",) in steps


def test_a_failed_step_ends_the_set_up(
    checkout: Path, steps: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "install_torch", lambda *_: None)
    assert installation.main(["play"]) == 1
    assert ("project",) not in steps


def test_missing_packages_are_named_in_order() -> None:
    there = {"EGL", "jackd", "/usr/lib/*/dri/*_dri.so"}
    names = system_packages.missing(system_packages.TEST, lambda kind, name: name in there)
    assert "libportaudio2" in names
    assert not {"libegl1", "jackd2", "libgl1-mesa-dri"} & set(names)
    assert set(system_packages.PLAY) <= set(system_packages.TEST)


def test_probes_tell_presence_from_absence(tmp_path: Path) -> None:
    assert system_packages.is_present("file", "/" + Path(__file__).as_posix().lstrip("/"))
    assert not system_packages.is_present("file", "/no-such-folder/*.so")
    assert not system_packages.is_present("library", "no-such-library-here")
    assert not system_packages.is_present("program", "no-such-program-here")


def test_without_the_right_the_exact_line_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_packages, "privilege", lambda: None)
    assert not system_packages.install(["libportaudio2", "xvfb"])
    line = "sudo apt-get install -y --no-install-recommends libportaudio2 xvfb"
    assert line in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="apt-get's stand-in is a shell script")
def test_with_the_right_the_lists_are_read_before_the_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    program = tmp_path / "apt-get"
    program.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> "{log}"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(system_packages, "privilege", list)
    assert system_packages.install(["xvfb"])
    first, second = log.read_text().splitlines()
    assert first.startswith("noninteractive update")
    assert second.startswith("noninteractive install")
    assert second.endswith(" xvfb")


# A stand-in for package indexes: real wheels, a real HTTP server, real pip.


def write_wheel(folder: Path, name: str, version: str, requires: tuple[str, ...] = ()) -> None:
    """Write an installable wheel that holds nothing but metadata."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {r}\n" for r in requires)
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    home = folder / name
    home.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(home / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


class Shelf(http.server.SimpleHTTPRequestHandler):
    """Serves folders of wheels: a folder's listing is a PEP 503 page."""

    asked: list[str]

    def log_message(self, format: str, *args: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def indexes(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """An index whose torch brings CUDA, one whose torch does not, and what they were asked."""
    write_wheel(tmp_path / "i" / "cuda", "torch", "2.13.0", ("nvidia-cublas",))
    write_wheel(tmp_path / "i" / "cuda", "nvidia_cublas", "13.0")
    (tmp_path / "i" / "cuda" / "nvidia_cublas").rename(tmp_path / "i" / "cuda" / "nvidia-cublas")
    write_wheel(tmp_path / "i" / "cpu", "torch", "2.13.0+cpu")
    write_wheel(tmp_path / "i" / "mine", "torch", "2.99.0")
    asked: list[str] = []
    handler = type("Here", (Shelf,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=str(tmp_path / "i"))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a bare environment in it."""
    root = tmp_path_factory.mktemp("checkout")
    (root / ".ci").mkdir()
    (root / ".ci" / "constraints.txt").write_text("torch==2.13.0\n")
    assert environment.make(root)
    return root


@pytest.fixture
def fresh(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bare environment without torch, deaf to how this machine's pip is configured."""
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setattr(environment, "has_nvidia", lambda: False)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    python = str(environment.program(bare, "python"))
    subprocess.run(
        [python, "-m", "pip", "uninstall", "-qq", "-y", "torch"], check=True, capture_output=True
    )
    return bare


def test_an_index_of_ones_own_is_what_pip_takes(
    fresh: Path, indexes: tuple[str, list[str]]
) -> None:
    url, asked = indexes
    choice = environment.install_torch(fresh, index=f"{url}/mine")
    assert choice is not None
    assert environment.torch_version(environment.program(fresh, "python")) == "2.99.0"
    assert any(path.startswith("/mine/torch/") for path in asked)


def test_sources_that_bring_cuda_give_way_to_the_cpu_index(
    fresh: Path, indexes: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = indexes
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/cuda")
    monkeypatch.setattr(torch_build, "CPU_INDEX", f"{url}/cpu")
    choice = environment.install_torch(fresh)
    assert choice is not None
    assert f"{url}/cpu" in choice.reason
    assert environment.torch_version(environment.program(fresh, "python")) == "2.13.0+cpu"
    assert any(path.startswith("/cuda/nvidia-cublas/") for path in asked)


def test_sources_with_a_cpu_build_are_used_and_a_second_run_keeps_it(
    fresh: Path, indexes: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = indexes
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/cpu")
    first = environment.install_torch(fresh)
    assert first is not None
    assert "own sources" in first.reason
    asked.clear()
    second = environment.install_torch(fresh)
    assert second == Choice((), "torch: 2.13.0+cpu is installed and stays")
    assert asked == []


def test_a_dead_index_is_a_sentence(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    assert environment.install_torch(fresh, index="http://127.0.0.1:9/simple") is None
    assert "run the same command again" in capfd.readouterr().err


def test_making_an_environment_twice_leaves_it_as_it_is(bare: Path) -> None:
    mark = bare / ".venv" / "mark"
    mark.write_text("here")
    assert environment.make(bare)
    assert mark.exists()


def test_a_python_that_cannot_make_environments_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(system_packages, "privilege", lambda: None)
    assert not environment.make(tmp_path)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"sudo apt-get install -y --no-install-recommends python{version}-venv" in (
        capsys.readouterr().out
    )


@pytest.mark.skipif(os.name == "nt", reason="a link whose Python is gone is a POSIX affair")
def test_an_environment_whose_python_is_gone_is_made_again(tmp_path: Path) -> None:
    python = environment.program(tmp_path, "python")
    python.parent.mkdir(parents=True)
    python.symlink_to(tmp_path / "gone")
    assert environment.make(tmp_path)
    assert subprocess.run([str(python), "-c", "import pip"], check=False).returncode == 0
