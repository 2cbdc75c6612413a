"""The warming child: it refuses what does not end, and nobody waits for it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from engine.compositor.gl.context import open_context
from engine.compositor.isf import check
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


SIZE_PX = (320, 180)
TURNS = (
    "for (int a = 0; a < 60000; a++) for (int b = 0; b < 60000; b++) "
    "for (int c = 0; c < 60000; c++) gl_FragColor.r += sin(float(a * b * c)); }\n"
)


def mined(name: Path) -> str:
    """Let a good shader turn without end at its own: llvmpipe does a good many of the turns."""
    return name.read_text("utf-8").rstrip()[:-1] + TURNS


CLOCKS = time.process_time, time.perf_counter


@pytest.fixture
def warmer() -> Iterator[Warmer]:
    made = Warmer(SIZE_PX, CLOCKS, most_s=1e6)
    yield made
    made.close()


def answers(warmer: Warmer, count: int) -> dict[str, str | None]:
    """Tend until `count` answers have come."""
    found: dict[str, str | None] = {}

    def tended() -> bool:
        warmer.tend(time.monotonic())
        found.update({each.name: each.error for each in warmer.poll()})
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
    found = until(lambda: warmer.tend(time.monotonic()) or warmer.poll(), "an answer")
    assert found == [("good", GOOD, None, None, None)]


def test_an_endless_shader_is_refused_and_the_next_one_is_served() -> None:
    """Whatever the wall's clock says: the child has used so much processor time."""
    made = Warmer(SIZE_PX, CLOCKS, most_s=0.05, limit_s=1.6)
    made.submit("endless", ENDLESS)
    made.submit("good", GOOD)
    found = answers(made, 2)
    made.close()
    assert found["good"] is None
    assert found["endless"] == (
        "endless.fs: took more than 2 s of processor time until it was drawn small, and it is to "
        "fill 320x180: its loops are endless, or too long"
    )


def test_of_one_that_compiles_and_is_never_drawn_the_report_says_so() -> None:
    made = Warmer(SIZE_PX, CLOCKS, most_s=0.05, limit_s=1.6)
    made.submit("endless", ENDLESS, {})
    (found,) = until(lambda: made.tend(time.monotonic()) or made.poll(), "an answer")
    made.close()
    assert found.report is not None
    assert (found.report["compiled"], found.report["drew"]) == (True, False)
    assert str(found.error).startswith("endless.fs: compiles, but took more than 2 s ")


def test_ending_a_child_waits_for_nothing_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Warmer(SIZE_PX, CLOCKS, most_s=0.05, limit_s=0.6)
    first = made._child
    assert first is not None
    with monkeypatch.context() as patched:
        patched.setattr(BaseProcess, "join", lambda *_: pytest.fail("the frame line waits"))
        made.submit("endless", ENDLESS)
        assert set(answers(made, 1)) == {"endless"}
        assert made._child is not first
        until(lambda: made.tend(time.monotonic()) or not made._ended, "the end of the child")
    assert made._ended == []
    assert not first.process.is_alive()
    made.close()


SLOW = """/*{{"ISFVSN": "2", "INPUTS": [
  {{"NAME": "turns", "TYPE": "float", "DEFAULT": {default}, "MIN": 1, "MAX": {most}}}
]}}*/
void main() {{
  float a = isf_FragNormCoord.x;
  for (int i = 0; i < int(turns); i++) {{ a = sin(a * 1.37 + float(i)); }}
  gl_FragColor = vec4(a);
}}"""


class Ticks:
    """Processor time of a scripted machine: it goes on by the pixels of what is drawn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, of: Callable[[int, float], float]) -> None:
        self.now_s = 0.0
        self.drawn: list[tuple[int, int]] = []
        draw = check._Bench.draw

        def drawn(bench: check._Bench, frame: int, uniforms: dict[str, float]) -> None:
            draw(bench, frame, uniforms)
            width, height = bench.out.size_px
            self.now_s += of(width * height, uniforms.get("turns", -1.0))
            if frame == 0:
                self.drawn.append((width, height))

        monkeypatch.setattr(check._Bench, "draw", drawn)

    def __call__(self) -> float:
        return self.now_s


def judged(ticks: Ticks, most_s: float = 0.5) -> str:
    ctx = open_context()
    try:
        check.judge(ctx, "slow", SLOW.format(default=2, most=3), (1280, 720), (most_s, ticks))
    except check.ShaderError as error:
        return str(error)
    finally:
        ctx.release()
    return ""


def test_what_takes_long_at_the_canvas_is_never_drawn_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = Ticks(monkeypatch, lambda px, _: 20e-6 * px)
    assert judged(ticks) == (
        "slow.fs: takes about 18 s of processor time a frame at 1280x720, and 0.5 s is the most: "
        "shorten its loops, or draw it smaller"
    )
    assert ticks.drawn == [(40, 22), (160, 90)]


def test_what_just_fits_is_drawn_whole_and_a_fixed_cost_is_no_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = Ticks(monkeypatch, lambda px, _: 0.02 + 0.45e-6 * px)
    assert judged(ticks) == ""
    assert ticks.drawn[:4] == [(40, 22), (160, 90), (640, 360), (1280, 720)]


@pytest.mark.parametrize("end", [1.0, 3.0])
def test_inputs_at_their_ends_count_too(monkeypatch: pytest.MonkeyPatch, end: float) -> None:
    ticks = Ticks(monkeypatch, lambda px, turns: (3e-6 if turns == end else 1e-7) * px)
    said = judged(ticks)
    assert "takes about 2.8 s" in said
    assert "2 s is the most" in said
    assert max(ticks.drawn[4:]) == (160, 90)
    ticks = Ticks(monkeypatch, lambda px, turns: (2e-6 if turns == end else 1e-7) * px)
    assert judged(ticks) == ""


def test_the_mine_that_passes_a_small_look_is_refused_with_figures() -> None:
    made = Warmer(SIZE_PX, CLOCKS)
    made.submit("mine", mined(SHADERS / "grain.fs"))
    found = answers(made, 1)["mine"]
    made.close()
    assert found is not None
    assert re.search(r"mine\.fs: takes about [\d.]+ s of processor time a frame at 320x180", found)


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
        "CLOCKS = time.process_time, time.perf_counter\n"
        "from engine.compositor.isf.warm import Warmer\n"
        "if __name__ == '__main__':\n"
        "    w = Warmer((64, 36), CLOCKS, most_s=0.0, limit_s=1.0)\n"
        f"    w.submit('endless', {ENDLESS!r})\n"
        "    while w._child.busy is None:\n"
        "        w.tend(time.monotonic()); time.sleep(0.01)\n"
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
