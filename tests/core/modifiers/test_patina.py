"""Never again, and patina: what a trajectory has behind it, in a show, its files and its takes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.frame.sample import latents
from engine.core.latent.caps import angle, centre_of
from engine.core.latent.geometry import length, onto_shell
from engine.core.modifiers.ban import is_banned
from engine.core.modifiers.patina import FRESH, MOST, REACH, bend, blank, settled, visit
from engine.core.path.memory import Visits
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State
from engine.documents.assets import assets_dir
from engine.documents.path.journal import Journals
from engine.documents.show import load
from engine.documents.take.recorder import Recorder
from engine.play.film.plan import write_plan
from engine.play.film.playback import open_playback
from engine.play.live.options import Options
from engine.play.live.recording import Recording
from engine.system import npy
from tests.core.control.test_steering import show_of, z_of
from tests.making import line_of, run

PATH = "/layer/form/path/"
RADIUS = 0.4
HEAD = f"""schema = 1
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
config = {{ latent_size = 64 }}
[layers.path]
motion = "keys"
seeds = [1, 2, 3, 4]
speed = 1.0
ban_radius = {RADIUS}
jump_s = 0.2
"""


def angles(show: Show, state: State, ticks: int, told=()) -> np.ndarray:
    """Angle of every tick's latent to each ban that there is at the end."""
    end = run(show, state.tick + ticks, told, state)
    centres = [centre_of(data) for data, _ in end.paths[0].memory.get("bans") or ()]
    found = []
    for tick in range(state.tick + 1, end.tick + 1):
        state = run(show, tick, told, state)
        unit = onto_shell(z_of(show, state), 1.0)
        found.append([angle(unit, centre) for centre in centres])
    return np.array(found)


def test_what_is_banned_never_comes_again_and_nothing_jumps_when_it_is() -> None:
    show = load.read(HEAD, "test", lambda name: "")[0]
    state = run(show, 130)
    here = z_of(show, state)
    told = [(131, f"{PATH}ban", True), (400, f"{PATH}ban", True)]
    found = angles(show, state, 520, told)
    assert found[0, 0] < 0.02  # it was there, and leaves within a flight
    assert found[24:, 0].min() >= RADIUS - 1e-6
    assert found[270 + 24 :].min() >= RADIUS - 1e-6
    first = z_of(show, run(show, 131, told, state))
    assert length(first - here) < 0.3
    free = angles(show, run(show, 1200, told), 600, [(1210, f"{PATH}clear_bans", 1)])
    assert free.size == 0
    left = run(show, 1240, [(1210, f"{PATH}unban", 1)], run(show, 1200, told))
    assert len(left.paths[0].memory.get("bans") or ()) == 1


def test_a_jump_does_not_land_in_a_ban() -> None:
    show = load.read(HEAD.replace("speed = 1.0", "speed = 0.0"), "test", lambda name: "")[0]
    state = run(show, 40, [(0, f"{PATH}jump", 1), (35, f"{PATH}ban", 1)])  # on the second key
    back = run(show, 200, [(50, f"{PATH}jump", 1), (90, f"{PATH}jump", 1),
                           (130, f"{PATH}jump", 1)], state)  # fmt: skip
    assert back.paths[0].place == 4  # the third, the fourth, the first one
    over = run(show, 260, [(210, f"{PATH}jump", 1)], back)
    assert over.paths[0].place == 6  # the second is left out
    assert not is_banned(show.paths[0], over.paths[0], z_of(show, over))


@settings(max_examples=15)
@given(st.integers(0, 999), st.integers(1, 3), st.integers(0, 60))
def test_traces_are_bounded_and_keep_what_they_weigh(seed: int, points: int, visits: int) -> None:
    rng = np.random.default_rng(seed)
    traces = blank(16)
    for k in range(visits):
        before = traces
        traces = visit(traces, rng.standard_normal((points, 16)), k)
        z = rng.standard_normal(16)  # what has just come does not act yet: nothing jumps
        assert np.allclose(bend(z, before, 1.0, 1.0), bend(z, traces, 1.0, 0.0), atol=1e-9)
    kept = settled(traces)
    assert len(kept.centres) <= MOST
    assert len(traces.fresh) == min(visits, FRESH) * points
    assert kept.weights.sum() == max(visits - FRESH, 0) * points


@given(st.integers(0, 999), st.floats(-1, 1))
def test_a_patina_bends_towards_what_was_visited_and_wear_away_from_it(seed, amount) -> None:
    rng = np.random.default_rng(seed)
    spot, z = rng.standard_normal((2, 64))
    traces = Visits(
        onto_shell(spot, 1.0)[None].astype(np.float16), np.full(1, 4e4), blank(64).fresh
    )
    out = bend(z, traces, amount, 1.0)
    assert length(out) == pytest.approx(length(z))
    a, b, c = (onto_shell(v, 1.0) for v in (spot, z, out))
    assert (angle(a, b) - angle(a, c)) * amount >= -1e-9
    assert angle(b, c) <= abs(amount) * REACH + 1e-9


def test_a_walk_that_ages_comes_back_to_where_it_was() -> None:
    """The patina's effect: mean angle to the traces after ten minutes, and that it is smooth."""
    z: dict[float, np.ndarray] = {}
    for amount in (-1.0, 0.0, 1.0):
        show = show_of(f"patina = {amount}\npatina_s = 0.2\nradius = 0.6\nspeed = 0.6", "20")
        state, rows = run(show, 0), []
        for _ in range(0, 1200, 6):
            state = run(show, state.tick + 6, (), state)
            rows.append(z_of(show, state))
        z[amount] = np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)
    late = {k: v[100:] for k, v in z.items()}
    spread = {k: float(np.mean(np.arccos(np.clip(v @ v.mean(0) / length(v.mean(0)), -1, 1))))
              for k, v in late.items()}  # fmt: skip
    assert spread[1.0] < 0.9 * spread[0.0]
    assert spread[-1.0] > 1.03 * spread[0.0]
    steps = {k: np.linalg.norm(np.diff(v, axis=0), axis=1) for k, v in z.items()}
    assert all(s.max() < 3 * np.median(s) for s in steps.values())


FILES = 'bans = "never.npz"\njournal = "traces.npz"\npatina = 1.0\npatina_s = 0.1\n'


def play(folder: Path, ticks: int, told=()) -> tuple[Show, State, list[str]]:
    """Play a show from its file, as live does, with its files written at the end."""
    said: list[str] = []
    loaded = load.load(str(folder / "show.toml"))
    said += [problem for path in loaded.show.paths for problem in path.past.problems]
    state = run(loaded.show, ticks, told)
    journals = Journals(folder)
    journals.tend(loaded.show, state, 0.0, is_last=True)
    return loaded.show, state, said + ([journals.error] if journals.error else [])


def test_what_a_show_has_behind_it_lies_in_files_and_comes_back(tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(HEAD + FILES)
    _, state, said = play(tmp_path, 400, [(130, f"{PATH}ban", 1)])
    assert not said
    show, again, _ = play(tmp_path, 200)
    (ban,) = show.paths[0].past.bans or ()
    assert ban == (state.paths[0].memory.get("bans") or ())[0]
    weights = show.paths[0].past.visits.weights
    assert weights.sum() == 400 // 12 - FRESH
    assert again.paths[0].memory["traces"].weights.sum() == weights.sum() + 200 // 12 - FRESH
    assert angle(onto_shell(z_of(show, again), 1.0), centre_of(ban[0])) >= RADIUS - 1e-6
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04" + bytes(100), "wrong", "nan"])
def test_a_bad_file_is_one_sentence_and_is_left_alone(tmp_path: Path, content) -> None:
    (tmp_path / "show.toml").write_text(HEAD + FILES)
    for name, size in (("never.npz", 3), ("traces.npz", 64)):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            fill = np.nan if content == "nan" else 1.0
            rows = np.full((2, 64 if content == "nan" else size - 1), fill)
            npy.write(path, {"centres": rows, "radii": np.ones(2), "weights": np.ones(2)})
    before = {path: path.read_bytes() for path in tmp_path.glob("*.npz")}
    _, state, said = play(tmp_path, 200, [(30, f"{PATH}ban", 1)])
    assert len(said) == 2
    assert all("the show goes on without it" in text and "\n" not in text for text in said)
    assert {path: path.read_bytes() for path in tmp_path.glob("*.npz")} == before
    assert len(state.paths[0].memory.get("bans") or ()) == 1


def test_a_ban_is_on_disk_within_seconds_and_visits_within_a_minute(tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(HEAD + FILES)
    show = load.load(str(tmp_path / "show.toml")).show
    before, after = run(show, 130), run(show, 131, [(131, f"{PATH}ban", 1)])
    journals = Journals(tmp_path)
    for now_s, state in ((0.0, before), (1.0, after), (1.9, after)):
        journals.tend(show, state, now_s)
    assert not (tmp_path / "never.npz").exists()
    journals.tend(show, after, 2.1)
    journals.tend(show, after, 2.2, is_last=True)
    stamp = (tmp_path / "never.npz").stat().st_mtime_ns
    later = run(show, 200, (), after)
    journals.tend(show, later, 61.0)
    assert (tmp_path / "never.npz").stat().st_mtime_ns == stamp
    journals.tend(show, later, 62.3)
    journals.tend(show, later, 62.4, is_last=True)
    with np.load(tmp_path / "traces.npz") as found:
        assert found["weights"].sum() == 200 // 12 - FRESH


def test_a_take_holds_what_the_show_began_with(tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(HEAD + FILES)
    play(tmp_path, 400, [(130, f"{PATH}ban", 1)])
    loaded = load.load(str(tmp_path / "show.toml"))
    rec = Recorder(tmp_path / "take", loaded.show, loaded.text, header={})
    line, z = line_of(loaded.show), []
    line.on_tick = rec.tick
    for tick in range(150):
        line.control(Fraction(tick, 120), lambda _: ())
        z.append(latents(loaded.show, line.state, tick / 120)["/layer/form/generator/z"])
    rec.close()
    for name in ("never.npz", "traces.npz", "show.toml"):
        (tmp_path / name).unlink()
    write_plan(open_playback(str(tmp_path / "take")), tmp_path / "plan.npz")
    with np.load(tmp_path / "plan.npz") as found:
        assert found["/layer/form/generator/z"].tobytes() == np.array(z).tobytes()


def test_a_performance_writes_its_files_when_it_ends(tmp_path: Path, monkeypatch) -> None:
    class Silence:
        format = None

    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache"))
    (tmp_path / "show.toml").write_text(HEAD + FILES)
    loaded = load.load(str(tmp_path / "show.toml"))
    with Recording(Options(), loaded, loaded.show, Fraction(60), Silence(), print) as memory:
        state = run(loaded.show, 130)
        memory.tick(loaded.show, state, (), run(loaded.show, 131, [(131, f"{PATH}ban", 1)], state))
    with np.load(tmp_path / "never.npz") as found:
        assert found["centres"].shape == (1, 64)
    assert (tmp_path / "traces.npz").exists()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [('journal = "a.txt"', r"a\.txt"), ('bans = "a.npz"\njournal = "a.npz"', "twice")],
)
def test_names_of_files_are_checked(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "show.toml").write_text(HEAD + text)
    with pytest.raises(load.ShowError, match=wrong):
        load.load(str(tmp_path / "show.toml"))


def test_a_press_bans_every_layer_of_a_style_and_one_unban_lifts_them_all() -> None:
    path = assets_dir("presets") / "networks" / "earth.safetensors"
    text = HEAD.replace('"cppn"', '"stylegan2"').replace("size_px = 64\n", "").replace(
        "config = { latent_size = 64 }", f'config = {{ path = "{path}", space = "w+" }}'
    ).replace("jump_s = 0.2", "jump_s = 0.2\nspread = 1.0")  # fmt: skip
    show = load.read(text, "test", lambda name: "")[0]
    one = run(show, 40, [(20, f"{PATH}ban", 1)])
    both = run(show, 80, [(60, f"{PATH}ban", 1)], one)
    counts = [len(state.paths[0].memory.get("bans") or ()) for state in (one, both)]
    assert counts[1] > counts[0] > 1
    left = run(show, 90, [(85, f"{PATH}unban", 1)], from_data(show, to_data(show, both)))
    assert len(left.paths[0].memory.get("bans") or ()) == counts[0]
    bare = run(show, 100, [(95, f"{PATH}unban", 1)], left)
    assert bare.paths[0].memory.get("bans") == ()
