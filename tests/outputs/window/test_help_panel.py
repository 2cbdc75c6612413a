"""The help panel: nothing runs off, keys stand in a column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.documents.assets import assets_dir
from engine.documents.show import load
from engine.outputs.window import help_panel, overlay
from engine.outputs.window.help_panel import Help
from engine.play.live.bindings import rows

SHIPPED = sorted(path.stem for path in assets_dir("presets").glob("*.toml"))
KEYS = ("Keys", "B\tblackout", "F1\tthis panel", "", "Ctrl-Q\tquit, when held")
AMBER = np.array(overlay.KEY[:3])
STATUS = ("scene Strike · 12 s · 96.0 bpm · osc 127.0.0.1:9000", "sound: off")


def amber(panel: np.ndarray) -> np.ndarray:
    """Where letters of keys are [shape=(H, W)]."""
    return np.abs(panel[..., :3].astype(int) - AMBER).max(axis=2) < 12


def test_the_help_panelshows_late_frames() -> None:
    quiet, late = (
        help_panel.draw_help(Help("Show", KEYS, STATUS, times, 16.7), (900, 500))
        for times in ([15.0] * 100, [15.0] * 50 + [33.0] * 10 + [15.0] * 40)
    )
    assert quiet.dtype == np.uint8
    assert quiet[0, 0, 3] == 0  # rounded corners
    assert 128 < quiet[quiet.shape[0] // 2, 3, 3] < 255  # the picture shines through
    reddish = (late[..., 0] > 200) & (late[..., 1] < 130)
    assert reddish.sum() > 10
    assert not ((quiet[..., 0] > 200) & (quiet[..., 1] < 130)).any()


def test_keys_are_amber_in_a_column_and_what_they_do_stands_in_another() -> None:
    panel = help_panel.draw_help(Help("", KEYS), (900, 500))
    panel = panel[: np.flatnonzero(amber(panel).any(axis=1))[-1]]  # the graph's words lie below
    columns = np.flatnonzero(amber(panel).any(axis=0))
    texts = (panel[..., :3] > 200).all(axis=2)  # nearly white: no heading, no key
    gap = columns[-1] + 1
    assert texts[:, gap : gap + 4].sum() == 0
    first = [np.flatnonzero(row)[0] for row in texts if row.any()]
    assert len(set(first)) < len(first)  # lines begin at one place
    assert min(first) > columns[-1]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts as they were drawn."""
    texts: list[str] = []
    kept = overlay.cut
    monkeypatch.setattr(
        help_panel, "cut", lambda text, *room: texts.append(kept(text, *room)) or texts[-1]
    )
    return texts


@pytest.mark.parametrize("show", SHIPPED)
def test_nothing_runs_off_the_help_panelin_any_shipped_show(show: str, drawn: list[str]) -> None:
    lines = rows(load.load(show).show)
    for room_px in ((1280, 720), (640, 360), (1920, 1080), (480, 270)):
        drawn.clear()
        help_panel._keys_panel.cache_clear()
        panel = help_panel.draw_help(Help(show, lines, STATUS, [15.0] * 240), room_px)
        assert panel.shape[0] <= room_px[1]
        assert panel.shape[1] <= room_px[0]
        for line in (*lines, *STATUS):
            assert line.rpartition("\t")[2] in drawn  # whole, not cut
        edge = panel[panel.shape[0] // 20 : -panel.shape[0] // 4, -5:-2, :3]
        assert edge.max() < 40  # nothing but the panel


@given(
    st.lists(st.text(max_size=60), max_size=60),
    st.lists(st.text(max_size=300), max_size=8),
    st.tuples(st.integers(16, 1400), st.integers(9, 800)),
)
def test_any_text_in_any_room_is_a_panel_that_fits(keys, status, room_px) -> None:
    panel = help_panel.draw_help(
        Help("x" * 99, tuple(keys), tuple(status), [15.0], note="y"), room_px
    )
    assert panel.shape[0] <= room_px[1]
    assert panel.shape[1] <= room_px[0]


@pytest.mark.parametrize("frame_ms", [[], [0.0], [float("nan"), float("inf"), -1.0, 1e12]])
def test_the_help_paneltakes_any_times(frame_ms: list[float]) -> None:
    assert help_panel.draw_help(Help("", (), (), frame_ms), (300, 200)).size
