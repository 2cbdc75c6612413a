"""What takes long while a show begins is said once, and marked for as long as it takes."""

from __future__ import annotations

from engine.play.pixels.startup import TELL_AFTER_S, Startup

LOADS, DRAWS = "is loading", "draws its first picture"


def test_what_lasts_is_said_once_and_marked_until_it_is_over() -> None:
    startup = Startup()
    assert startup.tend({"a": LOADS, "b": LOADS}, 10.0) == []
    assert startup.mark == ""
    assert startup.tend({"a": LOADS}, 10.0 + TELL_AFTER_S) == ["layer a is loading"]
    assert startup.tend({"a": LOADS}, 90.0) == []
    assert startup.mark == "a is loading"
    assert startup.tend({"a": DRAWS}, 91.0) == []  # for how long is not known yet
    assert startup.mark == ""
    assert startup.tend({"a": DRAWS, "b": LOADS}, 95.0) == ["layer a draws its first picture"]
    assert startup.tend({"a": DRAWS, "b": LOADS}, 99.0) == ["layer b is loading"]
    assert startup.mark == "a draws its first picture; b is loading"
    assert startup.tend({}, 100.0) == []
    assert startup.mark == ""


def test_the_next_time_it_is_said_again() -> None:
    startup = Startup()
    for start_s in (0.0, 100.0):
        startup.tend({"a": LOADS}, start_s)
        assert startup.tend({"a": LOADS}, start_s + 50.0) == ["layer a is loading"]
        startup.tend({}, start_s + 60.0)
