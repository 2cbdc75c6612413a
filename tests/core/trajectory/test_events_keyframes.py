"""Keyframes in a show: listed, saved in files, dropped live, taken back; and what replays them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.frame.values import effective
from engine.core.latent.geometry import length, shell_radius
from engine.core.latent.seeds import seed_key
from engine.core.path.keyframes import keyframes_of
from engine.core.show.generator import Port
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, migrate, to_data
from engine.core.show.state import State, first_state
from engine.documents.path.keyframes import read_latents
from engine.documents.show import load
from engine.documents.take.content_store import manifest, read_show

SIZE = 32
PATH = "/layer/form/path"
FORM = """schema = 1
control_hz = 120
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
config = { latent_size = 32 }
[layers.path]
motion = "keys"
"""


def make(text: str, files: Mapping[str, bytes] | None = None, more: str = "") -> Show:
    return load.read(FORM + text + more, "t.toml", str, lambda name: (files or {})[name])[0]


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **{name: np.asarray(each) for name, each in arrays.items()})
    return file.getvalue()


def play(show: Show, state: State, ticks: int, events: Mapping[int, tuple[str, object]]) -> State:
    for tick in range(state.tick + 1, state.tick + 1 + ticks):
        heard = [Event(tick, *events[tick], "t", 0)] if tick in events else []  # type: ignore[arg-type]
        state = advance(show, state, tick, heard)
    return state


def latent(show: Show, state: State, dt: float = 0.0) -> np.ndarray:
    return latents(show, state, state.tick / 120 + dt)["/layer/form/generator/z"]


def track(
    show: Show, ticks: int, events: Mapping[int, tuple[str, object]]
) -> tuple[np.ndarray, State]:
    state, found = first_state(show), []
    for _ in range(ticks):
        state = play(show, state, 1, events)
        found.append(latent(show, state))
    return np.array(found), state


def test_listed_keys_of_every_kind_are_met() -> None:
    random = np.random.RandomState(1)
    saved, one = random.randn(2, SIZE), 0.7 * random.randn(SIZE)
    files = {"saved.npy": npy(saved), "one.npz": npz(latents=one[None])}
    show = make('seeds = [3]\nkeys = [7, "saved.npy", "one.npz", { seed = 9 }]\nspeed = 0\n', files)
    wanted = [seed_key(3, SIZE), seed_key(7, SIZE), *saved, one, seed_key(9, SIZE)]
    state = play(show, first_state(show), 1, {})
    for place, key in enumerate(wanted):
        now = play(show, state, 1, {1: (f"{PATH}/offset", float(place))})  # scrubbed by hand
        assert length(latent(show, now) - key) / shell_radius(SIZE) <= 1e-6
    assert show.files == files


def test_keys_have_times_of_their_own() -> None:
    show = make("keys = [{ seed = 1, at = 0.5 }, { seed = 2, at = 3.0 }]\nperiod = 4\nspeed = 0\n")
    for place, seed in ((0.5, 1), (3.0, 2), (4.5, 1), (7.0, 2)):
        state = play(show, first_state(show), 2, {0: (f"{PATH}/offset", place)})
        assert np.allclose(latent(show, state), seed_key(seed, SIZE), atol=1e-6)


def test_a_dropped_key_changes_nothing_now_and_is_met_again() -> None:
    show = make("seeds = [1, 2, 3]\nspeed = 0.5\n")
    plain, _ = track(show, 220, {})
    dropped, state = track(show, 220, {150: (f"{PATH}/drop_key", 1)})
    assert np.array_equal(plain[:150], dropped[:150])
    steps = np.linalg.norm(np.diff(dropped, axis=0), axis=1)
    assert steps.max() < 2.0 * np.median(steps)  # nothing jumps
    values = effective(show, state, 2.5).tolist()
    row = keyframes_of(show.constants.paths[0], state.paths[0], values).points
    assert len(row) == 4
    assert np.allclose(row[1], plain[150], atol=1e-6)
    assert not np.array_equal(plain[200], dropped[200])


@pytest.mark.parametrize("event", ["take_key", "clear_keys"])
def test_taking_keys_back_flies(event: str) -> None:
    show = make("seeds = [1, 2, 3]\nspeed = 0.5\n")
    events = {
        60: (f"{PATH}/drop_key", 1),
        100: (f"{PATH}/drop_key", 1),
        130: (f"{PATH}/{event}", 1),
    }
    found, state = track(show, 260, events)
    steps = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert steps.max() < 5.0 * np.median(steps)
    kept = state.paths[0].memory.get("keys")
    assert (len(kept.keys) if kept else 0) == (1 if event == "take_key" else 0)


def test_a_key_that_arrives_is_met_and_one_of_a_wrong_size_is_not_heard() -> None:
    show = make("seeds = [1, 2]\nspeed = 0\n")
    key = 0.8 * np.random.RandomState(4).randn(SIZE)
    events = {3: (f"{PATH}/key", tuple(key)), 4: (f"{PATH}/key", (1.0, 2.0)),
              5: (f"{PATH}/offset", 1.0)}  # fmt: skip
    state = play(show, first_state(show), 200, events)
    assert np.allclose(latent(show, state), key, atol=1e-5)
    kept = state.paths[0].memory.get("keys")
    assert kept is not None
    assert len(kept.keys) == 1


def test_keys_dropped_on_a_walk_make_a_loop_of_their_own() -> None:
    show = make("speed = 0.5\n")
    events = {0: (f"{PATH}/motion", "walk")}
    events |= dict.fromkeys((50, 120, 200), (f"{PATH}/drop_key", 1))  # type: ignore[dict-item]
    walk, state = track(show, 210, events)
    state = play(show, state, 240, {210: (f"{PATH}/motion", "keys"), 211: (f"{PATH}/speed", 0.0)})
    values = effective(show, state, state.tick / 120).tolist()
    row = keyframes_of(show.constants.paths[0], state.paths[0], values).points
    assert len(row) == 3
    assert np.allclose(row, walk[[50, 120, 200]], atol=1e-6)


def test_dropped_keys_survive_snapshots_and_edited_shows() -> None:
    show = make("seeds = [1, 2, 3]\nspeed = 0.5\n")
    events = {40: (f"{PATH}/drop_key", 1), 60: (f"{PATH}/centre_here", 1)}
    whole = play(show, first_state(show), 200, events)
    half = play(show, first_state(show), 100, events)
    back = from_data(show, json.loads(json.dumps(to_data(show, half))))
    assert np.array_equal(latent(show, play(show, back, 100, events)), latent(show, whole))
    edited = make("seeds = [1, 2, 3, 4]\nspeed = 0.5\n")
    kept = migrate(show, edited, half).paths[0].memory.get("keys")
    assert kept is not None
    assert len(kept.keys) == 1


def test_an_orbit_goes_round_what_it_is_told() -> None:
    for centre, prepare in (("seed", {}), ("key", {}), ("here", {0: (f"{PATH}/centre_here", 1)})):
        show = make(f'centre = "{centre}"\nradius = 0.2\nseeds = [5]\nseed = 5\n')
        state = play(show, first_state(show), 1, prepare)
        middle = latent(show, state) if centre == "here" else seed_key(5, SIZE)
        state = play(show, state, 300, {1: (f"{PATH}/motion", "orbit")})
        z = latent(show, state)
        cosine = z @ middle / length(z) / length(middle)
        assert cosine == pytest.approx(np.sqrt(1 - 0.04), abs=1e-5)


def test_a_walk_may_be_mixed_into_keys() -> None:
    still, mixed = (make(f"seeds = [5]\nwander = {w}\n") for w in (0.0, 0.3))
    found, _ = track(mixed, 240, {})
    centre = seed_key(5, SIZE)
    assert np.allclose(track(still, 3, {})[0], centre, atol=1e-6)
    cosines = found @ centre / np.linalg.norm(found, axis=1) / length(centre)
    assert cosines.min() > 0.75
    assert np.ptp(cosines) > 0.001
    turns = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert turns.max() < 0.1


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "of another size": (lambda: npy(np.zeros((2, 9))), "takes z (N, 32)"),
    "not a number": (lambda: npy([[np.nan] * SIZE]), "NaN"),
    "no file of latents": (lambda: b"hello", "numpy.save"),
    "an object": (lambda: npy(np.array([{}], object)), "numpy.save"),
    "cut off": (lambda: npy(np.zeros((9, SIZE)))[:300], "numpy.save"),
    "styles": (lambda: npz(w=np.zeros((1, 4, SIZE))), "config.space"),
    "two arrays": (lambda: npz(a=np.zeros(SIZE), b=np.zeros(SIZE)), "'latents'"),
    "an empty archive": (lambda: b"PK\x05\x06" + bytes(18), "numpy.save"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_files_are_refused_in_one_sentence(what: str) -> None:
    data, words = BAD[what]
    with pytest.raises(load.ShowError) as error:
        make('keys = ["x.npz"]\n', {"x.npz": data()})
    text = str(error.value)
    assert "x.npz" in text
    assert "layers[0].path.keys[0].file" in text
    assert words in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("[{ seed = 1, at = 1.0 }, 2]", "or none"),
        ("[{ seed = 1, at = 1.0 }, { seed = 2, at = 1.0 }]", "rise"),
        ('[{ seed = 1, file = "x.npy" }]', "one of the two"),
        ('[{ file = "x.npy", row = 7 }]', "0 to 1"),
        ('[{ file = "x.npy", at = 0.0 }]', "say which"),
    ],
)
def test_bad_lists_of_keys_are_refused(keys: str, words: str) -> None:
    with pytest.raises(load.ShowError, match=words):
        make(f"keys = {keys}\n", {"x.npy": npy(np.ones((2, SIZE)))})


def test_a_take_holds_the_files_of_its_keys(tmp_path: Path) -> None:
    files = {"saved.npy": npy(np.random.RandomState(2).randn(3, SIZE))}
    text = FORM + 'keys = ["saved.npy"]\n'
    show = make('keys = ["saved.npy"]\n', files)
    name, blobs = manifest(text, show)
    (tmp_path / "blobs").mkdir()
    for each, data in blobs.items():
        (tmp_path / "blobs" / each.removeprefix("sha256:")).write_bytes(data)
    again = read_show(tmp_path, name)
    states = [play(each, first_state(each), 200, {}) for each in (show, again)]
    assert np.array_equal(latent(show, states[0]), latent(again, states[1]))


def test_styles_and_latents_go_where_they_belong(tmp_path: Path) -> None:
    one = np.random.RandomState(6).randn(8)
    projected = npz(w=np.tile(one, (1, 4, 1)))  # as NVIDIA's projector writes it
    w, w_plus = (Port("w", "wspace", shape) for shape in ((8,), (4, 8)))
    assert np.array_equal(read_latents(projected, "p.npz", w).rows, one[None])
    assert np.array_equal(read_latents(projected, "p.npz", w_plus).rows, np.tile(one, (1, 4, 1)))
    rows = npz(w=np.random.RandomState(7).randn(1, 4, 8))
    with pytest.raises(ValueError, match=r"shape \(1, 4, 8\)"):
        read_latents(rows, "p.npz", w)
    with pytest.raises(ValueError, match=r"config\.space"):
        read_latents(npz(z=one), "p.npz", w)
    model = tmp_path / "m.safetensors"
    model.write_bytes(b"a network")
    own = hashlib.sha256(b"a network").hexdigest()
    assert len(read_latents(npz(w=one, model=own), "p.npz", w, str(model)).rows) == 1
    with pytest.raises(ValueError, match=r"p\.npz is of the model with the hash 0000.*make it"):
        read_latents(npz(w=one, model="0" * 64), "p.npz", w, str(model))


def seen(text: str, told: Mapping[int, tuple[str, object]]) -> np.ndarray:
    show = load.read(FORM.replace('motion = "keys"\n', "") + text, "t.toml", str)[0]
    state, found = first_state(show), []
    for _ in range(240):
        state = play(show, state, 1, told)
        found.append(latent(show, state))
    return np.array(found)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("motion", "walk", "keys"), ("motion", "walk", "orbit"), ("turning", "loop", "once")],
)
def test_another_way_of_moving_is_flown_to(name: str, old: str, new: str) -> None:
    text = "offset = 9.4\nspeed = 0.2\njump_s = 0.5\n"
    text += 'motion = "keys"\n' if name == "turning" else ""
    z = seen(f'{text}{name} = "{old}"\n', {100: (f"{PATH}/{name}", new)})
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    assert steps[99] < 2 * steps[:99].max()  # no cut
    fresh = seen(f'{text}{name} = "{new}"\n', {})
    assert np.linalg.norm(fresh[100] - z[99]) > 20 * steps[:99].max()  # there would be one
    assert np.array_equal(z[-1], fresh[-1])  # half a second later it is there
