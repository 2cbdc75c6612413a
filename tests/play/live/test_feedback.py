"""Feedback by OSC: changes go out, what came in does not come back."""

from __future__ import annotations

import socket

import pytest

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.show.addresses import addresses
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.play.live.feedback import Feedback
from engine.sources.osc import osc

SHOW = "schema = 1\n[[layers]]\nid = 'a'\n[layers.generator]\nkind = 'cppn'\n"


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        found.settimeout(2)
        yield found


def drain(receiver):
    receiver.settimeout(0.2)
    found = {}
    try:
        while True:
            found.update(osc.decode(receiver.recv(2000)).messages)
    except TimeoutError:
        return found


def test_every_parameter_is_told_once_and_changes_follow(receiver):
    show, _ = load.read(SHOW, "t", lambda name: "")
    feedback = Feedback(f"127.0.0.1:{receiver.getsockname()[1]}")
    state = first_state(show)
    for _ in range(6):
        feedback.send(show, state, ())
    told = drain(receiver)
    assert told["/layer/a/opacity"] == 1.0
    assert told["/layer/a/path/motion"] == "walk"
    assert "/master/jump" not in told  # a trigger has no value to show
    state = advance(show, state, 0, [Event(0, "/layer/a/opacity", 0.25)])
    feedback.send(show, state, ())
    assert drain(receiver) == {"/layer/a/opacity": 0.25}
    feedback.send(show, state, ())
    assert drain(receiver) == {}
    feedback.close()


def test_all_of_it_is_sent_again_when_asked_for_or_when_the_show_is_another(receiver):
    show, _ = load.read(SHOW, "t", lambda name: "")
    feedback = Feedback(f"127.0.0.1:{receiver.getsockname()[1]}")
    state = first_state(show)

    def told():
        for _ in range(6):
            feedback.send(show, state, ())
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
    feedback.close()


def test_a_pad_is_told_both_of_its_numbers_unless_it_sent_them(receiver):
    show, _ = load.read(SHOW, "t", lambda name: "")
    feedback = Feedback(f"127.0.0.1:{receiver.getsockname()[1]}")
    state = first_state(show)
    for _ in range(6):
        feedback.send(show, state, ())
    drain(receiver)
    state = advance(show, state, 0, [Event(0, "/master/steer_x", 0.5)])
    feedback.send(show, state, ())
    assert drain(receiver) == {"/master/steer_x": 0.5, "/master/steer": (0.5, 0.0)}
    for arrived, event in (
        ("/master/steer", Event(1, "/master/steer", (0.25, 0.75))),
        ("/layer/1/opacity", Event(2, "/layer/1/opacity", 0.5)),
    ):
        feedback.send(show, state, [arrived])
        state = advance(show, state, event.tick, [event])
        feedback.send(show, state, ())
        assert drain(receiver) == {}
    feedback.close()


def test_a_value_that_came_by_osc_is_not_echoed(receiver):
    show, _ = load.read(SHOW, "t", lambda name: "")
    feedback = Feedback(f"127.0.0.1:{receiver.getsockname()[1]}")
    state = first_state(show)
    for _ in range(6):
        feedback.send(show, state, ())
    drain(receiver)
    feedback.send(show, state, ["/layer/a/opacity"])  # it arrives now …
    state = advance(show, state, 0, [Event(0, "/layer/a/opacity", 0.5)])
    feedback.send(show, state, ())  # … and is in force from this frame on
    assert drain(receiver) == {}
    feedback.close()


def test_a_bad_endpoint_is_refused():
    with pytest.raises(ValueError, match="HOST:PORT"):
        Feedback("nowhere")
