"""Takes: what is written is read back bit for bit; what is damaged, missing or altered is named."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.event import Event
from engine.core.show.snapshot import from_data, migrate, to_data
from engine.core.show.state import State, first_state
from engine.documents.show.load import ShowError
from engine.documents.take import reader, recorder
from engine.documents.take.content_store import TakeError, manifest
from engine.documents.take.reader import Take, open_take
from engine.documents.take.recorder import Recorder
from engine.play.film.playback import open_playback
from engine.system.atomic import copy
from engine.system.hashing import content_hash
from tests.making import FORM, GLOW, line_of, read_show, run
from tests.performing import LIMIT_S

SHOW = read_show('signals = ["hand"]\nname = "taken"')
TEXT = f'schema = 1\ncontrol_hz = "120"\nsignals = ["hand"]\nname = "taken"{FORM}'
AMOUNT = "/layer/form/effect/glow/amount"
RATE_HZ = 8000


@pytest.fixture(autouse=True)
def _short_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(recorder, "PART_S", 1)
    monkeypatch.setattr(reader, "PART_S", 1)
    monkeypatch.setattr(recorder, "LEAST_FREE_BYTES", 0)
    yield
    reader.read_part.cache_clear()
    reader.read_pcm.cache_clear()
    reader.read_show.cache_clear()


def listed(*events) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = {}
    for number, (tick, address, value) in enumerate(events):
        found.setdefault(tick, []).append(Event(tick, address, value, "osc", number))
    return found


def record(folder: Path, ticks: int = 300, events=None, sounds=(), **options) -> list[State]:
    """Record; the sounds are (tick, place, samples). Return the state of every tick."""
    options.setdefault("header", {})
    rec = Recorder(folder, SHOW, TEXT, **options)
    line, states = line_of(SHOW), []
    line.on_tick = lambda show, before, found, after: states.append(after)
    for tick in range(ticks):
        line.tick(tick, (events or {}).get(tick, ()))
        before = states[-2] if tick else first_state(SHOW)
        rec.tick(SHOW, before, (events or {}).get(tick, ()), states[-1])
        for at, place, samples in sounds:
            if at == tick:
                rec.sound(place, samples)
    rec.close()
    assert rec.error == ""
    return states


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    events = listed(
        (0, AMOUNT, 0.1), (7, AMOUNT, 1), (7, "/master/freeze", True), (130, "/signal/hand", 1 / 3),
        (131, "/signal/audio", (0.1, 1e-300, 5e-324)), (299, "/layer/form/path/motion", "orbit"),
        (250, "/x", "ünï\n\u2028\"'"),
    )  # fmt: skip
    record(tmp_path / "t", events=events)
    found = open_take(tmp_path / "t")
    assert found.parts == (0, 120, 240)
    assert found.last_tick == 299
    for tick in range(300):
        read = list(found.events_of(tick))
        assert read == events.get(tick, [])
        assert [type(e.value) for e in read] == [type(e.value) for e in events.get(tick, [])]


def test_states_come_back_bit_for_bit(tmp_path: Path) -> None:
    events = listed((100, "/master/jump", True), (110, AMOUNT, 1 / 3), (200, "/master/freeze", 1))
    states = record(tmp_path / "t", events=events)
    found = open_take(tmp_path / "t")
    for part in (120, 240):
        _, state = found.state_before(part + 5)
        assert_same(state, states[part - 1])
    assert found.state_before(3)[1].tick == -1


def assert_same(a: State, b: State) -> None:
    assert json.dumps(to_data(SHOW, a)) == json.dumps(to_data(SHOW, b))
    assert a.base.tobytes() == b.base.tobytes()


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.sampled_from([AMOUNT, "/signal/hand", "/master/jump", "/transport/tap",
                             "/master/steer_x", "/layer/form/path/speed", "/master/freeze"]),
            st.one_of(st.booleans(), st.floats(-5, 5)),
        ),
        max_size=15,
    )
)  # fmt: skip
def test_a_snapshot_is_the_state(events) -> None:
    state = run(SHOW, 70, events)
    again = from_data(SHOW, json.loads(json.dumps(to_data(SHOW, state))))
    assert_same(again, state)
    assert_same(run(SHOW, 90, [], again), run(SHOW, 90, [], state))


def test_a_state_moves_into_an_edited_show() -> None:
    state = run(SHOW, 50, [(3, AMOUNT, 0.9), (20, "/master/jump", True)])
    more = read_show(
        'signals = ["other", "hand"]\nstart = "c"\n[[cues]]\nid = "c"\n'
        + FORM.replace('shader = "glow"', 'shader = "glow"\ninputs = { amount = 0.1, mode = 2 }')
        + '[[layers]]\nid = "two"\n'
    )
    moved = migrate(SHOW, more, state)
    assert moved.tick == 50
    assert moved.base[more.registry.index[AMOUNT]] == 0.9  # a person set it
    assert moved.base[more.registry.index["/layer/form/effect/glow/mode"]] == 2.0  # nobody did
    assert moved.paths[0].place == 1
    assert moved.paths[0].phase == state.paths[0].phase
    assert_same(migrate(SHOW, SHOW, state), state)
    run(more, 60, [], moved)


def test_the_header_keeps_places_for_what_comes_later(tmp_path: Path) -> None:
    record(tmp_path / "t", header={"fps": "24000/1001", "started": "now"})
    header = open_take(tmp_path / "t").header
    assert (header["reproduction"], header["copy"], header["schema"]) == ("open", 0, 1)
    assert (header["ticks"], header["control_hz"], header["fps"]) == (300, "120", "24000/1001")
    assert header["models"][0]["kind"] == "cppn"
    assert header["made_with"].startswith("latent-cinema ")
    assert header["show"] == manifest(TEXT, SHOW)[0]


def test_a_take_is_never_overwritten(tmp_path: Path) -> None:
    record(tmp_path / "t", 3)
    with pytest.raises(FileExistsError, match="a take already"):
        record(tmp_path / "t", 3)


def test_the_show_is_in_the_take_by_content(tmp_path: Path) -> None:
    record(tmp_path / "t")
    show, _ = open_take(tmp_path / "t").state_before(0)
    assert show.name == "taken"
    assert show.shaders == {"glow": GLOW}


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "parts").glob("*.jsonl"))


def test_a_cut_off_last_line_is_where_the_take_ends(tmp_path: Path) -> None:
    record(tmp_path / "t", events=listed((250, AMOUNT, 0.5), (270, AMOUNT, 0.6)))
    last = parts(tmp_path / "t")[-1]
    data = last.read_bytes()
    cut = data.index(b"[270")
    for end in (cut + 1, cut + 5, cut + 20):
        last.write_bytes(data[:end])
        found = open_take(tmp_path / "t")
        assert found.last_tick == 250  # the newest that is known to have been played
        assert len(found.events_of(250)) == 1
        assert found.events_of(270) == ()


@pytest.mark.parametrize("kept", [0, 1, 300])
def test_a_part_that_was_barely_begun_is_left_out(tmp_path: Path, kept: int) -> None:
    record(tmp_path / "t")
    last = parts(tmp_path / "t")[-1]
    last.write_bytes(last.read_bytes()[:kept])
    found = open_take(tmp_path / "t")
    assert found.parts == (0, 120)
    assert found.last_tick == 239


def damage(path: Path, number: int, line: str) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n", "utf-8")
    reader.read_part.cache_clear()


BAD_LINES = [
    "", "{", "[1", "null", "3", "[]", "{}", '{"at": "x"}', '{"at": 1e999}', '{"at": 999999999}',
    '{"at": 1e400}', "[125, 1]", '["x", "/a", 1, "s", 0]', '[1e999, "/a", 1, "s", 0]',
    '[125, "/a", null, "s", 0]', '[125, "/a", {}, "s", 0]',
    '[125, "/a", [1' + "0" * 400 + '], "s", 0]',
    '[125, "/a", ["x"], "s", 0]', '[-5, "/a", 1, "s", 0]', '[99999, "/a", 1, "s", 0]',
    '[125, "/a", 1, "s", 1e999]', "[" * 5000, "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: line[:20])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    record(tmp_path / "t", events=listed((130, AMOUNT, 0.5)))
    path = parts(tmp_path / "t")[1]
    damage(path, 2, line)
    with pytest.raises(TakeError, match=r"0000000120\.jsonl:2: .*damaged"):
        open_take(tmp_path / "t").events_of(130)


def test_a_line_cut_off_in_the_middle_of_a_take_is_damage(tmp_path: Path) -> None:
    record(tmp_path / "t")
    path = parts(tmp_path / "t")[0]
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(TakeError, match="damaged"):
        open_take(tmp_path / "t").events_of(3)


def test_lines_or_parts_lost_in_the_middle_are_missed(tmp_path: Path) -> None:
    record(tmp_path / "t", 500)
    first, second, *_ = parts(tmp_path / "t")
    whole = first.read_text("utf-8").splitlines(keepends=True)
    first.write_text("".join(whole[:-1]), "utf-8")
    with pytest.raises(TakeError, match="ends at tick 90, the next part begins at 120"):
        open_take(tmp_path / "t").events_of(3)
    first.write_text("".join(whole), "utf-8")
    second.unlink()
    reader.read_part.cache_clear()
    found = open_take(tmp_path / "t")
    with pytest.raises(TakeError, match="ends at tick 119, the next part begins at 240"):
        found.events_of(3)
    assert found.state_before(250)[1].tick == 239


def altered(change) -> str:
    first = {"tick": 119, "sample": 0, "show": manifest(TEXT, SHOW)[0]}
    first["state"] = to_data(SHOW, run(SHOW, 119))
    change(first)
    return json.dumps(first)


STATES = {
    "another tick": lambda f: f.update(tick=3),
    "another state's tick": lambda f: f["state"].update(tick=-(10**9)),
    "no show": lambda f: f.update(show=None),
    "samples": lambda f: f.update(sample="x"),
    "no state": lambda f: f.update(state=[]),
    "infinite": lambda f: f["state"]["base"].update({AMOUNT: float("inf")}),
    "NaN": lambda f: f["state"]["transport"].__setitem__(0, float("nan")),
    "immense": lambda f: f["state"]["steer"][0].__setitem__(0, 1e300),
    "longer than float": lambda f: f["state"]["lfos"].update(o=[10**400, 0]),
    "text": lambda f: f["state"]["base"].update({AMOUNT: "loud"}),
    "a short axis": lambda f: f["state"].update(steer=[[0, 0], [0, 0, 0]]),
    "routes": lambda f: f["state"].update(routes=[[1, 2, 3, 4, 5, 6, 7]]),
    "an infinite origin": lambda f: f["state"]["paths"]["/layer/form/path"].__setitem__(
        4, [float("inf")] * 64
    ),
    "beats": lambda f: f["state"].update(transport=[0.0]),
    "an infinite tick": lambda f: f["state"].update(cue=["", float("inf")]),
}


@pytest.mark.parametrize("name", sorted(set(STATES) - {"longer than float"}))
def test_a_state_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    record(tmp_path / "t")
    damage(parts(tmp_path / "t")[1], 1, altered(STATES[name]))
    found = open_take(tmp_path / "t")
    with pytest.raises((TakeError, ShowError)) as error:
        found.state_before(130)
    assert str(tmp_path / "t") in str(error.value)


def test_a_state_with_strange_ramps_plays(tmp_path: Path) -> None:
    def change(first) -> None:
        first["state"]["ramps"] = [[AMOUNT, 0.0, 1.0, 0, 5.0, "wild"], ["/x", 0, 1, 0, 1, "linear"]]
        first["state"]["base"]["/layer/form/path/motion"] = 1e12

    record(tmp_path / "t")
    damage(parts(tmp_path / "t")[1], 1, altered(change))
    show, state = open_take(tmp_path / "t").state_before(130)
    assert state.ramps == ()
    run(show, 140, [], state)


def test_a_missing_blob_is_named(tmp_path: Path) -> None:
    record(tmp_path / "t")
    for blob in sorted((tmp_path / "t" / "blobs").iterdir()):
        data = blob.read_bytes()
        blob.unlink()
        reader.read_show.cache_clear()
        with pytest.raises((TakeError, ShowError), match=f"sha256:{blob.name}"):
            open_take(tmp_path / "t").state_before(0)
        blob.write_bytes(data)


def test_an_altered_blob_is_named(tmp_path: Path) -> None:
    record(tmp_path / "t")
    for blob in sorted((tmp_path / "t" / "blobs").iterdir()):
        data = blob.read_bytes()
        blob.write_bytes(data + b" ")
        reader.read_show.cache_clear()
        with pytest.raises((TakeError, ShowError), match=f"{blob.name}.*altered"):
            open_take(tmp_path / "t").state_before(0)
        blob.write_bytes(data)


@pytest.mark.parametrize("data", [b"[]", b"{", b"3", b"[" * 5000, b'{"show": 3, "shaders": {}}',
                                  b'{"show": "../../etc/passwd", "shaders": {}}',
                                  b'{"show": "sha256:x", "shaders": 5}'])  # fmt: skip
def test_a_strange_manifest_is_refused(tmp_path: Path, data: bytes) -> None:
    record(tmp_path / "t", 3)
    name = content_hash(data)
    (tmp_path / "t" / "blobs" / name.removeprefix("sha256:")).write_bytes(data)
    with pytest.raises(TakeError):
        open_take(tmp_path / "t").show(name)


def rewrite(folder: Path, **changes) -> None:
    header = tomlkit.parse((folder / "take.toml").read_text("utf-8"))
    header.update({k: v for k, v in changes.items() if v is not None})
    for key in [k for k, v in changes.items() if v is None]:
        del header[key]
    (folder / "take.toml").write_text(tomlkit.dumps(header), "utf-8")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": 2}, "this version reads 1, not 2"),
        ({"control_hz": None}, "control_hz"),
        ({"control_hz": "1e999999999"}, "not a rate"),
        ({"control_hz": "60"}, "60 ticks per second, the show 120"),
        ({"fps": "1/0"}, "not a rate"),
        ({"seed": "x"}, "seed"),
        ({"size_px": [1, 10**9]}, "size_px"),
        ({"size_px": 5}, "take.toml"),
        ({"sound": 5}, "take.toml"),
        ({"sound": {"rate_hz": 8000}}, "channels"),
        ({"sound": {"rate_hz": "8000", "channels": 1}}, "rate_hz"),
        ({"sound": {"rate_hz": 8000, "channels": 0}}, "channels"),
    ],
)
def test_a_strange_header_is_refused(tmp_path: Path, changes, words: str) -> None:
    record(tmp_path / "t", 3)
    rewrite(tmp_path / "t", **changes)
    with pytest.raises(TakeError, match=words) as error:
        open_playback(str(tmp_path / "t"))
    assert str(tmp_path / "t") in str(error.value)


def test_what_is_no_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="not a take"):
        open_take(tmp_path)
    (tmp_path / "take.toml").write_text("schema = 1\n")
    with pytest.raises(TakeError, match="no parts"):
        open_take(tmp_path)
    (tmp_path / "take.toml").write_text("[" * 5000)
    with pytest.raises(TakeError, match="not a take"):
        open_take(tmp_path)


def test_the_seed_and_size_of_the_performance_are_kept(tmp_path: Path) -> None:
    record(tmp_path / "t", header={"seed": 77, "size_px": [320, 180]})
    playback = open_playback(str(tmp_path / "t"))
    assert playback.size_px == (320, 180)
    assert playback.line_at(playback.start_s).show.seed == 77


def test_a_rolling_take_forgets_its_oldest_parts(tmp_path: Path) -> None:
    record(tmp_path / "t", 1200, limit_s=3.0)
    names = [int(path.stem) for path in parts(tmp_path / "t")]
    assert names == [600, 720, 840, 960, 1080]  # the limit, a part for its fraction, and the newest
    found = open_take(tmp_path / "t")
    assert found.state_before(700)[1].tick == 599


def test_keeping_copies_the_newest_parts_while_recording_goes_on(tmp_path: Path) -> None:
    rec = Recorder(tmp_path / "t", SHOW, TEXT, header={}, limit_s=5.0)
    line = line_of(SHOW)
    line.on_tick = rec.tick
    for tick in range(700):
        line.tick(tick, ())
    rec.keep(tmp_path / "kept", 2.0)
    for tick in range(700, 1300):
        line.tick(tick, ())
    rec.close()
    kept = open_take(tmp_path / "kept")
    assert kept.parts == (360, 480, 600)
    assert kept.last_tick == 699
    assert kept.header["ticks"] == 700
    assert kept.state_before(400)[0].name == "taken"
    assert open_take(tmp_path / "t").last_tick == 1299
    assert str(tmp_path / "kept") in rec.news


def test_keeping_where_nothing_can_be_kept_ends_nothing(tmp_path: Path) -> None:
    rec = Recorder(tmp_path / "t", SHOW, TEXT, header={})
    line = line_of(SHOW)
    line.on_tick = rec.tick
    (tmp_path / "kept" / "blobs").mkdir(parents=True)
    line.tick(0, ())
    rec.keep(tmp_path / "kept", 2.0)
    for tick in range(1, 50):
        line.tick(tick, ())
    rec.close()
    assert "nothing was kept" in rec.news
    assert rec.error == ""
    assert open_take(tmp_path / "t").last_tick == 49


def test_half_a_copy_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rec = Recorder(tmp_path / "t", SHOW, TEXT, header={})
    line = line_of(SHOW)
    line.on_tick = rec.tick
    for tick in range(130):
        line.tick(tick, ())
    copied: list[Path] = []

    def fill_up(one: Path, other: Path) -> None:
        if one.suffix == ".jsonl":
            raise OSError(28, "No space left on device")
        copy(one, other)
        copied.append(other)

    monkeypatch.setattr(recorder, "copy", fill_up)
    rec.keep(tmp_path / "kept", 2.0)
    rec.close()
    assert copied
    assert rec.news == f"{tmp_path / 'kept'}: No space left on device; nothing was kept"
    assert not (tmp_path / "kept").exists()
    assert open_take(tmp_path / "t").last_tick == 129


def test_a_take_needs_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("a picture")
    with pytest.raises(FileExistsError, match="it is not empty; choose another folder"):
        Recorder(tmp_path, SHOW, TEXT, header={})
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
    with pytest.raises(FileExistsError, match=r"holiday\.jpg: this is a file; a take is a folder"):
        Recorder(tmp_path / "holiday.jpg", SHOW, TEXT, header={})
    (tmp_path / "empty").mkdir()
    Recorder(tmp_path / "empty", SHOW, TEXT, header={}).close()


@pytest.mark.parametrize("failing", ["full", "gone"])
def test_a_disk_error_ends_the_recording_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    rec = Recorder(tmp_path / "t", SHOW, TEXT, header={})
    line = line_of(SHOW)
    line.on_tick = rec.tick
    for tick in range(130):
        line.tick(tick, ())
    rec.flush()
    is_written = threading.Event()
    rec._put(is_written.set)
    assert is_written.wait(LIMIT_S)  # an empty queue is not enough: the last job may be at work
    if failing == "full":
        monkeypatch.setattr(recorder, "LEAST_FREE_BYTES", 1 << 60)
    else:
        shutil.rmtree(tmp_path / "t" / "parts")
    for tick in range(130, 400):
        line.tick(tick, ())
    rec.close()
    assert "recording stopped, the show goes on" in rec.error
    assert str(tmp_path / "t") in rec.error
    assert line.state.tick == 399
    if failing == "full":
        assert open_take(tmp_path / "t").last_tick <= 130


def test_a_disk_that_is_too_slow_ends_the_recording_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "QUEUE_JOBS", 2)
    rec = Recorder(tmp_path / "t", SHOW, TEXT, header={})
    stuck = threading.Event()
    rec._jobs.put(lambda: stuck.wait())  # type: ignore[arg-type, return-value]
    line = line_of(SHOW)
    line.on_tick = rec.tick
    for tick in range(400):
        line.tick(tick, ())
    assert "too slow; recording stopped" in rec.error
    stuck.set()
    rec.close()


def test_a_rate_of_few_ticks_records(tmp_path: Path) -> None:
    slow = read_show(control_hz="1/4")
    rec = Recorder(tmp_path / "t", slow, 'schema = 1\ncontrol_hz = "1/4"' + FORM, header={})
    line = line_of(slow)
    line.on_tick = rec.tick
    for tick in range(6):
        line.tick(tick, ())
    rec.close()
    assert open_take(tmp_path / "t").last_tick == 5


def ramp(first: int, count: int) -> np.ndarray:
    """Samples that say their own place, exactly."""
    return (np.arange(first, first + count).reshape(-1, 1) % 30000 / 32767.0).astype(np.float32)


def heard(folder: Path, start: int, count: int) -> list[int]:
    return np.rint(open_take(folder).sound(start, count)[:, 0] * 32767).astype(int).tolist()


def test_sound_lies_where_it_was_heard_to_the_sample(tmp_path: Path) -> None:
    block = RATE_HZ // 60
    sounds = [(2 * n, n * block, ramp(n * block, block)) for n in range(150)]
    record(tmp_path / "t", sounds=sounds, sound=(RATE_HZ, 1))
    whole = list(range(150 * block))
    assert heard(tmp_path / "t", 0, 150 * block) == whole
    assert heard(tmp_path / "t", 7990, 20) == whole[7990:8010]  # over the seam of two parts
    assert heard(tmp_path / "t", 15 * block - 3, 7) == whole[15 * block - 3 : 15 * block + 4]
    assert heard(tmp_path / "t", 10**6, 3) == [0, 0, 0]


def test_the_first_sample_lies_exactly_where_it_says(tmp_path: Path) -> None:
    record(tmp_path / "t", sounds=[(20, 1234, ramp(1234, 50))], sound=(RATE_HZ, 1))
    assert heard(tmp_path / "t", 1232, 4) == [0, 0, 1234, 1235]


def test_samples_from_before_the_show_are_cut_off(tmp_path: Path) -> None:
    sounds = [(1, -30, ramp(0, 20)), (2, -10, ramp(20, 40))]
    record(tmp_path / "t", sounds=sounds, sound=(RATE_HZ, 1))
    assert heard(tmp_path / "t", 0, 3) == [30, 31, 32]


def test_what_nearly_follows_is_taken_to_follow(tmp_path: Path) -> None:
    sounds = [(n, 100 * n + (-1) ** n * 40, ramp(100 * n, 100)) for n in range(1, 50)]
    sounds[0] = (1, 100, ramp(100, 100))
    record(tmp_path / "t", sounds=sounds, sound=(RATE_HZ, 1))
    assert heard(tmp_path / "t", 100, 4900) == list(range(100, 5000))


def test_a_gap_is_silence_of_its_length(tmp_path: Path) -> None:
    sounds = [(10, 0, ramp(1, 500)), (110, 6000, ramp(6000, 500))]
    record(tmp_path / "t", sounds=sounds, sound=(RATE_HZ, 1))
    assert heard(tmp_path / "t", 498, 4) == [499, 500, 0, 0]
    assert heard(tmp_path / "t", 5998, 4) == [0, 0, 6000, 6001]


def test_a_gap_over_parts_is_found_again(tmp_path: Path) -> None:
    sounds = [(10, 0, ramp(1, 500)), (290, 19000, ramp(19000, 500))]
    record(tmp_path / "t", sounds=sounds, sound=(RATE_HZ, 1))
    assert heard(tmp_path / "t", 18999, 3) == [0, 19000, 19001]


def test_loud_samples_are_clipped_and_two_channels_stay_two(tmp_path: Path) -> None:
    loud = np.array([[2.0, -2.0], [0.5, -0.5]], np.float32)
    record(tmp_path / "t", sounds=[(1, 0, loud)], sound=(RATE_HZ, 2))
    found = open_take(tmp_path / "t").sound(0, 2)
    assert found[0].tolist() == [1.0, -1.0]
    assert found[1] == pytest.approx([0.5, -0.5], abs=1 / 32767)


def test_a_take_without_sound_says_so(tmp_path: Path) -> None:
    record(tmp_path / "t", sound=(RATE_HZ, 1))
    assert not open_take(tmp_path / "t").has_sound
    assert open_playback(str(tmp_path / "t")).sound is None


def test_half_a_sample_at_the_end_is_left_out(tmp_path: Path) -> None:
    record(tmp_path / "t", 50, sounds=[(1, 0, ramp(1, 10))], sound=(RATE_HZ, 1))
    pcm = next((tmp_path / "t" / "parts").glob("*.pcm"))
    pcm.write_bytes(pcm.read_bytes()[:-1])
    assert heard(tmp_path / "t", 8, 3) == [9, 0, 0]


def test_a_take_is_a_value_of_its_own() -> None:
    assert Take(Path("a"), {}, (0,), 0) != Take(Path("a"), {}, (0,), 0)


def test_sound_is_read_without_the_events_beside_it(tmp_path: Path) -> None:
    block = RATE_HZ // 60
    sounds = [(2 * n, n * block, ramp(n * block, block)) for n in range(150)]
    record(tmp_path / "t", sounds=sounds, sound=(RATE_HZ, 1))
    damage(parts(tmp_path / "t")[0], 2, "[")
    assert heard(tmp_path / "t", 8100, 3) == [8100, 8101, 8102]
    damage(parts(tmp_path / "t")[1], 1, "{}")
    with pytest.raises(TakeError, match="damaged"):
        open_take(tmp_path / "t").sound(8100, 3)


def drop_last_sound(folder: Path) -> None:
    sorted((folder / "parts").glob("*.pcm"))[-1].unlink()


def halve_sound(folder: Path) -> None:
    pcm = min((folder / "parts").glob("*.pcm"))
    pcm.write_bytes(pcm.read_bytes()[: pcm.stat().st_size // 2])


def halve_end(folder: Path) -> None:
    last = parts(folder)[-1]
    last.write_bytes(last.read_bytes()[: last.stat().st_size // 2])


LOSSES = {
    "sound is lost: 0000000120.pcm is not there": drop_last_sound,
    "sound is lost: 0000000000.pcm is cut off": halve_sound,
    "its last part, 0000000240.jsonl, is cut off": halve_end,
    "its last part, 0000000120.jsonl, is cut off": lambda folder: parts(folder)[-1].unlink(),
}


@pytest.mark.parametrize("words", LOSSES)
def test_what_a_take_has_lost_is_said(
    tmp_path: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    block = RATE_HZ // 60
    sounds = [(2 * n, n * block, ramp(n * block, block)) for n in range(100)]
    record(tmp_path / "t", sounds=sounds, sound=(RATE_HZ, 1))
    assert open_playback(str(tmp_path / "t")).sound is not None
    LOSSES[words](tmp_path / "t")
    with pytest.raises(TakeError, match=f"{words}.*; --partial takes what is there"):
        open_playback(str(tmp_path / "t"))
    playback = open_playback(str(tmp_path / "t"), is_partial=True)
    assert words in capsys.readouterr().err
    assert playback.sound is not None
    assert playback.sound.read(0, 3).tolist() == ramp(0, 3).tolist()


def test_a_take_that_nobody_ended_is_whole(tmp_path: Path) -> None:
    record(tmp_path / "t", sound=(RATE_HZ, 1))
    rewrite(tmp_path / "t", ticks=0)
    assert open_playback(str(tmp_path / "t")).end_s == Fraction(300, 120)
