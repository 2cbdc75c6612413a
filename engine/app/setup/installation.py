"""Set-up of a checkout, and the start of what was asked for. Standard library only."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from engine.app.setup import environment, system_packages
from engine.app.setup.streams import make_safe
from engine.system.atomic import write_text

ROOT = Path(__file__).resolve().parents[3]
INDEX_VARIABLE = "LATENT_CINEMA_TORCH_INDEX"
USAGE = f"""usage, from the root of the repository:
  python3 -m engine.app.bootstrap play [--torch cuda|cpu] [--torch-index URL] [SHOW] [OPTIONS]
  python3 -m engine.app.bootstrap test [--torch cuda|cpu] [--torch-index URL]
                                       [--quick | PYTEST OPTIONS]

play installs into .venv and plays; SHOW and OPTIONS go to `latent-cinema play`.
test installs the development set-up, lints and runs all tests, shared between the cores; with
pytest options only those tests, in one process and without the lint.
test --quick is for between two edits, under a minute: the lint for this system, the rules of the
house, the laws of core and one golden picture.
--torch-index (or {INDEX_VARIABLE}) names the package index that torch comes from."""

QUICK_TESTS = (
    "tests/house",
    "tests/core",
    "tests/compositor/test_compose.py::test_golden_pictures[relief-uniforms0]",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for.

    Parameters
    ----------
    command
        ``play`` or ``test``.
    kind, index
        Build of torch (``cuda``, ``cpu``) and package index for it, if asked for.
    is_quick
        Whether only the quick check is to run.
    """

    command: str
    rest: tuple[str, ...] = ()
    kind: str | None = None
    index: str | None = None
    is_quick: bool = False


def parse(arguments: list[str], index: str | None = None) -> Options:
    """Read the command line; our own options may stand anywhere before a ``--``.

    Parameters
    ----------
    arguments
        Everything after the program's name.
    index
        Package index from the environment.

    Raises
    ------
    ValueError
        If the command or an option is not one of ours, in one sentence.
    """
    if not arguments or arguments[0] not in ("play", "test"):
        raise ValueError("the first word is 'play' or 'test'")
    own: dict[str, str] = {}
    rest: list[str] = []
    words = iter(arguments[1:])
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *words]
        elif name in ("--torch", "--torch-index"):
            own[name] = value if equals else next(words, "")
        elif word == "--quick" and arguments[0] == "test":
            own[name] = ""
        else:
            rest.append(word)
    kind = own.get("--torch")
    if kind not in (None, "cuda", "cpu"):
        raise ValueError(f"--torch takes 'cuda' or 'cpu', not '{kind}'")
    if own.get("--torch-index") == "":
        raise ValueError("--torch-index takes the URL of a package index")
    if "--quick" in own and rest:
        raise ValueError("--quick names its tests itself: leave the pytest options out")
    index = own.get("--torch-index") or index or None
    return Options(arguments[0], tuple(rest), kind, index, "--quick" in own)


def main(arguments: list[str]) -> int:
    """Set up, then play or test; the exit code is theirs."""
    make_safe()
    if arguments[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    try:
        options = parse(arguments, os.environ.get(INDEX_VARIABLE))
    except ValueError as error:
        print(f"bootstrap: {error}\n\n{USAGE}", file=sys.stderr)
        return 2
    if not (ROOT / "pyproject.toml").is_file():
        print(
            f"bootstrap: {ROOT} is no checkout of the repository: run this from one, or use the "
            "installed command `latent-cinema play`",
            file=sys.stderr,
        )
        return 2
    try:
        if not set_up(options):
            return 1
        return play(options.rest) if options.command == "play" else test(options)
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130


def set_up(options: Options) -> bool:
    """Bring ``.venv`` up to date, at once if it is; return whether everything is there."""
    stamp = ROOT / ".venv" / "latent-cinema.json"
    files = fingerprint(ROOT)
    if serves(read_stamp(stamp), files, options):
        return True
    if not may_write(ROOT):
        return False
    start_s = time.monotonic()
    if sys.platform == "linux":
        rows = system_packages.PLAY if options.command == "play" else system_packages.TEST
        system_packages.install(system_packages.missing(rows))
    if not environment.make(ROOT):
        return False
    stamp.unlink(missing_ok=True)
    if environment.install_torch(ROOT, options.kind, options.index) is None:
        return False
    extras = [*(["dev"] if options.command == "test" else [])]
    extras += ["cuda"] if environment.has_nvidia() and options.kind != "cpu" else []
    if not environment.install_project(ROOT, extras):
        return False
    commands = ["play", "test"] if options.command == "test" else ["play"]
    fresh = {"files": files, "commands": commands, "torch": options.index or options.kind}
    write_text(stamp, json.dumps(fresh))
    print(f"Ready after {time.monotonic() - start_s:.0f} s.", flush=True)
    return True


def may_write(root: Path) -> bool:
    """Whether this user may make or mend ``.venv``; if not, say what to do instead."""
    made = root / ".venv"
    place = made if made.exists() else root
    if os.access(place, os.W_OK | os.X_OK):
        return True
    print(
        f"bootstrap: this user may not write in {place}. Make a clone of your own (git clone "
        f"{root} ~/latent-cinema), or install it into an environment of yours: python3 -m venv "
        f"~/latent && ~/latent/bin/pip install {root}",
        file=sys.stderr,
    )
    return False


def fingerprint(root: Path) -> str:
    """Hash of everything that decides what is installed, the place included."""
    digest = hashlib.sha256(f"{root} {sys.version_info[:2]}".encode())
    for name in ("pyproject.toml", ".ci/constraints.txt"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def read_stamp(path: Path) -> dict[str, object]:
    """What an earlier run left, or nothing."""
    try:
        stamp = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def serves(stamp: dict[str, object], files: str, options: Options) -> bool:
    """Whether an earlier installation does for what is wanted now."""
    commands = stamp.get("commands")
    return (
        stamp.get("files") == files
        and isinstance(commands, list)
        and options.command in commands
        and (options.index or options.kind) in (None, stamp.get("torch"))
    )


def play(rest: tuple[str, ...]) -> int:
    """Run ``latent-cinema play``; where the system can, in place of this process."""
    command = [str(environment.program(ROOT, "latent-cinema")), "play", *rest]
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    return follow(command)


def test(options: Options) -> int:
    """Lint, then run the tests; only the tests named, without the lint, if there are any."""
    python = str(environment.program(ROOT, "python"))
    quick = ["--quick"] if options.is_quick else []
    lint = 0 if options.rest else follow([python, str(ROOT / ".ci" / "lint"), *quick])
    # One more than there are cores, since many tests wait; more than four would fight for memory.
    workers = str(min((os.cpu_count() or 1) + 1, 4))
    shared = ["-n", workers, "--dist", "loadfile", "--no-loadscope-reorder", "--durations=10"]
    words = options.rest or (*shared, *(QUICK_TESTS if options.is_quick else ()))
    tests = follow([python, "-m", "pytest", *words])
    if lint:
        print("The lint failed; its messages are above the tests'.", file=sys.stderr)
    return tests or lint


def follow(command: list[str]) -> int:
    """Run a command in the checkout to its end; Ctrl-C is the command's to answer."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
