"""A desk plays a show: its channels come to parameters by mappings, and the take needs no desk."""

from __future__ import annotations

import shutil
import socket
from contextlib import closing
from pathlib import Path

from stupidArtnet import StupidArtnet

from tests.performing import play, replay, same_rows, until
from tests.places import SHOWS

DESK = """
[[sources]]
kind = "dmx"
config = { protocol = "artnet", artnet_port = PORT, pairs = ["1/5+6"] }
[[mappings]]
control = "dmx/1/1"
address = "/master/brightness"
[[mappings]]
control = "dmx/1/5+6"
address = "/layer/form/opacity"
range = [1.0, 0.0]
"""
MOVED = "/master/brightness", "/layer/form/opacity"


def test_a_desk_moves_parameters_and_the_take_plays_without_it(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shutil.copytree(SHOWS, tmp_path / "shows")
    show = tmp_path / "shows" / "tiny.toml"
    show.write_text(show.read_text("utf-8") + DESK.replace("PORT", str(port)), "utf-8")
    with play(tmp_path, show) as playing, closing(StupidArtnet("127.0.0.1", 1, port=port)) as desk:
        playing.ready()
        desk.set_single_value(1, 51)
        desk.set_16bit(5, 16_384, high_first=True)

        def is_recorded() -> bool:
            desk.show()
            parts = (tmp_path / "take" / "parts").glob("*.jsonl")
            text = "".join(part.read_text("utf-8") for part in parts)
            return all(text.count(f'"{name}"') > 1 for name in MOVED)  # once in the first state

        until(is_recorded, "both parameters in the take")
        playing.end()
    plan = playing.plan()
    assert plan["/master/brightness"][-1] == 0.2
    assert abs(plan["/layer/form/opacity"][-1] - (1.0 - 16_384 / 65_535)) < 1e-6
    same_rows(plan, replay(tmp_path), len(plan["tick"]))
