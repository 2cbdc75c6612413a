"""Ableton Link: what the show does alone and in a session; with a true peer in a namespace.

The names of the cases are those of Link's own TEST-PLAN.md.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import time
from typing import Any

import pytest

from engine.core.control.transport import heard
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.show.state import State, first_state
from engine.core.tempo.sync import SYNC, Beat, read_sync
from engine.sources.link import Config, Link
from engine.sources.link import open as open_link
from tests.making import read_show
from tests.performing import until

SHOW = read_show("")
HZ = 120


class Session:
    """A session as Link's wrapper shows it, with a clock of its own."""

    def __init__(self) -> None:
        self.ns = self.peers = self.commits = 0
        self.bpm, self.origin, self.plays, self.enabled = 120.0, (0.0, 0), False, False
        self.startStopSyncEnabled = False

    def clock(self) -> Session:
        return self

    def micros(self) -> int:
        return self.ns // 1000 + 777_000_000

    def numPeers(self) -> int:  # noqa: N802
        return self.peers

    def captureSessionState(self) -> Session:  # noqa: N802
        return self

    def commitSessionState(self, _: Session) -> None:  # noqa: N802
        self.commits += 1

    def tempo(self) -> float:
        return self.bpm

    def isPlaying(self) -> bool:  # noqa: N802
        return self.plays

    def beatAtTime(self, micros: int, _: float) -> float:  # noqa: N802
        return self.origin[0] + (micros - self.origin[1]) / 60e6 * self.bpm

    def forceBeatAtTime(self, beat: float, micros: int, _: float) -> None:  # noqa: N802
        self.origin = (beat, micros)

    def setTempo(self, bpm: float, micros: int) -> None:  # noqa: N802
        self.origin = (self.beatAtTime(micros, 4.0), micros)
        self.bpm = bpm


class Rig:
    """A show that takes part, tick by tick."""

    def __init__(self, config: Config = Config()) -> None:  # noqa: B008
        self.session = Session()
        self.link = Link(config, lambda: self.session.ns, self.session)
        self.state = first_state(SHOW)
        self.jumps: list[float] = []

    def run(self, ticks: int, **events: float) -> State:
        given = [Event(0, f"/transport/{name}", value) for name, value in events.items()]
        for _ in range(ticks):
            said = [Event(0, address, value, "link") for _, address, value in self.link.poll(9)]
            self.state = advance(SHOW, self.state, self.state.tick + 1, [*given, *said])
            given = []
            self.link.keep_time(heard(SHOW, self.state, self.session.ns))
            self.session.ns += round(1e9 / HZ)
            if self.state.transport.jump:
                self.jumps.append(self.state.transport.jump)
        return self.state

    def off(self) -> float:
        """How far the show's beat is from the session's."""
        session = self.session.beatAtTime(self.session.micros(), 4.0)
        return math.remainder(self.state.transport.beat + 2 / 120 - session, 4.0)


def test_alone_the_show_leads_and_nothing_changes_for_it() -> None:
    """TEMPO-5 and BEATTIME-1."""
    rig = Rig()
    rig.run(300, bpm=97.0)
    assert rig.session.bpm == 97.0
    assert rig.state.transport == rig.run(0).transport
    assert rig.link.poll(9) == []
    alone = first_state(SHOW)
    for tick in range(300):
        given = [Event(0, "/transport/bpm", 97.0)] if tick == 0 else []
        alone = advance(SHOW, alone, tick, given)
    assert rig.state.transport == alone.transport
    commits = rig.session.commits
    rig.run(300)
    assert rig.session.commits == commits  # nothing is written while nothing changes


def test_a_joiner_changes_neither_tempo_nor_beat_of_the_show() -> None:
    """BEATTIME-2: it finds the show's timeline in the session."""
    rig = Rig()
    rig.run(250, bpm=110.0)
    rig.session.peers = 1
    before = rig.state.transport.beat
    after = rig.run(120).transport
    assert after.beat == pytest.approx(before + 110 / 60, abs=0.01)
    assert after.tempo == pytest.approx(110.0)
    assert rig.jumps == []


def test_joining_a_session_takes_its_tempo() -> None:
    """TEMPO-2: also when the show says another one."""
    rig = Rig()
    rig.session.bpm, rig.session.peers = 130.0, 1
    rig.run(240)
    assert (rig.session.bpm, rig.session.commits) == (130.0, 0)
    assert rig.state.transport.tempo == 130.0
    assert abs(rig.off()) < 0.03


def test_tempo_goes_both_ways() -> None:
    """TEMPO-1."""
    rig = Rig()
    rig.session.peers = 2
    rig.run(120)
    rig.session.setTempo(133.0, rig.session.micros())
    assert rig.run(120).transport.tempo == 133.0
    assert rig.session.commits == 0
    assert rig.run(120, bpm=101.5).transport.tempo == 101.5
    assert (rig.session.bpm, rig.session.commits) == (101.5, 1)


def test_a_tempo_beyond_the_shows_range_is_followed_in_a_multiple() -> None:
    """TEMPO-4."""
    rig = Rig()
    rig.session.peers = 1
    for bpm, own in ((20.0, 20.0), (999.0, 249.75), (120.0, 120.0)):
        rig.session.setTempo(bpm, rig.session.micros())
        assert rig.run(240).transport.tempo == pytest.approx(own)
        assert rig.session.bpm == bpm
    rig.run(240, halve=1.0)
    assert rig.state.transport.tempo == 60.0
    assert rig.session.bpm == 120.0  # half time is the show's own


def test_start_and_stop_count_if_they_are_asked_for() -> None:
    rig = Rig(Config(start_stop=True))
    rig.session.peers = 1
    ((_, _, value),) = rig.link.poll(9)
    assert read_sync(value).is_playing is False
    rig.session.plays = True
    rig.session.ns += 10**9
    ((_, _, value),) = rig.link.poll(9)
    assert read_sync(value).is_playing is True


def test_without_the_library_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "link", None)
    with pytest.raises(OSError, match=r"latent-cinema\[link\]"):
        open_link(Config(), time.perf_counter_ns)


PEER = """
import json, sys, time
from link import Link
link = Link(float(sys.argv[1]))
link.enabled = True
for line in sys.stdin:
    state, clock = link.captureSessionState(), link.clock()
    for name, value in json.loads(line).items():
        getattr(state, name)(value, clock.micros())
        link.commitSessionState(state)
    state = link.captureSessionState()
    before, micros, after = time.perf_counter_ns(), clock.micros(), time.perf_counter_ns()
    found = {"peers": link.numPeers(), "bpm": state.tempo(), "beat": state.beatAtTime(micros, 4.0),
             "ns": (before + after) // 2, "plays": state.isPlaying()}
    print(json.dumps(found), flush=True)
"""


class Peer:
    """Another program in the session."""

    def __init__(self, bpm: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PEER, str(bpm)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def ask(self, **calls: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(calls) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Show:
    """A show in real time, as far as the beat goes: ticks up to now, whenever it is looked at."""

    def __init__(self, link: Link) -> None:
        self.link, self.state, self.start_ns = link, first_state(SHOW), time.perf_counter_ns()
        self.given: list[Event] = []

    def tend(self, **events: float) -> None:
        last = (time.perf_counter_ns() - self.start_ns) * HZ // 10**9
        self.given += [Event(0, f"/transport/{name}", value) for name, value in events.items()]
        for tick in range(self.state.tick + 1, last + 1):
            said = [Event(0, SYNC, value, "link") for _, _, value in self._said(tick)]
            self.state = advance(SHOW, self.state, tick, [*self.given, *said])
            self.given = []
        if self.state.tick >= 0:
            self.link.keep_time(self.beat)

    def _said(self, tick: int) -> list[Any]:
        """What the session says, as the queue of a performance carries it to a tick."""
        found = []
        for ns, address, value in self.link.poll(9):
            sync = read_sync(value)
            gone = (self.start_ns + tick * 10**9 / HZ - ns) / 60e9 * sync.bpm
            found.append((ns, address, sync._replace(beat=sync.beat + gone).value))
        return found

    @property
    def beat(self) -> Beat:
        return heard(SHOW, self.state, self.start_ns + self.state.tick * 10**9 // HZ)

    def off(self, told: dict[str, Any]) -> float:
        beat = self.beat
        at = beat.beat + (told["ns"] - beat.at_ns) / 60e9 * beat.bpm
        return math.remainder(at - told["beat"], 4.0)


IS_INSIDE = os.environ.get("LATENT_CINEMA_LINK_TEST") == "1"


def test_a_second_peer_in_a_network_namespace() -> None:
    """Start the case below where nothing leaves the machine."""
    pytest.importorskip("link", reason="the extra link is not installed")
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("making a network namespace needs Linux and root")
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("unshare or iproute2 is not there")
    rig = (
        "ip link set lo up && ip link add v0 type veth peer name v1 && "
        "ip addr add 10.77.0.1/24 dev v0 && ip link set v0 up && ip link set v1 up"
    )
    if subprocess.run(["unshare", "-n", "sh", "-c", rig], capture_output=True).returncode:
        pytest.skip("this container may not make network namespaces")
    command = f'{rig} && exec "$0" -m pytest -q -p no:cacheprovider "{__file__}::test_inside"'
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", command, sys.executable], capture_output=True, text=True,
        env={**os.environ, "LATENT_CINEMA_LINK_TEST": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.skipif(not IS_INSIDE, reason="runs inside the namespace of the case above")
def test_inside() -> None:
    """TEMPO-1, -2, -5 and BEATTIME-1, -2 with a true peer."""
    with open_link(Config(), time.perf_counter_ns) as link:
        show = Show(link)

        def tend(**events: float) -> bool:
            show.tend(**events)
            return True

        until(lambda: tend() and show.state.tick > 60, "half a second alone")
        assert show.state.transport.tempo == 120.0  # TEMPO-5
        before = show.state.transport
        peer = Peer(97.0)
        try:
            until(lambda: tend() and peer.ask()["peers"] == 1, "the peer to find the show")
            until(lambda: tend() and abs(peer.ask()["bpm"] - 120.0) < 0.01, "the show's tempo")
            until(lambda: tend() and link.state == "1 other", "the show to find the peer")
            start = show.state.tick
            until(lambda: tend() and show.state.tick > start + 240, "two seconds together")
            now = show.state.transport  # BEATTIME-2
            assert now.tempo == pytest.approx(120.0, abs=0.01)
            assert now.beat == pytest.approx(before.beat + (show.state.tick - 60) / 60, abs=1.2)
            agreed = lambda: tend() and abs(show.off(peer.ask())) < 0.05  # noqa: E731
            until(agreed, "one beat")

            peer.ask(setTempo=133.0)  # TEMPO-1
            until(lambda: tend() and abs(show.state.transport.tempo - 133.0) < 0.05, "133 bpm")
            until(agreed, "one beat at 133")
            tend(bpm=101.0)
            until(lambda: tend() and abs(peer.ask()["bpm"] - 101.0) < 0.01, "101 bpm at the peer")
            until(agreed, "one beat at 101")
        finally:
            peer.close()
        until(lambda: tend() and link.state == "0 others", "the peer to be gone")
        assert show.state.transport.tempo == pytest.approx(101.0, abs=0.05)
