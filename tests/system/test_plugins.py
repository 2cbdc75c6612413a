"""A plug-in is one file: on a shelf, or in a package that names it by an entry point."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents.show import load
from engine.outputs import registry as outputs
from engine.play.live.options import Options
from engine.play.live.sources import Sources
from engine.sources import registry as sources

PEDAL = """
from dataclasses import dataclass

ADDRESSES = ("/master/brightness",)

@dataclass(frozen=True)
class Config:
    value: float = 0.5

def open(config, now_ns):
    return Pedal(config, now_ns)

class Pedal:
    def __init__(self, config, now_ns):
        self.config, self.now_ns = config, now_ns

    def poll(self, max_items):
        return [(self.now_ns(), "/master/brightness", self.config.value)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
"""


@pytest.fixture
def _pedal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with a source and an output is installed."""
    (tmp_path / "my_pedal.py").write_text(PEDAL)
    info = tmp_path / "pedal-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pedal\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[latent_cinema.sources]\npedal = my_pedal\nosc = my_pedal\n"
        "[latent_cinema.outputs]\nwall = my_pedal\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("_pedal")
def test_an_installed_package_brings_sources_and_outputs() -> None:
    assert "pedal" in sources.kinds()
    assert "pedal" not in outputs.kinds()
    assert outputs.load("wall") is sources.load("pedal")
    assert sources.load("osc").__name__ == "engine.sources.osc.osc"  # nobody stands in for ours
    text = 'schema = 1\n[[sources]]\nkind = "pedal"\nconfig = { value = 0.25 }\n'
    options = Options(osc="127.0.0.1:0")
    with Sources(load.decode(text, "t"), options, False, print) as found:
        heard = {s.origin: items for s, items, _ in found.poll(0.0)}
    pedal = next(origin for origin in heard if origin.name == "pedal")
    assert [item[1:] for item in heard[pedal]] == [("/master/brightness", 0.25)]
    assert not pedal.may_write("/master/blackout")


@pytest.mark.parametrize("kind", ["", "__init__", "contract", "osc.osc", "../osc", "os", "x" * 900])
def test_no_show_imports_what_is_no_plugin(kind: str) -> None:
    with pytest.raises(ValueError, match="there is no source '"):
        sources.load(kind)
