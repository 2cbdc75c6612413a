"""The tree of OSCQuery: nodes, attributes, values as OSC, and what became of a tree."""

from __future__ import annotations

import pytest
from pythonosc.osc_message import OscMessage

from engine.core.show.addresses import addresses
from engine.desk.tree import MOST_COMMANDS, Tree, differences, message
from tests.making import read_show

LFO = "[[lfos]]\nid = '{}'\nrate_hz = 1.0\n"
SHOW = read_show("[[cues]]\nid = 'one'\n" + LFO.format("one"))


def tree_of(show) -> Tree:
    return Tree([each.report() for each in addresses(show).values()], {})


TREE = tree_of(SHOW)


def test_every_address_of_a_show_is_a_method_below_containers() -> None:
    found, waiting = set(), [TREE.query("/", "")[1]]
    while waiting:
        node = waiting.pop()
        below = node.get("CONTENTS", {})
        assert [each["FULL_PATH"].rpartition("/")[2] for each in below.values()] == list(below)
        waiting += below.values()
        if "TYPE" in node:
            found.add(node["FULL_PATH"])
        else:
            assert node["ACCESS"] == 0
    assert found == set(addresses(SHOW))


@pytest.mark.parametrize(
    ("path", "attribute", "found"),
    [
        ("/master/speed", "RANGE", [{"MIN": -4, "MAX": 4}]),
        ("/master/speed", "VALUE", [1.0]),
        ("/master/speed/", "CLIPMODE", ["both"]),
        ("/master/blackout", "TYPE", "T"),
        ("/master/blackout", "VALUE", [False]),
        ("/master/steer_mode", "RANGE", [{"VALS": ["position", "velocity"]}]),
        ("/master/steer", "TYPE", "ff"),
        ("/master/steer", "VALUE", [0.0, 0.0]),
        ("/master/steer_momentum_s", "UNIT", ["time.second"]),
        ("/master/jump", "ACCESS", 2),
        ("/cue/one/go", "TYPE", "I"),
        ("/transport/bpm", "LABEL", "Tempo"),
    ],
)
def test_one_attribute_is_asked_for(path, attribute, found) -> None:
    assert TREE.query(path, attribute) == (200, {attribute: found})


def test_what_is_not_there_is_said_by_a_status() -> None:
    assert TREE.query("/nothing", "")[0] == TREE.query("/nothing", "VALUE")[0] == 404
    assert TREE.query("/master/jump", "VALUE")[0] == TREE.query("/master", "TYPE")[0] == 204
    assert TREE.query("/master/speed", "COLOUR")[0] == 400


def test_values_are_noted_and_written_as_osc() -> None:
    tree = tree_of(SHOW)
    for address, value, read in (
        ("/master/speed", 0.5, [0.5]),
        ("/master/blackout", 1.0, [True]),
        ("/master/steer", [0.25, -1.0], [0.25, -1.0]),
        ("/master/steer_mode", "velocity", ["velocity"]),
        ("/layer/form/path/seed", 7.0, [7]),
    ):
        tree.set(address, value)
        told = OscMessage(tree.packet(address))
        assert (told.address, told.params) == (address, read)
        assert tree.query(address, "VALUE")[1] == {"VALUE": read}
    tree.set("/master/jump", 3.0)
    tree.set("/nothing", 3.0)
    assert tree.query("/master/jump", "VALUE")[0] == 204


@pytest.mark.parametrize("text", ["", "abc", "abcd", "grün"])
def test_texts_are_padded(text) -> None:
    data = message("/a", "sf", [text, 1.0])
    assert len(data) % 4 == 0
    assert OscMessage(data).params == [text, 1.0]


def test_another_show_is_said_by_what_came_went_and_changed() -> None:
    one, two, first = map(LFO.format, ("one", "two", "first"))
    old, other = tree_of(read_show(one)), tree_of(read_show(one + two))
    assert differences(old, other) == [{"COMMAND": "PATH_ADDED", "DATA": "/lfo/two"}]
    assert differences(other, old) == [{"COMMAND": "PATH_REMOVED", "DATA": "/lfo/two"}]
    (said,) = differences(old, tree_of(read_show(first)))
    assert said == {"COMMAND": "PATH_RENAMED", "DATA": {"OLD": "/lfo/one", "NEW": "/lfo/first"}}
    changed = tree_of(SHOW)
    changed.nodes["/master/speed"]["RANGE"] = [{"MIN": 0, "MAX": 1}]
    changed.nodes["/master/speed"]["VALUE"] = [0.5]
    assert differences(TREE, changed) == [{"COMMAND": "PATH_CHANGED", "DATA": "/master/speed"}]
    assert differences(TREE, tree_of(SHOW)) == []


def test_a_show_that_is_all_another_is_said_in_one_sentence() -> None:
    reports = [{"address": f"/a{n}/b", "type": "float"} for n in range(MOST_COMMANDS + 1)]
    reports += [{"address": f"/a{n}/c{n}", "type": "int"} for n in range(MOST_COMMANDS + 1)]
    assert differences(TREE, Tree(reports, {})) == [{"COMMAND": "PATH_CHANGED", "DATA": "/"}]
