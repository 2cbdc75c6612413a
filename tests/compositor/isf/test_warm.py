"""The warming child: it refuses what does not end, and nobody waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from engine.compositor.gl.context import open_context
from engine.compositor.isf.warm import Warmer
from tests.performing import until
from tests.places import SHADERS

GOOD = '/*{"ISFVSN": "2"}*/\nvoid main() { gl_FragColor = vec4(1.0); }'
BROKEN = '/*{\n"ISFVSN": "2"\n}*/\nvoid main() {\n  gl_FragColor = nothing;\n}'
# llvmpipe ends every loop after 65 535 turns: each turn has to be long
ENDLESS = (
    '/*{"ISFVSN": "2"}*/\nvoid main() { float a = isf_FragNormCoord.x;\n'
    "for (int i = 0; i < 2000000000; i++) {\n"
    + "  a = sin(a * 1.37 + float(i)) + pow(abs(a), 1.1) * cos(a * 0.7);\n" * 150
    + "}\ngl_FragColor = vec4(a); }"
)


@pytest.fixture(scope="module", autouse=True)
def _gl() -> None:
    try:
        open_context().release()
    except OSError as error:
        pytest.skip(str(error))


@pytest.fixture
def warmer() -> Iterator[Warmer]:
    made = Warmer(limit_s=30.0)
    yield made
    made.close()


def answers(warmer: Warmer, count: int) -> dict[str, str | None]:
    """Tend until `count` answers have come; the warmer's clock stands still."""
    found: dict[str, str | None] = {}

    def tended() -> bool:
        warmer.tend(0.0)
        found.update({name: error for name, _, error in warmer.poll()})
        return len(found) >= count

    until(tended, lambda: f"{count} answers; there are {found}")
    return found


def test_good_and_broken_shaders_are_told_apart(warmer: Warmer) -> None:
    warmer.submit("good", GOOD)
    warmer.submit("broken", "not even a header")
    warmer.submit("broken", BROKEN)  # replaces the one that still waits
    warmer.submit("relief", (SHADERS / "relief.fs").read_text())
    found = answers(warmer, 3)
    assert found["good"] is None
    assert found["relief"] is None
    assert str(found["broken"]).startswith("broken.fs:5: ")
    assert "nothing" in str(found["broken"])


def test_an_answer_carries_the_text_it_is_for(warmer: Warmer) -> None:
    warmer.submit("good", GOOD)
    found = until(lambda: warmer.tend(0.0) or warmer.poll(), "an answer")
    assert found == [("good", GOOD, None)]


def test_an_endless_shader_is_refused_and_the_next_one_is_served(warmer: Warmer) -> None:
    warmer.submit("good", GOOD)
    assert answers(warmer, 1) == {"good": None}
    warmer.submit("endless", ENDLESS)
    warmer.submit("good", GOOD)
    warmer.tend(0.0)
    warmer.tend(29.0)
    assert warmer.poll() == []
    warmer.tend(31.0)
    (refused,) = warmer.poll()
    assert refused[2] == (
        "endless.fs: took longer than 30 s to draw one 64×64 frame: an endless loop?"
    )
    assert answers(warmer, 1) == {"good": None}


def test_ending_a_child_waits_for_nothing_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Warmer(limit_s=30.0)
    made.submit("good", GOOD)
    answers(made, 1)
    first = made._child
    assert first is not None
    with monkeypatch.context() as patched:
        patched.setattr(BaseProcess, "join", lambda *_: pytest.fail("the frame line waits"))
        made.submit("endless", ENDLESS)
        made.tend(1000.0)
        made.tend(1031.0)
        assert made._child is not first
        assert [name for name, _, _ in made.poll()] == ["endless"]
        until(lambda: made.tend(1031.0) or not made._ended, "the end of the child")
    assert made._ended == []
    assert not first.process.is_alive()
    made.close()


def test_a_child_that_is_killed_is_replaced(warmer: Warmer) -> None:
    warmer.submit("good", GOOD)
    answers(warmer, 1)
    child = warmer._child
    assert child is not None
    assert child.process.pid is not None
    child.process.kill()
    child.process.join()
    warmer.submit("good", GOOD)
    assert answers(warmer, 1) == {"good": None}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_the_child_dies_with_main_even_while_it_draws() -> None:
    script = (
        "import sys, time\n"
        "from engine.compositor.isf.warm import Warmer\n"
        "if __name__ == '__main__':\n"
        "    w = Warmer(limit_s=0.5)\n"
        f"    w.submit('endless', {ENDLESS!r})\n"
        "    t = 0\n"
        "    while w._child.busy is None:\n"
        "        w.tend(t); time.sleep(0.01)\n"
        "    print(w._child.process.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    main = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert main.stdout is not None
    pid = int(main.stdout.readline())
    main.kill()
    main.wait()
    main.stdout.close()
    try:
        until(lambda: not _is_alive(pid), "the child to end after main")
    finally:
        if _is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")
