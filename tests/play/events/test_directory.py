"""A pattern reaches the addresses that it is for, each once, within a budget."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.core.event import Value
from engine.play.event_queue import MOST_READ, EventQueue
from engine.play.events.directory import MOST_KEPT, MOST_TARGETS, Directory, Neighbours
from engine.sources.contract import EVERYTHING, Origin
from engine.sources.osc import pattern as patterns
from tests.making import FORM, read_show

SHOW = read_show(
    'signals = ["hand", "foot"]\n[[cues]]\nid = "one"\n'
    + FORM
    + "[[layers]]\nid = 'wall'\n[layers.generator]\nkind = 'cppn'\n[[layers]]\nid = 'sea'\n"
)
OPACITIES = [f"/layer/{layer.id}/opacity" for layer in SHOW.layers]


def send(
    queue: EventQueue, *items: tuple[str, Value], origin: tuple[str, ...] = EVERYTHING
) -> list[tuple[str, Value]]:
    """What of it becomes events."""
    queue.take(
        SHOW, -1, Origin("osc", origin), [(0, *item) for item in items], lambda _: Fraction()
    )
    return [(event.address, event.value) for event in queue.events_of(0)]


def test_a_pattern_is_one_event_for_each_address_by_its_own_name() -> None:
    queue = EventQueue()
    assert send(queue, ("/layer/*/opacity", 0.3)) == [(each, 0.3) for each in OPACITIES]
    assert send(queue, ("/layer/[23]/opacity", 0.5)) == [(each, 0.5) for each in OPACITIES[1:]]
    assert send(queue, ("/cue/{1,one}/go", 1.0)) == [("/cue/one/go", 1.0)]
    assert send(queue, ("/signal/*", 1.0)) == [("/signal/hand", 1.0), ("/signal/foot", 1.0)]
    assert send(queue, ("/master/steer*", (0.1, 0.2))) == [("/master/steer", (0.1, 0.2))]
    assert (queue.refused, queue.unknown_total) == (0, 0)


def test_a_pattern_reaches_those_that_take_its_value() -> None:
    queue = EventQueue()
    assert send(queue, ("/layer/form/path/*", "orbit")) == [("/layer/form/path/motion", "orbit")]
    assert send(queue, ("/layer/*/opacity", 0.3), origin=("/layer/sea/",)) == []
    assert send(queue, ("/*/*/opacity", 0.3), origin=("/*/", "/layer/sea/")) == [
        ("/layer/sea/opacity", 0.3)
    ]
    assert send(queue, ("/master/jum?", 0.0)) == []  # released
    assert queue.refused == 1
    assert send(queue, ("/layer/*/opacity", "high"), ("/nobody/*", 0.5)) == []
    assert (queue.refused, queue.unknown) == (2, {"/nobody/*": 1})
    assert (
        queue.complaints.refusals["/layer/*/opacity"][1].endswith(
            f"none of its {len(OPACITIES)} addresses takes the text 'high'"
        )
        or "does not declare" in queue.complaints.refusals["/layer/*/opacity"][1]
    )


def test_nobody_reaches_what_belongs_to_the_engine_by_a_pattern() -> None:
    queue = EventQueue()
    patterns = ("/signal/audio*", "/signal/*/*", "/show/*", "/clock/*", "/layer/*/ready")
    assert send(queue, *((pattern, 1.0) for pattern in patterns)) == []
    assert queue.unknown_total + queue.refused == len(patterns)


def test_new_patterns_of_one_frame_are_bounded() -> None:
    patterns.compile_part.cache_clear()
    queue = EventQueue()
    found = send(queue, *((f"/layer/*/opacit{letter}*", 0.5) for letter in "yyyyyy"))
    assert len(found) == 6 * len(OPACITIES)  # the same one is free
    found = send(queue, *((f"/layer/{'*' * k}x*/opacity", 0.5) for k in range(1, 30)))
    assert (found, queue.unknown_total) == ([], 3)
    assert queue.refused == 26
    assert len(send(queue, *((f"/layer/{'*' * 9}/opacity", 0.5) for _ in range(4)))) > 0  # later


def test_ten_new_patterns_of_a_pad_work_at_once() -> None:
    queue = EventQueue()
    sent = [
        (f"/layer/*/{name}", 0.5)
        for name in ("opacity", "path/speed", "path/offset", "path/radius")
    ]
    sent += [(f"/layer/{{form,wall,sea}}/path/{n}", 0.5) for n in ("pad_x", "pad_y", "radius")]
    sent += [(f"/*/form/{name}", 0.5) for name in ("opacity", "path/speed", "path/radius")]
    assert len(send(queue, *sent)) >= 10
    assert queue.refused == queue.unknown_total == 0


def test_events_of_patterns_in_one_frame_are_bounded() -> None:
    queue = EventQueue()
    pattern = "/layer/form/path/*"
    queue.budget.follow = lambda _: None  # type: ignore[method-assign]  # nothing is dear
    each = len(send(queue, (pattern, 0.5)))
    count = len(queue.directory(SHOW).matching(pattern))
    found = send(queue, *[(pattern, 0.5)] * 200)
    rounds = MOST_READ // (count + 1)
    assert len(found) == rounds * each
    assert queue.refused == 200 - rounds


def test_what_is_kept_and_what_one_pattern_is_for_are_bounded() -> None:
    directory = Directory(SHOW, {})
    for k in range(3 * MOST_KEPT):
        directory.matching(f"/layer/{k}*")
    assert len(directory._found) <= MOST_KEPT
    with pytest.raises(ValueError, match=f"more than {MOST_TARGETS} addresses"):
        directory.matching("/*/*/*/*")


def test_the_nearest_is_near_or_nothing() -> None:
    known = ["/layer/form/opacity", "/layer/form/generator/truncation", "/master/brightness"]
    names = Neighbours([*known, *(f"/layer/form/effect/{k}/amount" for k in range(500))])
    assert names.nearest("/layer/form/generater/truncation") == known[1]
    assert names.nearest("/master/brightnes") == known[2]
    assert names.nearest("/layer/from/opacity") == known[0]
    assert names.nearest("/layer/form/opacity/") == known[0]
    assert names.nearest("/zzz") == ""


def test_other_programs_addresses_and_values_from_0_to_1_become_events_of_the_show():
    queue = EventQueue()
    rows = (
        ("/composition/layers/1/video/opacity", 0.25),
        ("/layer/form/opacity/normalised", 0.5),
        ("/layer/*/path/jump_s/normalised", 1.0),
        ("/1/xy1", (0.5, 1.0)),
        ("/layer/form/opacity/normalised", "loud"),
        ("/layer/form/nothing/normalised", 0.5),
        ("/composition/layers/9/video/opacity", 0.25),
    )
    told = send(queue, *rows)
    flights = [row for row in told if row[0].endswith("jump_s")]
    assert flights
    assert {value for _, value in flights} == {30.0}
    assert [row for row in told if row not in flights] == [
        ("/layer/1/opacity", 0.25), ("/layer/form/opacity", 0.5), ("/master/steer", (0.0, 3.0)),
    ]  # fmt: skip
    assert queue.refused == 1
    assert set(queue.unknown) == {
        "/layer/form/nothing/normalised", "/composition/layers/9/video/opacity",
    }  # fmt: skip


def test_feedback_learns_what_a_message_was_for_by_whatever_name():
    queue = EventQueue()
    directory = queue.directory(SHOW)
    assert directory.targets("/layer/1/opacity") == ("/layer/form/opacity",)
    assert directory.targets("/composition/layers/1/video/opacity") == ("/layer/form/opacity",)
    assert directory.targets("/layer/form/opacity/normalised") == ("/layer/form/opacity",)
    assert directory.targets("/nothing") == directory.targets("/layer/*/opacity") == ()
    directory.matching("/layer/*/opacity")
    assert "/layer/form/opacity" in directory.targets("/layer/*/opacity/normalised")
