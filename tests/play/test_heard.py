"""What shaders hear live is what the take holds, however a device delivers it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.core.frame.advance import advance
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.documents.take.reader import open_take
from engine.documents.take.recorder import Recorder
from engine.play.heard import Heard
from tests.places import SHOWS


def test_a_take_gives_the_same_samples_at_the_same_places(tmp_path: Path) -> None:
    loaded = load.load(str(SHOWS / "tiny.toml"))
    show, heard, rng = loaded.show, Heard(), np.random.default_rng(1)
    state, seen = first_state(show), []
    recorder = Recorder(tmp_path / "take", show, loaded.text, header={}, sound=(48_000, 2))
    for tick in range(120 * 11):  # over the border of two parts
        after = advance(show, state, tick)
        recorder.tick(show, state, (), after)
        state = after
        late = 20_000 if tick == 700 else 0  # a device that was away, and one that is early
        place = tick * 400 + int(rng.integers(-300, 300)) + late
        count = int(rng.integers(0, 900))
        heard.add(*recorder.sound(place, rng.uniform(-1, 1, (count, 2)).astype(np.float32)))
        seen.append((heard.end, heard.read(max(heard.end - 2048, 0), 2048)))
    recorder.close()
    take: Any = open_take(tmp_path / "take")
    for end, samples in seen[5:]:
        taken = take.sound(max(end - 2048, 0), 2048)
        assert np.array_equal(np.rint(samples * 32767), np.rint(taken * 32767))
    assert len({end for end, _ in seen}) > 1000


@given(st.lists(st.tuples(st.integers(-50, 300), st.integers(0, 60)), max_size=8))
def test_any_delivery_leaves_the_newest_at_its_place(parts: list[tuple[int, int]]) -> None:
    heard = Heard()
    for gap, count in parts:
        samples = np.arange(1, count + 1, dtype=np.float32)[:, None]
        place = max(heard.end + gap, 0)
        heard.add(place, samples)
        if count:
            assert heard.end == place + count
            assert np.array_equal(heard.read(place, count), samples)
            assert (heard.read(heard.end, 4) == 0).all()
