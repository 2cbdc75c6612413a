"""Maps of controllers: what is shipped fits every show, and what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.control.mappings import bind
from engine.core.show.show import Show
from engine.documents.show.device_maps import DeviceMap, read_map, shipped
from engine.documents.show.load import ShowError, load
from engine.play.live.commands import ADDRESSES
from tests.making import read_show

MAPS = {path.stem: read_map(path) for path in shipped()}
LAYER = '[[layers]]\nid = "l{}"\n[layers.generator]\nkind = "cppn"\n'
MACRO = '[[macros]]\nid = "m{}"\ntargets = [{{ target = "/layer/l0/opacity", range = [0, 1] }}]\n'
WIDE = read_show(
    "".join(map(LAYER.format, range(8)))
    + "".join(map(MACRO.format, range(8)))
    + "".join(f'[[cues]]\nid = "c{n}"\n' for n in range(40))
    + '[[cue_lists]]\nid = "main"\ncues = ["c0", "c1"]\n'
)


def moved(found: DeviceMap, show: Show) -> set[str]:
    """Addresses that a map moves in a show; nothing of a shipped map may be impossible."""
    addresses = set()
    for each in found.mappings:
        try:
            addresses.add(bind(show, ADDRESSES, each).address)
        except KeyError:
            continue
    return addresses


def test_there_are_maps_for_four_controllers() -> None:
    assert set(MAPS) == {"apc40_mk2", "launchpad", "midi_fighter_twister", "nanokontrol2"}
    for name, device in (
        ("nanokontrol2", "nanoKONTROL2 nanoKONTROL2 _ CTR"), ("apc40_mk2", "APC40 mkII"),
        ("launchpad", "Launchpad Mini MK3 LPMiniMK3 MI"), ("launchpad", "LPX MIDI"),
        ("midi_fighter_twister", "Midi Fighter Twister"),
    ):  # fmt: skip
        assert [each for each, found in MAPS.items() if found.is_for(device)] == [name]
    assert not MAPS["launchpad"].is_for("LPX DAW")


@pytest.mark.parametrize("name", MAPS)
def test_a_shipped_map_names_its_source_and_each_control_once(name: str, root: Path) -> None:
    text = (root / "presets" / "controllers" / f"{name}.toml").read_text("utf-8")
    assert "Numbers: " in text.split("\ndevices")[0]
    controls = [each.control for each in MAPS[name].mappings]
    assert len(controls) == len(set(controls)) >= 40


@pytest.mark.parametrize("name", MAPS)
def test_a_shipped_map_moves_something_in_every_shipped_show(name: str, root: Path) -> None:
    for path in sorted((root / "presets").glob("*.toml")):
        show = load(str(path)).show
        found = moved(MAPS[name], show)
        assert {"/master/blackout", "/master/freeze", "/master/jump"} <= found, path
        assert any(address.endswith("/opacity") for address in found), path
        assert not show.cues or any(address.endswith("/go") for address in found), path


@pytest.mark.parametrize("name", MAPS)
def test_a_shipped_map_is_of_use_in_a_large_show(name: str) -> None:
    found = moved(MAPS[name], WIDE)
    wanted = {each.address for each in MAPS[name].mappings}
    assert {a for a in wanted if a not in WIDE.registry.index and a not in ADDRESSES} == set()
    assert sum(address.startswith("/cue/") for address in found) >= 16
    assert sum(address.endswith("/opacity") for address in found) == 8


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("device = 'x'", "unknown key 'device'; allowed are: devices, show, setup, mappings"),
        ("setup = ['hello']", "setup: 'hello' is no MIDI message in hexadecimal"),
        ("setup = ['12 34']", "setup: '12 34' is no MIDI message"),
        ("[[mappings]]\ncontrol = 'x'\naddress = '/x'", r"mappings\[0\]: 'x' is no control"),
        ("[[mappings]]\ncontrol = 'key/x'", r"mappings\[0\]: the key 'address' is missing"),
        ("[[mappings", "not valid TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_name(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "box.toml"
    path.write_text(text)
    with pytest.raises(ShowError, match=why) as caught:
        read_map(path)
    assert str(path) in str(caught.value)
    with pytest.raises(ShowError, match="cannot be read"):
        read_map(tmp_path / "none.toml")
