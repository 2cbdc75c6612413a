"""OpenTimelineIO files: newer than the library, hostile, old, and what editors put in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.documents.edit.timeline import EditError
from tests.edits import Clip, frames, look, otio_clip, otio_text, write
from tests.places import DATA


def case(name: str) -> str:
    return (DATA / "edits" / name).read_text("utf-8")


def changed(change: Any) -> str:
    """A timeline of two clips, after something was done to its first track."""
    data = json.loads(otio_text([otio_clip("out.mp4", 5, 4), otio_clip("out.mp4", 50, 4)]))
    change(data["tracks"]["children"][0])
    return json.dumps(data)


def test_a_file_may_be_newer_than_the_library() -> None:
    assert frames(".otio", case("newer.otio")) == [10, 11, 12, 13, 14]

    def renew(track: dict[str, Any]) -> None:
        track["OTIO_SCHEMA"] = "Track.9"
        track["children"][0]["OTIO_SCHEMA"] = "Clip.7"
        track["children"][0]["effects"] = [{"OTIO_SCHEMA": "Glow.4", "name": "glow"}]

    assert frames(".otio", changed(renew)) == [5, 6, 7, 8, 50, 51, 52, 53]
    assert look(".otio", changed(renew))[2] == ["edit.otio: 1 effects are left out: glow"]


@pytest.mark.parametrize(
    ("schema", "told"),
    [("TimeRemap.1", "speed that changes"), ("TimeEffect.1", "speed that changes")],
)
def test_what_could_change_the_time_is_refused(schema: str, told: str) -> None:
    def remap(track: dict[str, Any]) -> None:
        track["children"][0]["effects"] = [{"OTIO_SCHEMA": schema, "name": "x"}]

    with pytest.raises(EditError, match=rf"track 1, clip 1 'out\.mp4': a {told}"):
        frames(".otio", changed(remap))


def test_bytes_that_ended_the_library() -> None:
    with pytest.raises(EditError, match="track 1: a SerializableObjectRef cannot be followed"):
        frames(".otio", case("ref_cycle.otio"))
    with pytest.raises(EditError, match="not an OpenTimelineIO file"):
        frames(".otio", '{"a":"' + '\\"' * 200_000)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("title.otio", r"track 2, clip 1 'Title' is drawn by the editor \(Title\)"),
        ("missing.otio", "'Adjustment' without media"),
    ],
)
def test_titles_and_adjustment_layers(name: str, told: str) -> None:
    with pytest.raises(EditError, match=rf"{told}.*, or say --ignore titles"):
        frames(".otio", case(name))
    assert frames(".otio", case(name), ignored=["titles"]) == list(range(20))
    assert "left out" in look(".otio", case(name), ignored=["titles"])[2][0]


def test_lost_media_are_known_by_name() -> None:
    def lose(name: str) -> Any:
        def change(track: dict[str, Any]) -> None:
            track["children"][0]["name"] = name
            references = track["children"][0]["media_references"]
            references["DEFAULT_MEDIA"] = {"OTIO_SCHEMA": "MissingReference.1"}

        return change

    assert frames(".otio", changed(lose("out.mov")))[:4] == [5, 6, 7, 8]
    with pytest.raises(EditError, match=r"shows 'cat\.mov', which is not the proxy"):
        frames(".otio", changed(lose("cat.mov")))
    with pytest.raises(EditError, match="without media"):
        frames(".otio", changed(lose("Shape")))


def test_black_hides_and_ranges_of_tracks_count() -> None:
    def blacken(track: dict[str, Any]) -> None:
        media = {"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": "black"}
        track["children"][0]["media_references"]["DEFAULT_MEDIA"] = media

    assert frames(".otio", changed(blacken)) == [None] * 4 + [50, 51, 52, 53]

    def trim(first: float, count: float, rate: float = 25.0) -> Any:
        def change(track: dict[str, Any]) -> None:
            times = {"start_time": first, "duration": count}
            track["source_range"] = {"OTIO_SCHEMA": "TimeRange.1"} | {
                key: {"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate}
                for key, value in times.items()
            }

        return change

    assert frames(".otio", changed(trim(2, 4))) == [7, 8, 50, 51]
    assert frames(".otio", changed(trim(0, 8))) == [5, 6, 7, 8, 50, 51, 52, 53]
    found, _, notes = look(".otio", changed(trim(-86243, 1049)))
    assert len(found) == 8
    assert "its range shows none of its clips" in notes[0]


def test_odd_numbers_that_are_really_written() -> None:
    def zero(track: dict[str, Any]) -> None:
        for clip in track["children"]:
            reference = clip["media_references"]["DEFAULT_MEDIA"]
            for key in ("start_time", "duration"):
                reference["available_range"][key]["rate"] = 0.0
        track["metadata"] = {"a": "Inf \\", "b": 1}

    text = changed(zero).replace('"b": 1', '"b": -Inf, "c": NaN, "d": Infinity')
    assert frames(".otio", text) == [5, 6, 7, 8, 50, 51, 52, 53]
    assert frames(".otio", text.replace("Track.1", "Sequence.1")) == [5, 6, 7, 8, 50, 51, 52, 53]


def test_wipes_are_said() -> None:
    text = write(".otio", (Clip(0, 9), Clip(50, 9, fade=4)))
    assert look(".otio", text)[2] == []
    other = text.replace("SMPTE_Dissolve", "Custom_Transition")
    assert "a wipe is followed as a dissolve" in look(".otio", other)[2][0]
