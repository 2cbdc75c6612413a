"""Feedback to sinks: changes go out, what came in does not come back."""

from __future__ import annotations

import socket

import pytest

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.show.addresses import addresses
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.play.live.feedback import Feedback
from engine.sources.osc import osc, sender

SHOW = "schema = 1\n[[layers]]\nid = 'a'\n[layers.generator]\nkind = 'cppn'\n"


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        found.settimeout(2)
        yield found


@pytest.fixture
def feedback(receiver):
    found = Feedback(pytest.fail)
    found.add(sender.open("127.0.0.1", receiver.getsockname()[1]))
    yield found
    found.close()


class Lamps:
    """A sink that remembers what it was told."""

    def __init__(self, kind=""):
        self.kind, self.lit, self.flushes = kind, {}, 0

    def send(self, address, value):
        self.lit[address] = value

    def flush(self):
        self.flushes += 1


def drain(receiver):
    receiver.settimeout(0.2)
    found = {}
    try:
        while True:
            found.update(osc.decode(receiver.recv(2000)).messages)
    except TimeoutError:
        return found


def test_every_parameter_is_told_once_and_changes_follow(receiver, feedback):
    show, _ = load.read(SHOW, "t", lambda name: "")
    state = first_state(show)
    for _ in range(6):
        feedback.send(show, state, {})
    told = drain(receiver)
    assert told["/layer/a/opacity"] == 1.0
    assert told["/layer/a/path/motion"] == "walk"
    assert "/master/jump" not in told  # a trigger has no value to show
    state = advance(show, state, 0, [Event(0, "/layer/a/opacity", 0.25)])
    feedback.send(show, state, {})
    assert drain(receiver) == {"/layer/a/opacity": 0.25}
    feedback.send(show, state, {})
    assert drain(receiver) == {}


def test_all_of_it_is_sent_again_when_asked_for_or_when_the_show_is_another(receiver, feedback):
    show, _ = load.read(SHOW, "t", lambda name: "")
    state = first_state(show)

    def told():
        for _ in range(6):
            feedback.send(show, state, {})
        return drain(receiver)

    first = told()
    assert set(first) == {
        each.address
        for each in addresses(show).values()
        if each.kind != "trigger" and each.parameters
    }
    assert told() == {}
    feedback.send_all()
    assert told() == first
    show, _ = load.read(SHOW, "t", lambda name: "")
    assert told() == first


def test_a_pad_is_told_both_of_its_numbers_unless_it_sent_them(receiver, feedback):
    show, _ = load.read(SHOW, "t", lambda name: "")
    state = first_state(show)
    for _ in range(6):
        feedback.send(show, state, {})
    drain(receiver)
    state = advance(show, state, 0, [Event(0, "/master/steer_x", 0.5)])
    feedback.send(show, state, {})
    assert drain(receiver) == {"/master/steer_x": 0.5, "/master/steer": (0.5, 0.0)}
    for arrived, event in (
        ("/master/steer", Event(1, "/master/steer", (0.25, 0.75))),
        ("/layer/1/opacity", Event(2, "/layer/1/opacity", 0.5)),
    ):
        feedback.send(show, state, {"osc 127.0.0.1": [arrived]})
        state = advance(show, state, event.tick, [event])
        feedback.send(show, state, {})
        assert drain(receiver) == {}


def test_a_value_that_came_by_osc_is_not_echoed(receiver, feedback):
    show, _ = load.read(SHOW, "t", lambda name: "")
    state = first_state(show)
    for _ in range(6):
        feedback.send(show, state, {})
    drain(receiver)
    feedback.send(show, state, {"osc 127.0.0.1": ["/layer/a/opacity"]})  # it arrives now …
    feedback.send(show, state, {})  # … is for a tick of the next frame …
    state = advance(show, state, 0, [Event(0, "/layer/a/opacity", 0.5)])
    feedback.send(show, state, {})  # … and in force from this one on
    assert drain(receiver) == {}


def test_each_sink_is_told_on_its_own_when_it_joins_and_never_what_it_sent():
    show, _ = load.read(SHOW, "t", lambda name: "")
    feedback = Feedback(pytest.fail)
    assert not feedback.send_all()
    one, two = Lamps("midi"), Lamps("osc")
    feedback.add(one)
    assert feedback.kinds == {"midi"}
    state = first_state(show)
    for _ in range(6):
        feedback.send(show, state, {})
    feedback.add(two)
    flushes = one.flushes
    for _ in range(6):
        feedback.send(show, state, {})
    assert one.lit == two.lit
    assert one.flushes == flushes + 6
    feedback.send(show, state, {"midi": ["/layer/a/opacity"]})
    state = advance(show, state, 0, [Event(0, "/layer/a/opacity", 0.5)])
    feedback.send(show, state, {})
    assert (one.lit["/layer/a/opacity"], two.lit["/layer/a/opacity"]) == (1.0, 0.5)
    one.lit, two.lit = {}, {}
    feedback.send_all(one)
    feedback.send(show, state, {})
    assert one.lit
    assert not two.lit


def test_a_sink_that_breaks_is_left_and_the_others_are_told():
    show, _ = load.read(SHOW, "t", lambda name: "")
    said = []
    feedback = Feedback(said.append)
    broken, works = Lamps("midi"), Lamps()
    broken.send = None
    feedback.add(broken)
    feedback.add(works)
    feedback.send(show, first_state(show), {})
    assert works.lit
    assert feedback.kinds == {""}
    assert len(said) == 1
    assert said[0].startswith("feedback to midi ends:")
