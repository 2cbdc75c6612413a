"""Playing live, end to end: real processes without a window, judged by what they write."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from engine.play.live.sources import MOST_ITEMS
from engine.sources.osc.sender import open as open_sender
from tests.performing import (
    LIMIT_S,
    descendants,
    is_alive,
    lamp,
    play,
    read_plan,
    replay,
    same_rows,
    shared_memory,
    succeed,
    until,
)
from tests.places import SHOWS

PROMISED = {
    "frames", "skipped", "fps", "frame_ms", "stages_cpu_ms", "generators", "osc", "ticks", "schema",
    "full_collections", "memory", "open_files",
}  # fmt: skip
GAIN = "/layer/wash/effect/tint/gain"
OPACITY = "/layer/wash/opacity"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_performance_says_when_it_is_ready_and_what_it_did(tmp_path: Path) -> None:
    with play(tmp_path, SHOWS / "lamp.toml", "--duration", "1.5") as playing:
        ready = playing.ready()
        assert ready["pid"] == playing.pid
        assert ready["ports"]["osc"] > 0
        assert ready["workers"]["lamp"] > 0
        assert ready["missing"] == {}
        stats = playing.stats()
    assert stats.keys() >= PROMISED
    assert stats["schema"] == 1
    assert stats["full_collections"] == 0
    assert stats["memory"].keys() == stats["open_files"].keys() == {"main", "lamp"}
    if sys.platform == "linux":
        assert all(count > 0 for held in ("memory", "open_files") for count in stats[held].values())
    assert stats["frame_ms"].keys() >= {"p50", "p95", "p99"}
    assert stats["frame_ms"]["p50"] <= stats["frame_ms"]["p99"]
    assert stats["generators"]["lamp"].keys() >= {"rate_hz", "age_ms", "restarts"}
    assert stats["generators"]["lamp"]["restarts"] == 0
    assert stats["osc"].keys() >= {"received", "dropped", "unknown"}
    assert {"control", "compose", "output"} <= stats["stages_cpu_ms"].keys()
    assert stats["frames"] >= 1
    assert stats["ticks"] == len(playing.plan()["tick"])
    assert playing.said == ""


def test_osc_moves_a_parameter_at_once_and_refuses_what_is_wrong(tmp_path: Path) -> None:
    with play(tmp_path, SHOWS / "wash.toml") as playing:
        port = playing.ready()["ports"]["osc"]
        send(port, GAIN, 0.25)
        send(port, "/layer/1/opacity", 7.0)  # an alias, and too much
        send(port, OPACITY, "loud")
        send(port, "/no/such/thing", 1)
        send(port, "/no/such/thing", 2)
        send(port, "/show/load", "sha256:0")  # inner events are not for strangers
        send(port, GAIN, 0.1, 0.2)
        send(port, GAIN, 0.5)
        playing.records(f'"{GAIN}", 0.5')
        assert playing.end() == 0
        stats = playing.stats()
    plan = playing.plan()
    assert stats["osc"]["received"] == 8
    assert stats["osc"]["unknown"] == {"/no/such/thing": 2, "/show/load": 1}
    assert stats["osc"]["unknown_total"] == 3
    assert stats["osc"]["refused"] == 2
    # Nothing between the old value and the new ones: it takes effect on a tick, at once.
    assert set(plan[GAIN].tolist()) - {0.75} == {0.5} or set(plan[GAIN].tolist()) == {
        0.75, 0.25, 0.5,
    }  # fmt: skip
    assert plan[GAIN][-1] == 0.5
    assert set(plan[OPACITY].tolist()) == {0.5, 1.0}
    same_rows(plan, replay(tmp_path), stats["ticks"])


def send(port: int, address: str, *values: object) -> None:
    """Send one message, as python-osc writes it."""
    builder = OscMessageBuilder(address=address)
    for value in values:
        builder.add_arg(value)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(builder.build().dgram, ("127.0.0.1", port))


FLOOD = """
import socket, sys
from pythonosc.osc_message_builder import OscMessageBuilder
port, count = int(sys.argv[1]), int(sys.argv[2])
builder = OscMessageBuilder(address=sys.argv[3]); builder.add_arg(0.5)
packet = builder.build().dgram
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sent = 0
for _ in range(count):
    try:
        sender.sendto(packet, ("127.0.0.1", port)); sent += 1
    except OSError:
        pass
print(sent)
"""


def unread(port: int) -> int:
    """Bytes that wait in the kernel for a UDP port of this machine (Linux; elsewhere 0)."""
    table = Path("/proc/net/udp")
    if not table.exists():
        return 0
    for line in table.read_text().splitlines()[1:]:
        words = line.split()
        if int(words[1].split(":")[1], 16) == port:
            return int(words[4].split(":")[1], 16)
    return 0


@on_linux
def test_a_flood_of_osc_stops_no_frame_and_is_accounted_for(tmp_path: Path) -> None:
    with play(tmp_path, SHOWS / "wash.toml") as playing:
        port = playing.ready()["ports"]["osc"]
        flood = subprocess.run(
            [sys.executable, "-c", FLOOD, str(port), "60000", GAIN], capture_output=True, text=True
        )
        sent = int(flood.stdout)
        until(lambda: unread(port) == 0, "the rest of the flood to be read")
        send(port, OPACITY, 0.125)
        playing.records(f'"{OPACITY}", 0.125')
        assert playing.end() == 0
        stats = playing.stats()
    osc = stats["osc"]
    assert osc["received"] + osc["dropped"] == sent + 1
    assert osc["received"] <= MOST_ITEMS * (stats["frames"] + 1)
    assert stats["frames"] > osc["received"] / MOST_ITEMS
    assert playing.plan()[OPACITY][-1] == 0.125


def test_ctrl_c_ends_a_performance_well(tmp_path: Path) -> None:
    with play(tmp_path, SHOWS / "wash.toml") as playing:
        playing.ready()
        assert playing.end(signal.SIGINT) == 0
        ticks = playing.stats()["ticks"]
    assert playing.said == ""
    same_rows(playing.plan(), replay(tmp_path), ticks)


@on_linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_it_nothing_is_left(tmp_path: Path, number: int) -> None:
    with play(tmp_path, SHOWS / "lamp.toml") as playing:
        playing.ready()
        children = descendants(playing.pid)
        memory = shared_memory({playing.pid})
        assert children
        assert memory
        code = playing.end(number)
        assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
        until(lambda: not any(map(is_alive, children)), "the children to end")
        until(lambda: not any(path.exists() for path in memory), "the shared memory to go")
    assert "Traceback" not in playing.said
    if number == signal.SIGTERM:
        assert playing.said == ""
        same_rows(playing.plan(), replay(tmp_path), playing.stats()["ticks"])
    else:  # what was recorded up to then is a take all the same
        assert len(replay(tmp_path)["tick"]) > 0


def test_the_seed_and_size_of_the_command_line_are_in_the_take(tmp_path: Path) -> None:
    words = ("--seed", "77", "--size", "96x54", "--duration", "0.3")
    with play(tmp_path, SHOWS / "lamp.toml", *words) as playing:
        ticks = playing.stats()["ticks"]
    plan = replay(tmp_path)
    same_rows(playing.plan(), plan, ticks)
    succeed("plan", SHOWS / "lamp.toml", "--ticks", ticks, "--out", tmp_path / "other.npz",
            env=lamp(tmp_path))  # fmt: skip
    latent = "/layer/lamp/generator/z"
    assert (read_plan(tmp_path / "other.npz")[latent] != plan[latent]).any()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with play(tmp_path, SHOWS / "wash.toml", "--osc", f"127.0.0.1:{port}") as playing:
            assert playing.process.wait(LIMIT_S) == 69
    assert f"127.0.0.1:{port}" in playing.said
    assert "Traceback" not in playing.said
    assert len(playing.said.splitlines()) == 1


def test_a_show_that_vanishes_while_it_plays_goes_on(tmp_path: Path) -> None:
    shutil.copytree(SHOWS, tmp_path / "shows")
    with play(tmp_path, tmp_path / "shows" / "wash.toml") as playing:
        playing.ready()
        (tmp_path / "shows" / "wash.toml").unlink()
        playing.hears("the old show goes on")
        assert playing.end() == 0


def test_a_control_is_learned_and_what_it_moves_replays_to_the_bit(tmp_path: Path) -> None:
    """OSC to an address that the show does not have is a control like any other."""
    folder = tmp_path / "run"
    with play(folder, SHOWS / "wash.toml") as playing:
        sender = open_sender("127.0.0.1", playing.ready()["ports"]["osc"])
        sender.send("/learn/target", GAIN)
        playing.hears(f"learn {GAIN}: move a control")
        for value in (0.2, 0.4, 0.3):
            sender.send("/9/fader1", value)
        playing.hears(f"osc/9/fader1 of osc moves {GAIN}")
        for value in (0.0, 1.0, 0.625):  # by the value that is there, and from then on in hand
            sender.send("/9/fader1", value)
        playing.records(f'"{GAIN}", 0.625')
        sender.send("/learn/target", 5.0)
        playing.hears("/learn/target takes a text, not 5")
        sender.close()
        playing.process.send_signal(signal.SIGINT)
        found = playing.stats()["controllers"]
        assert found["moved"] >= 5
        assert not found["missing"]
        (kept,) = (folder / "config" / "latent-cinema" / "mappings").glob("*.toml")
        assert f'address = "{GAIN}"' in kept.read_text("utf-8")
        same_rows(playing.plan(), replay(folder), 10)
    with play(tmp_path / "again", SHOWS / "wash.toml") as playing:
        playing.ready()
        assert playing.end() == 0
