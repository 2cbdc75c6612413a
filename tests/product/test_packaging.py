"""The wheel carries everything that the default show needs, and finds it where it is installed."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

import engine
from engine.documents.assets import assets_dir
from tests.performing import PATIENT

# import name → distribution name, where they differ
DISTRIBUTIONS = {"PIL": "pillow", "pythonosc": "python-osc", "cuda": "cuda-core",
                 "link": "linkpython-extern"}  # fmt: skip


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-build-isolation", "--no-deps"]
    subprocess.run([*command, "-w", str(folder), str(root)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it, and this one's libraries within its sight."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    scheme = {"base": str(home), "platbase": str(home)}
    library = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    python = Path(sysconfig.get_path("scripts", "venv", vars=scheme)) / Path(sys.executable).name
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-qq"]
    subprocess.run([*command, "--no-deps", "--no-index", str(wheel)], check=True)
    # Behind its own packages, so that the wheel's `engine` wins over an editable one.
    (library / "neighbours.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(installed: Path, *words: str, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_shader_and_show_is_in_the_wheel(root: Path, wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    shipped = [*root.glob("shaders/**/*.fs"), *root.glob("presets/**/*.*")]
    assert shipped
    assert {f"engine/_assets/{path.relative_to(root).as_posix()}" for path in shipped} <= inside


def test_the_wheel_holds_code_assets_and_licence_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"engine", "latent_cinema"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_assets_are_found_from_the_wheel(root: Path, installed: Path, tmp_path: Path) -> None:
    code = (
        "import engine; from engine.documents.assets import assets_dir\n"
        "print(assets_dir('shaders')); print(assets_dir('presets')); print(engine.__file__)"
    )
    shaders, presets, package = run(
        installed, str(installed), "-c", code, cwd=tmp_path
    ).splitlines()
    assert root not in Path(package).parents
    assert Path(shaders) == Path(package).parent / "_assets" / "shaders"
    assert sorted(p.name for p in Path(presets).glob("*.toml")) == sorted(
        p.name for p in (root / "presets").glob("*.toml")
    )


def test_assets_are_found_from_the_checkout(root: Path) -> None:
    assert assets_dir("shaders") == root / "shaders"
    assert assets_dir("presets") == root / "presets"


def test_the_installed_command_knows_its_version(installed: Path, tmp_path: Path) -> None:
    suffix = ".exe" if os.name == "nt" else ""
    command = installed.with_name("latent-cinema" + suffix)
    assert engine.__version__ in run(installed, str(command), "--version", cwd=tmp_path)


def test_the_installed_command_plays_the_default_show(installed: Path, tmp_path: Path) -> None:
    words = ["play", "--output", "null", "--size", "160x90", "--duration", "0.5", "--audio", "off",
             "--osc", "127.0.0.1:0", "--device", "cpu", "--stats", "stats.json"]  # fmt: skip
    assert run(installed, str(installed), "-c", PATIENT, *words, cwd=tmp_path) == ""
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["frames"] > 0
    assert stats["generators"]["strike"]["state"] == "ready"


def test_everything_imported_is_declared(root: Path, project: dict[str, Any]) -> None:
    table = project["project"]
    extras = [each for name, each in table["optional-dependencies"].items() if name != "dev"]
    lines = [*table["dependencies"], *(line for each in extras for line in each)]
    declared = {line.split(">")[0].split("[")[0].lower() for line in lines}
    found = {
        DISTRIBUTIONS.get(top, top)
        for path in (root / "engine").rglob("*.py")
        for top in imported(path)
        if top not in sys.stdlib_module_names and top != "engine"
    }
    assert {name.lower() for name in found} <= declared


def imported(path: Path) -> set[str]:
    """Top-level names of everything that a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_torch_is_neither_capped_nor_bound_to_an_index(project: dict[str, Any]) -> None:
    (line,) = [d for d in project["project"]["dependencies"] if d.startswith("torch")]
    assert line == "torch>=2.10"


@pytest.mark.parametrize("line", ["play", "test"])
def test_the_readme_leads_with_the_two_commands(root: Path, line: str) -> None:
    top = (root / "README.md").read_text("utf-8").split("\n## ")[0]
    assert f"\npython3 -m engine.app.bootstrap {line}\n" in top


def test_ci_runs_the_command_of_the_readme(root: Path) -> None:
    assert "python3 -m engine.app.bootstrap test" in (root / ".ci" / "run").read_text("utf-8")


def test_the_pins_hold_here(root: Path) -> None:
    """The verdict of a linter depends on its version: the pinned one is the one here."""
    pins = (root / ".ci" / "constraints.txt").read_text().splitlines()
    for line in pins:
        name, _, rest = line.partition("==")
        if name in ("ruff", "mypy"):
            assert importlib.metadata.version(name) == rest.split(";")[0].strip()
