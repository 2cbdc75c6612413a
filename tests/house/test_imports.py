"""What loads what: core only numpy, the set-up nothing, torch only what trains."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.house.source import CORE, FILES, imported, module, name
from tests.places import ROOT

NOT_IN_CORE = {"asyncio", "multiprocessing", "random", "secrets", "socket", "subprocess",
               "threading", "time", "uuid"}  # fmt: skip
MADE_OF_TORCH = (
    "lab/data/",
    "lab/gan/",
    "lab/pix2pix/",
    "lab/training/",
    "lab/analysis/encoder.py",
)


def third_parties(code: str) -> set[str]:
    """Top-level third-party modules that some code loads in a fresh interpreter."""
    script = (
        "import json, sys; before = set(sys.modules)\n"
        f"{code}\n"
        "print(json.dumps(sorted({m.split('.')[0] for m in set(sys.modules) - before})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout)) - sys.stdlib_module_names - {"engine"}


def test_engine_loads_nothing_but_itself() -> None:
    assert third_parties("import engine") == set()


def test_core_loads_only_numpy() -> None:
    assert len(CORE) > 60
    loaded = third_parties("import " + ", ".join(map(module, CORE)))
    # NumPy's wheels generate modules of their own at import time.
    assert {m for m in loaded if "cython" not in m.lower()} == {"numpy"}


def test_set_up_loads_only_the_standard_library() -> None:
    assert third_parties("import engine.app.bootstrap, engine.app.setup.installation") == set()


def test_no_file_loads_torch_on_import() -> None:
    # A training is made of torch, and loaded when one begins; nothing else leads there.
    files = [path for path in FILES if not name(path).startswith(MADE_OF_TORCH)]
    assert len(files) > 300
    loaded = third_parties("import " + ", ".join(map(module, files)))
    assert "torch" not in loaded
    assert "numpy" in loaded


def test_core_imports_only_what_it_may() -> None:
    allowed = (sys.stdlib_module_names - NOT_IN_CORE) | {"engine", "numpy"}
    more = {name(path): set(imported(path)) - allowed for path in CORE}
    assert len(more) > 60
    assert {file: names for file, names in more.items() if names} == {}


def test_one_file_sees_torch_and_gl() -> None:
    both = [name(path) for path in FILES if {"torch", "moderngl"} <= set(imported(path))]
    assert both == ["play/pixels/cuda_sharing.py"]
