"""The choice of a torch build: a decision on facts, so that every branch can be tested.

Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# PyPI's Windows wheels are CPU builds; CUDA builds for Windows come from here only.
WINDOWS_CUDA_INDEX = "https://download.pytorch.org/whl/cu130"
OLDEST = (2, 10)
_GPU_PACKAGES = ("nvidia-", "cuda-", "triton", "pytorch-triton")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known before torch is chosen.

    Parameters
    ----------
    system
        `platform.system()`: ``Linux``, ``Darwin`` or ``Windows``.
    installed
        Version of the torch that the environment already has, or None.
    has_nvidia
        Whether an NVIDIA driver is present.
    index
        Package index that the user asked for, or None.
    kind
        ``cuda`` or ``cpu`` if the user asked for one, or None.
    """

    system: str
    installed: str | None = None
    has_nvidia: bool = False
    index: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What to hand to ``pip install``, and why in one line.

    Parameters
    ----------
    arguments
        Arguments of ``pip install``; empty keeps what is there.
    reason
        One printed line.
    is_tested
        Whether the tested version (the constraints file) applies.
    """

    arguments: tuple[str, ...]
    reason: str
    is_tested: bool = True


def is_recent(version: str | None) -> bool:
    """Whether a torch version is new enough (2.10).

    Examples
    --------
    >>> is_recent("2.13.0+cpu"), is_recent("2.9.1"), is_recent(None)
    (True, False, False)
    """
    if version is None:
        return False
    numbers = version.split("+")[0].split(".")[:2]
    return all(n.isdigit() for n in numbers) and tuple(int(n) for n in numbers) >= OLDEST


def build_kind(version: str | None) -> str | None:
    """Kind of build that a version names after its ``+``, or None where it does not say.

    Examples
    --------
    >>> build_kind("2.13.0+cpu"), build_kind("2.13.0+cu130"), build_kind("2.13.0")
    ('cpu', 'cuda', None)
    """
    label = (version or "").partition("+")[2]
    return "cpu" if label == "cpu" else "cuda" if label.startswith("cu") else None


def needs_gpu(names: Sequence[str]) -> bool:
    """Whether a resolved set of packages holds CUDA libraries."""
    return any(name.lower().replace("_", "-").startswith(_GPU_PACKAGES) for name in names)


def choose_torch(facts: Facts, ask_sources: Callable[[], Sequence[str] | None]) -> Choice:
    """Choose a build of torch.

    The user's word comes first, then what is installed, then what the machine has.

    Parameters
    ----------
    ask_sources
        Names of all packages that a plain ``pip install torch`` would bring from the sources that
        pip is configured with, or None where they have no torch. Asked only where it matters,
        because it may take a while.
    """
    if facts.index is not None:
        arguments = (*_over(facts), "--index-url", facts.index, "torch>=2.10")
        return Choice(arguments, f"torch: from {facts.index}, as you asked", is_tested=False)
    if is_recent(facts.installed) and facts.kind in (None, build_kind(facts.installed)):
        return Choice((), f"torch: {facts.installed} is installed and stays")
    if facts.kind == "cuda" or (facts.kind is None and facts.has_nvidia):
        return _choose_cuda(facts)
    if facts.system == "Darwin":
        return Choice(("torch>=2.10",), "torch: the build for macOS (it has no CUDA)")
    names = ask_sources()
    if names is not None and not needs_gpu(names):
        return Choice(
            (*_over(facts), "torch>=2.10"),
            f"torch: {_why_cpu(facts)}, and pip's own sources have a CPU build",
        )
    return Choice(
        (*_over(facts), "--index-url", CPU_INDEX, "torch>=2.10"),
        f"torch: {_why_cpu(facts)}, so the CPU build from {CPU_INDEX} "
        "(--torch cuda or --torch-index URL takes another)",
    )


def _choose_cuda(facts: Facts) -> Choice:
    why = "as you asked" if facts.kind else "an NVIDIA driver is here"
    if facts.system == "Windows":
        arguments = (*_over(facts), "--index-url", WINDOWS_CUDA_INDEX, "torch>=2.10")
        return Choice(arguments, f"torch: the CUDA build from {WINDOWS_CUDA_INDEX}, {why}", False)
    return Choice(
        (*_over(facts), "torch>=2.10"),
        f"torch: the CUDA build (some gigabytes), {why} (--torch cpu takes the small one)",
    )


def _over(facts: Facts) -> tuple[str, ...]:
    # pip leaves an installed torch of the same version alone, whatever build it is.
    return ("--force-reinstall",) if facts.installed else ()


def _why_cpu(facts: Facts) -> str:
    return "the CPU build, as you asked" if facts.kind else "no NVIDIA driver here"
