"""How much memory is free: the kernel's word, or the narrowest control group's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.system import free_memory

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def tree(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    5000 kB\nBuffers: 1 kB\n"}
V2 = {"proc/self/cgroup": "0::/user.slice/show.service\n"}
GROUP = "sys/fs/cgroup/user.slice/"


@on_linux
@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (MEMINFO, 5_120_000),
        ({}, None),
        ({"proc/meminfo": "MemTotal: 9000 kB\n"}, None),
        # no limit
        ({**MEMINFO, **V2, f"{GROUP}memory.max": "max\n", f"{GROUP}memory.current": "7"},
         5_120_000),
        # a limit of the group above; half of what is used are files that are read again if need be
        ({**MEMINFO, **V2, f"{GROUP}memory.max": "4000000\n", f"{GROUP}memory.current": "2000000\n",
          f"{GROUP}memory.stat": "anon 1\ninactive_file 1000000\n"}, 3_000_000),
        # two limits: the narrower one
        ({**MEMINFO, **V2, f"{GROUP}memory.max": "4000000", f"{GROUP}memory.current": "3000000",
          f"{GROUP}show.service/memory.max": "900", f"{GROUP}show.service/memory.current": "100"},
         800),
        # a container: the group's path is not the mount's
        ({**MEMINFO, **V2, "sys/fs/cgroup/memory.max": "1000",
          "sys/fs/cgroup/memory.current": "1200"}, 0),
        # version 1
        ({**MEMINFO, "proc/self/cgroup": "4:memory:/docker/x\n3:cpu,cpuacct:/\n",
          "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000",
          "sys/fs/cgroup/memory/memory.usage_in_bytes": "1500",
          "sys/fs/cgroup/memory/memory.stat": "inactive_file 5\ntotal_inactive_file 200\n"}, 700),
        ({**MEMINFO, "proc/self/cgroup": "nonsense\n4\n\n"}, 5_120_000),
    ],
)  # fmt: skip
def test_what_is_free_is_the_least_that_anybody_allows(
    texts: dict[str, str], wanted: int | None, tmp_path: Path
) -> None:
    assert free_memory.available_bytes(tree(tmp_path, texts)) == wanted


@on_linux
def test_this_machine_has_memory() -> None:
    available = free_memory.available_bytes()
    assert available is not None
    assert available > 50_000_000


def test_elsewhere_there_is_no_saying(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert free_memory.available_bytes() is None
