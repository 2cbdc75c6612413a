"""A program of somebody else explores a show, listens to it and plays it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from engine.sources.osc import sender
from tests.performing import play, replay, same_rows
from tests.places import SHOWS

PACKAGES = ("oscquery@1.1.1", "ws@8")
CLIENT = Path(__file__).with_name("oscquery_client.js")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client with the packages that it needs; skipped where there is no Node or no registry."""
    folder = tmp_path_factory.mktemp("npm")
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm's oscquery: there is no Node here")
    words = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"npm's oscquery: it cannot be fetched ({done.stderr[-200:]})")
    return Path(shutil.copy(CLIENT, folder))


def test_a_stranger_explores_listens_and_plays_and_the_take_holds_it(
    tmp_path: Path, client: Path
) -> None:
    with play(tmp_path, SHOWS / "tiny.toml", "--oscquery", "127.0.0.1:0") as playing:
        ports = playing.ready()["ports"]
        words = ["node", client, str(ports["oscquery"])]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as stranger:
            assert stranger.stdout is not None
            found = json.loads(stranger.stdout.readline())
            assert found["name"] == "Latent Cinema"
            assert found["methods"] > 100
            speed = found["speed"]
            assert (speed["FULL_PATH"], speed["TYPE"]) == ("/master/speed", "f")
            assert speed["RANGE"] == [{"MIN": -4, "MAX": 4}]
            assert json.loads(stranger.stdout.readline()) == {"told": 1}
            playing.records("/master/brightness")
            with sender.open("127.0.0.1", ports["osc"]) as osc:
                osc.send("/master/speed", 0.5)
            assert json.loads(stranger.stdout.readline()) == {"told": 0.5}
        assert stranger.returncode == 0
        playing.end()
        assert playing.stats()["oscquery"]["restarts"] == 0
    played, again = playing.plan(), replay(tmp_path)
    same_rows(played, again, min(len(played["tick"]), len(again["tick"])))
    assert np.float64(0.25) in played["/master/brightness"]
