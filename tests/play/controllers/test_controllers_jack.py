"""A real cable into a real performance: a fader and a pad play, the pad is lit, the take has all.

Run as a program, inside ``.ci/with-jack``, this file is the controller beside the player.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.documents.take.reader import open_take
from tests.performing import LIMIT_S, inside_jack, until

FADER = "/layer/a/opacity"
SHOW = """
schema = 1
size_px = [64, 36]
[[layers]]
id = "a"
opacity = 0.0
generator = { kind = "flat" }
[[cues]]
id = "dark"
set = { "/master/brightness" = 0.25 }
[[mappings]]
control = "midi/1/cc/7"
address = "/layer/a/opacity"
takeover = "jump"
[[mappings]]
control = "midi/1/note/36"
address = "/cue/dark/go"
light = { on = 21, off = 1 }
"""


def play(folder: Path) -> list[str]:
    """Play a fader and a pad; give back what the device heard."""
    from engine.sources.midi.ports import _bindings

    library: Any = _bindings()
    api: Any = getattr(getattr(library, "RtMidiAPI", library), "UNIX_JACK", None)
    api = library.API_UNIX_JACK if api is None else api
    heard: list[bytes] = []
    ear = library.MidiIn(api, "Box")
    ear.set_callback(
        lambda *given: heard.append(bytes(given[0] if len(given) == 3 else given[0][0]))
    )
    ear.open_virtual_port("leds")
    mouth = library.MidiOut(api, "Box")
    mouth.open_virtual_port("knobs")
    ready, stats = folder / "ready.json", folder / "stats.json"
    player = subprocess.Popen(
        [sys.executable, "-m", "engine.app.cli.main", "play", folder / "show.toml",
         "--output", "null", "--osc", "127.0.0.1:0", "--audio", "off", "--device", "cpu",
         "--take", folder / "take", "--ready", ready, "--stats", stats],
    )  # fmt: skip
    try:
        until(ready.exists, "the player")
        # The fader moves until the player has found the device: its port appears some time later.
        places = iter(range(1, 10_000))

        def lit_after_a_press() -> bool:
            mouth.send_message([0xB0, 7, next(places) % 100])
            mouth.send_message([0x90, 36, 127])
            time.sleep(0.2)
            mouth.send_message([0x80, 36, 0])
            return b"\x90\x24\x15" in heard

        until(lit_after_a_press, "the light of the pad")
        mouth.send_message([0xB0, 7, 127])
        parts = folder / "take" / "parts"
        top = f'"{FADER}", 1'
        until(lambda: any(top in p.read_text("utf-8") for p in parts.glob("*.jsonl")), "the fader")
    finally:
        player.send_signal(signal.SIGINT)
        player.wait(LIMIT_S)
    return [message.hex() for message in heard]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("jack")
    (folder / "show.toml").write_text(SHOW, "utf-8")
    heard = inside_jack(__file__, folder, env={"XDG_CONFIG_HOME": str(folder / "settings")})
    return folder, heard


def test_hands_play_and_the_take_needs_no_controller(played: tuple[Path, list[str]]) -> None:
    folder, _ = played
    take = open_take(folder / "take")
    events = [e for tick in range(take.last_tick + 1) for e in take.events_of(tick)]
    faded = [e.value for e in events if e.address == FADER]
    assert faded[-1] == 1.0
    assert any(e.address == "/cue/dark/go" for e in events)
    assert not any(e.address.startswith("midi/") for e in events)
    stats = json.loads((folder / "stats.json").read_text("utf-8"))
    assert next(s for s in stats["sources"] if s["kind"] == "midi")["state"] in ("open", "running")


def test_the_pad_is_lit(played: tuple[Path, list[str]]) -> None:
    assert "902415" in played[1]  # note 36, colour 21; what is not told back: test_feedback


if __name__ == "__main__":
    answer = json.dumps(play(Path(sys.argv[1])))
    print(answer, flush=True)
    os._exit(0)  # without tidying: a library whose server dies first would wait
