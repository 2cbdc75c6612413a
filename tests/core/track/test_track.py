"""A show follows a track: to the bit at its frames, until somebody touches it, and in a take."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.core.frame.sample import latents, sample
from engine.core.frame.values import effective
from engine.core.latent.coordinates import Chart
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import first_state
from engine.documents import track_file
from engine.documents.edit.beside import lay_beside
from engine.documents.edit.conform import frames_of
from engine.documents.show import load
from engine.documents.take.content_store import manifest, read_show
from engine.documents.track_file import TrackError, TrackFile
from engine.play.film.playback import open_playback
from engine.play.film.proxy import Sidecar
from tests.core.track.test_conform import reference
from tests.making import GLOW, run
from tests.making import read_show as make_show

FPS, FRAMES = 30, 40
Z = "/layer/form/generator/z"
GLOWS = "/layer/form/effect/glow/"
TEXT = """
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
film_px = 64
[layers.path]
speed = 2.0
throw = 0.3
push_1 = 1.5
pad = 0.2
magnet = 0.3
pace = 3.0
[[layers.effects]]
id = "glow"
shader = "glow"
[[lfos]]
id = "slow"
rate_hz = 0.7
[[routes]]
signal = "lfo/slow"
target = "/layer/form/effect/glow/amount"
depth = 0.4
[[cues]]
id = "dark"
set = { "/layer/form/opacity" = 0.25 }
time_s = 0.5
"""


def gathered() -> tuple[Show, TrackFile]:
    """Sidecar of a show in which a mode is switched half way."""
    show = make_show(TEXT)
    kept, state = Sidecar(show, FRAMES), first_state(show)
    for n in range(FRAMES):
        tick = n * 120 // FPS
        state = run(show, tick, [(80, f"{GLOWS}mode", 2)], state)
        kept.add(show, state, n / FPS)
    return show, kept.file({"fps": str(FPS), "film": "out.mp4"}, {})


@pytest.fixture(scope="module")
def sidecar() -> TrackFile:
    return gathered()[1]


def written(file: TrackFile) -> bytes:
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / "follow-test.track.npz"
    try:
        track_file.write(path, file)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def following(file: TrackFile, track: str = "", text: str = TEXT) -> Show:
    whole = f'schema = 1\n{text}\n[track]\nfile = "t.npz"\n{track}\n'
    data = written(file)
    return load.read(whole, "test", lambda name: GLOW, lambda name: data)[0]


def at(show: Show, state, seconds: float) -> dict[str, float]:
    found = effective(show, state, seconds)
    return {p.address: float(x) for p, x in zip(show.registry.parameters, found, strict=True)}


def test_a_followed_show_is_the_show_that_was_filmed(sidecar: TrackFile) -> None:
    source, show = make_show(TEXT), following(sidecar)
    ours, theirs = first_state(show), first_state(source)
    for n in range(FRAMES):
        tick = n * 120 // FPS
        ours = run(show, tick, state=ours)
        theirs = run(source, tick, [(80, f"{GLOWS}mode", 2)], theirs)
        a, b = sample(show, ours, n / FPS), sample(source, theirs, n / FPS)
        for port, rows in b.requests["form"].latents.items():
            assert np.array_equal(a.requests["form"].latents[port], rows), n
        assert a.requests["form"].parameters == b.requests["form"].parameters
        assert a.layers == b.layers, n  # every uniform, and TIME
    assert at(show, ours, 2.0)["/layer/form/path/throw"] == 0.0  # it is in the latents already


def test_between_frames_it_goes_along_great_circles_and_over_cuts_it_holds(sidecar) -> None:
    cuts = sidecar.cuts.copy()
    cuts[9] = True
    show = following(msgspec.structs.replace(sidecar, cuts=cuts))
    state = run(show, 0)
    rows = sidecar.latents[Z]
    assert latents(show, state, 4.5 / FPS)[Z] == pytest.approx(reference(rows, 4.5), abs=1e-5)
    for share in (0.01, 0.5, 0.99):
        assert np.array_equal(latents(show, state, (9 + share) / FPS)[Z], rows[9])
    assert np.array_equal(latents(show, state, 10 / FPS)[Z], rows[10])
    mode = at(show, state, 19.9 / FPS)[f"{GLOWS}mode"]
    assert mode == 1.0  # a choice holds until its frame
    assert np.array_equal(latents(show, state, 99.0)[Z], rows[-1])  # stays at its end


def test_a_loop_has_no_seam_but_its_cut(sidecar: TrackFile) -> None:
    rows = sidecar.latents[Z]
    show = following(sidecar, "loop = true")
    for seconds, frame in (
        (FRAMES / FPS, 0),
        ((FRAMES + 7) / FPS, 7),
        ((3 * FRAMES - 0.5) / FPS, -1),
    ):
        assert np.array_equal(latents(show, run(show, 0), seconds)[Z], rows[frame])
    open_end = msgspec.structs.replace(sidecar, cuts=np.zeros(FRAMES, bool))
    seam = latents(following(open_end, "loop = true"), run(show, 0), (FRAMES - 0.5) / FPS)[Z]
    assert seam == pytest.approx(reference(rows[[-1, 0]], 0.5), abs=1e-5)


def test_what_a_hand_or_a_cue_touches_leaves_the_track_and_its_default_comes_back(sidecar) -> None:
    show = following(sidecar)
    amount, opacity = f"{GLOWS}amount", "/layer/form/opacity"
    track = at(show, run(show, 40), 40 / 120)[amount]
    touched = run(show, 40, [(10, amount, 0.9), (10, "/cue/dark/go", 1)])
    found = at(show, touched, 40 / 120)
    assert found[amount] >= 0.9  # with its route on top
    assert 0.25 < found[opacity] < 1.0  # a cue on its way
    assert at(show, run(show, 100, state=touched), 100 / 120)[opacity] == 0.25
    back = run(show, 50, [(45, amount, 0.5)], touched)
    assert at(show, back, 50 / 120)[amount] == pytest.approx(
        at(show, run(show, 50), 50 / 120)[amount]
    )
    assert track != 0.9
    # Throws and steering come on top of the latents.
    thrown = run(show, 40, [(10, "/layer/form/path/throw", 0.5)])
    a, b = (latents(show, s, 40 / 120)[Z].astype(float) for s in (thrown, run(show, 40)))
    assert np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) == pytest.approx(0.5, abs=1e-3)


def test_speed_place_and_mix(sidecar: TrackFile) -> None:
    show, rows = following(sidecar), sidecar.latents[Z]
    place = "/track/place"
    half = run(show, 80, [(40, "/track/speed", 0.5)])
    assert at(show, half, 80 / 120)[place] == pytest.approx(40 / 120 + 20 / 120)
    back = run(show, 100, [(80, "/track/speed", -1.0)])
    assert np.array_equal(latents(show, back, 100 / 120)[Z], rows[15])
    # From beyond the end it comes back at once.
    late = run(show, 320, [(300, "/track/speed", -1.0)])
    assert at(show, late, 320 / 120)[place] == pytest.approx((FRAMES - 1) / FPS - 20 / 120)
    scrubbed = run(
        show, 90, [(20, "/track/speed", 0.0), (30, place, 12 / FPS), (60, place, 3 / FPS)]
    )
    assert np.array_equal(latents(show, scrubbed, 1.0)[Z], rows[3])
    fast = run(show, 60, [(0, "/master/speed", 2.0)])
    assert at(show, fast, 0.5)[place] == pytest.approx(1.0)
    frozen = run(show, 90, [(30, "/master/freeze", 1)])
    assert at(show, frozen, 0.9)[place] == pytest.approx(at(show, frozen, 0.75)[place])
    moved, plain = (0, place, 0.2), run(make_show(TEXT), 60)
    own = run(show, 60, [moved, (0, "/track/mix", 0.0)])
    mixed = latents(show, run(show, 60, [moved, (0, "/track/mix", 0.5)]), 0.5)[Z]
    assert np.array_equal(latents(show, own, 0.5)[Z], latents(make_show(TEXT), plain, 0.5)[Z])
    assert at(show, own, 0.5)[f"{GLOWS}amount"] == at(make_show(TEXT), plain, 0.5)[f"{GLOWS}amount"]
    assert np.array_equal(latents(show, run(show, 60, [moved]), 0.5)[Z], rows[21])
    assert min(np.abs(mixed - each).max() for each in rows) > 0.05


def test_the_playhead_does_not_depend_on_the_rate_of_ticks(sidecar: TrackFile) -> None:
    places = []
    for rate in (30, 144):
        show = following(sidecar, "loop = true", f"control_hz = {rate}\n{TEXT}")
        state = run(show, rate // 2, [(0, "/track/speed", 0.37)])
        state = run(show, 8 * rate, [(rate // 2 + 1, "/track/speed", 0.37)], state)
        places.append(at(show, state, 8.004)["/track/place"])
    assert np.ptp(places) <= 1e-9


def test_snapshots_and_takes_hold_the_track(sidecar: TrackFile, tmp_path: Path) -> None:
    show = following(sidecar)
    state = run(show, 77, [(30, "/track/speed", 0.25), (50, "/track/place", 0.5)])
    again = from_data(show, to_data(show, state))
    assert again.head == state.head
    assert np.array_equal(latents(show, again, 0.7)[Z], latents(show, state, 0.7)[Z])
    data = written(sidecar)
    (tmp_path / "t.npz").write_bytes(data)
    text = f'schema = 1\n{TEXT}\n[track]\nfile = "t.npz"\n'.replace("[[layers.effects]]", "", 1)
    text = text.replace('id = "glow"\nshader = "glow"\n', "").replace(
        "effect/glow/amount", "opacity"
    )
    (tmp_path / "show2.toml").write_text(text)
    loaded = load.load(str(tmp_path / "show2.toml"))
    name, blobs = manifest(loaded.text, loaded.show)
    (tmp_path / "blobs").mkdir()
    for each, content in blobs.items():
        (tmp_path / "blobs" / each.removeprefix("sha256:")).write_bytes(content)
    (tmp_path / "t.npz").unlink()
    taken = read_show(tmp_path, name)
    assert np.array_equal(latents(taken, run(taken, 0), 0.5)[Z], sidecar.latents[Z][15])


def test_a_show_with_a_track_ends_where_it_ends(sidecar: TrackFile, tmp_path: Path) -> None:
    (tmp_path / "t.npz").write_bytes(written(sidecar))
    body = '[[layers]]\nid = "form"\n[layers.generator]\nkind = "cppn"\n'
    path = tmp_path / "s.toml"
    path.write_text(f'schema = 1\n{body}[track]\nfile = "t.npz"\n')
    assert open_playback(str(path)).end_s == Fraction(FRAMES, FPS)
    path.write_text(f'schema = 1\n{body}[track]\nfile = "t.npz"\nloop = true\n')
    assert open_playback(str(path)).end_s is None


def test_a_track_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    for name, told in (
        ("/dev/zero", "leads out of the folder"),
        (".", "no name of a file"),
        ("gone", "no such file"),
    ):
        path.write_text(f'schema = 1\n[track]\nfile = "{name}"\n')
        with pytest.raises(load.ShowError, match=told):
            load.load(str(path))


def test_any_numpy_reads_a_track_and_its_page(sidecar: TrackFile) -> None:
    with np.load(io.BytesIO(written(sidecar))) as file:
        assert np.array_equal(file[Z], sidecar.latents[Z])
        about = msgspec.json.decode(file["about.json"])
    assert about["columns"]
    assert about["constants"]["/master/brightness"] == 1.0
    frames = frames_of(sidecar)
    assert frames.is_held.tolist() == [c.endswith("mode") for c in about["columns"]]


def test_tracks_of_another_model_and_damaged_ones_are_refused(sidecar: TrackFile) -> None:
    other = {**sidecar.latents, Z: np.zeros((FRAMES, 7), np.float32)}
    with pytest.raises(load.ShowError, match=r"track\.file: .*z has latents of shape \(7,\)"):
        following(msgspec.structs.replace(sidecar, latents=other))
    rows = sidecar.latents[Z].copy()
    rows[12, 3] = np.nan
    with pytest.raises(load.ShowError, match=r"t\.npz: .*z: frame 12 holds what is no number"):
        following(msgspec.structs.replace(sidecar, latents={**sidecar.latents, Z: rows}))
    with pytest.raises(load.ShowError, match="place: 1e\\+09 is outside"):
        following(sidecar, "place = 1e9")
    whole = written(sidecar)
    for data in (b"", b"PK", whole[:-30], whole[: len(whole) // 2], packed(whole), pickled()):
        with pytest.raises(TrackError, match=r"^x\.npz: "):
            track_file.read(data, "x.npz")
    short = msgspec.structs.replace(sidecar, motion_s=sidecar.motion_s[1:])
    with pytest.raises(TrackError, match="motion_s has the shape"):
        track_file.read(written(short), "x.npz")
    draw = np.random.default_rng(3)
    for _ in range(60):
        data = bytearray(whole)
        for at_byte in draw.integers(0, len(data), 8):
            data[at_byte] = draw.integers(0, 256)
        try:
            found = track_file.read(bytes(data), "x.npz")
        except TrackError:
            continue
        assert all(np.isfinite(rows).all() for rows in found.latents.values())


def packed(data: bytes) -> bytes:
    """The same file, its members compressed: a bomb could be."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


def pickled() -> bytes:
    out = io.BytesIO()
    np.savez(out, values=np.array([{"run": "me"}], object))
    return out.getvalue()


def test_files_beside_a_show_stay_beside_it(tmp_path: Path) -> None:
    names = 'shader = "a"\nfile = "b.npz"\n'
    lay_beside(tmp_path, {"shaders/a.fs": b"1", "b.npz": b"2"}, names)
    assert (tmp_path / "shaders" / "a.fs").read_bytes() == b"1"
    lay_beside(tmp_path, {"b.npz": b"2"}, names)
    with pytest.raises(ValueError, match="another file of that name"):
        lay_beside(tmp_path, {"b.npz": b"3"}, names)
    for name in ("../c", "a/../../c", "C:\\c", ".."):
        with pytest.raises(ValueError, match="which its show does not name"):
            lay_beside(tmp_path, {name: b""}, names)


def test_a_sidecar_of_another_show_in_a_take_and_a_too_long_one(sidecar: TrackFile) -> None:
    show = make_show(TEXT)
    kept, other = Sidecar(show, 3), make_show(TEXT.replace("form", "shape"))
    with pytest.raises(TrackError, match=r"another show is loaded at 1 s"):
        kept.add(other, first_state(other), 1.0)
    with pytest.raises(ValueError, match="more than a sidecar holds"):
        Sidecar(show, 1 << 21)
    moved = replace(show, seed=9)
    kept.add(moved, run(moved, 0), 0.0)


def test_latents_of_a_style_space_keep_all_their_bits() -> None:
    show, draw = make_show(TEXT), np.random.default_rng(2)
    back = draw.normal(0, 0.2, (64, 64))
    chart = Chart(draw.normal(0, 1, 64), back, np.linalg.inv(back))
    layer = show.layers[0]
    paths = tuple(replace(path, chart=chart) for path in layer.generator.paths)
    layers = (replace(layer, generator=replace(layer.generator, paths=paths)),)
    show, state = replace(show, layers=layers), run(show, 30)
    kept = Sidecar(show, 1)
    kept.add(show, state, 0.25)
    file = track_file.read(written(kept.file({"fps": "30"}, {})), "x.npz")
    rows = file.latents[Z]
    assert rows.dtype == np.float64
    assert np.array_equal(chart.decode(rows[0]).astype(np.float32), latents(show, state, 0.25)[Z])
