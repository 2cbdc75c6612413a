"""The environment in ``.venv``: made or mended, torch first, then the project. Stdlib only."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.app.setup import system_packages
from engine.app.setup.torch_build import Choice, Facts, choose_torch, is_recent

PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
# A dry run reads metadata; where a source has none, pip downloads whole wheels to look inside.
_ASK_LIMIT_S = 240.0
_VERSION_OF_TORCH = (
    "import importlib.metadata as m\n"
    "try: print(m.version('torch'))\n"
    "except m.PackageNotFoundError: pass"
)


def program(root: Path, name: str) -> Path:
    """Path of a program inside the environment of a checkout."""
    if os.name == "nt":
        return root / ".venv" / "Scripts" / f"{name}.exe"
    return root / ".venv" / "bin" / name


def make(root: Path) -> bool:
    """Make ``.venv`` or mend it; one whose Python runs is kept. Return whether it has pip."""
    python = program(root, "python")
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if _runs(python, probe):
        return True
    lacking = system_packages.missing_venv()
    if lacking and not system_packages.install(lacking):
        return False
    is_dead = (python.exists() or python.is_symlink()) and not _runs(python, "")
    options = ["--clear"] if is_dead else []
    if is_recent(_torch_of_this_python()):
        options.append("--system-site-packages")
    print("Making .venv", flush=True)
    command = [sys.executable, "-m", "venv", *options, str(root / ".venv")]
    return subprocess.run(command, check=False).returncode == 0 and _runs(python, probe)


def install_torch(root: Path, kind: str | None = None, index: str | None = None) -> Choice | None:
    """Choose a build of torch, say why, install it; None if pip failed (it said why).

    Parameters
    ----------
    kind, index
        What the user asked for (``cuda``, ``cpu``; a package index), if anything.
    """
    python = program(root, "python")
    pins = root / ".ci" / "constraints.txt"
    facts = Facts(platform.system(), torch_version(python), has_nvidia(), index, kind)
    print("Choosing a build of torch", flush=True)
    choice = choose_torch(facts, lambda: configured_packages(python, pins))
    print(choice.reason, flush=True)
    if not choice.arguments:
        return choice
    print("Installing torch: the longest step", flush=True)
    tested = ("-c", str(pins)) if choice.is_tested else ()
    return choice if pip_install(python, (*tested, *choice.arguments)) else None


def install_project(root: Path, extras: Sequence[str]) -> bool:
    """Install the checkout as it lies (editable), without touching the torch that is there."""
    python = program(root, "python")
    pins = (root / ".ci" / "constraints.txt").read_text().splitlines()
    kept = [line for line in pins if not line.startswith("torch==")]
    own_pins = root / ".venv" / "constraints.txt"
    own_pins.write_text("\n".join([*kept, f"torch=={torch_version(python)}", ""]))
    target = f"{root}[{','.join(extras)}]" if extras else str(root)
    print(f"Installing latent-cinema{' with ' + ', '.join(extras) if extras else ''}", flush=True)
    return pip_install(python, ("-c", str(own_pins), "-e", target))


def pip_install(python: Path, arguments: Sequence[str]) -> bool:
    """Run ``pip install``; quietly, except that a person at a terminal sees torch come down."""
    is_watched = sys.stdout.isatty() and any(a.startswith("torch") for a in arguments)
    silence = () if is_watched else ("-qq",)
    command = [str(python), *PIP, "install", *silence, *arguments]
    if subprocess.run(command, check=False).returncode == 0:
        return True
    print(
        "pip could not install this (its message is above). Check the network and the disk, then "
        "run the same command again.",
        file=sys.stderr,
    )
    return False


def configured_packages(python: Path, pins: Path) -> list[str] | None:
    """Names that ``pip install torch`` would bring from the sources pip is configured with.

    Returns
    -------
    list of str or None
        None if they have no torch, cannot be reached, or do not answer within four minutes.
    """
    command = [str(python), *PIP, "install", "-qq", "--dry-run", "--ignore-installed"]
    command += ["--report", "-", "-c", str(pins), "torch>=2.10"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_ASK_LIMIT_S)
        report = json.loads(done.stdout) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return [item["metadata"]["name"] for item in report.get("install", [])] or None


def torch_version(python: Path) -> str | None:
    """Version of the torch in an environment, without importing it."""
    done = subprocess.run(
        [str(python), "-c", _VERSION_OF_TORCH], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def has_nvidia() -> bool:
    """Whether an NVIDIA driver answers on this machine."""
    if Path("/proc/driver/nvidia/version").exists():
        return True
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    try:
        return subprocess.run([tool, "-L"], capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _runs(python: Path, code: str) -> bool:
    try:
        done = subprocess.run([str(python), "-c", code], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _torch_of_this_python() -> str | None:
    # Some boards and container images bring a torch of their own, for the whole system.
    if sys.prefix != sys.base_prefix:
        return None
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
