"""Settings for every test: numbers that go wrong raise, hypothesis never watches the clock."""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers share the cores: each, and what it starts, computes on one. Read when torch is loaded.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import contextlib
import functools
import importlib
import inspect
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import hypothesis
import numpy as np
import pytest

from engine.app.setup.environment import has_nvidia
from tests.places import ROOT

if TYPE_CHECKING:
    import moderngl

# Children that tests start find `engine` also in a checkout that is not installed.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
)

# Hundreds of tests start the engine: what Python compiled is kept, also where a shell forbids it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Without a GPU kernels are interpreted; Triton must know that when it is loaded.
# And it is loaded before OpenGL: a software one's LLVM, loaded first, and Triton's end in a crash.
if not has_nvidia():
    os.environ["TRITON_INTERPRET"] = "1"
with contextlib.suppress(ImportError):
    importlib.import_module("triton")

# What a shell starts in the background inherits that Ctrl-C is ignored, and so would its children.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A test that fails under load tells nothing: no deadlines, no complaint about slow examples.
hypothesis.settings.register_profile(
    "here", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "ci", hypothesis.settings.get_profile("here"),
    max_examples=50, derandomize=True, database=None,  # the same in each run: more find no more
)  # fmt: skip
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def _numbers_raise() -> Iterator[None]:
    # Underflow is left alone: a decaying envelope ends in denormals by design.
    before = np.seterr(divide="raise", over="raise", invalid="raise")
    yield
    np.seterr(**before)


@functools.cache
def takes_long(module: ModuleType | None) -> bool:
    """Whether a file of tests plays shows or trains: begun last, it would be waited for alone."""
    for each in vars(module or object).values():
        name = getattr(each, "__name__" if inspect.ismodule(each) else "__module__", "") or ""
        if name.startswith(("tests.performing", "tests.training", "tests.product.fuzz", "bench.")):
            return True
    return False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first; skip what needs an NVIDIA GPU, by name, where there is none."""
    items.sort(key=lambda item: not takes_long(getattr(item, "module", None)))
    wanted = [item for item in items if item.get_closest_marker("cuda")]
    if wanted and not has_nvidia():
        for item in wanted:
            item.add_marker(pytest.mark.skip(reason="no NVIDIA GPU on this machine"))


@pytest.fixture(scope="module")
def ctx() -> Iterator[moderngl.Context]:
    """An OpenGL context for tests that draw, or a skip where there is none."""
    from engine.compositor.gl.context import collect, open_context

    try:
        opened = open_context()
    except OSError as error:
        pytest.skip(str(error))
    yield opened
    collect(opened)
    opened.release()


@pytest.fixture(scope="session")
def colour() -> Any:
    """colour-science, loaded so that nobody else notices.

    It sets how numpy prints, and puts mocks in the place of SciPy and Matplotlib where they lack:
    numba, loaded later, would take that SciPy for a real one.
    """
    with warnings.catch_warnings(), np.printoptions():
        warnings.simplefilter("ignore")  # that they lack
        found = pytest.importorskip("colour")
    for name in [name for name, each in sys.modules.items() if isinstance(each, Mock)]:
        del sys.modules[name]
    return found
