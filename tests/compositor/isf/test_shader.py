"""ISF shaders with all that they bring along, by the pixels that they draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.compositor.compose import Compositor
from engine.compositor.gl.program import ShaderError
from engine.compositor.isf.shader import compile_shader
from engine.core.event import Event
from engine.core.frame.plan import Plan
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.play.line import Line, draw, load_shaders

SIZE, FPS = (64, 36), 60
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
Draw = Callable[..., NDArray[np.uint8]]


class NoPixels:
    """Of a show without generators."""

    def of(self, plan: Plan, layers: Any) -> dict[str, Any]:
        return {}

    def see(self, compositor: Compositor) -> None:
        """See nothing."""


@pytest.fixture
def picture_of(ctx: moderngl.Context) -> Iterator[Draw]:
    """Load a show around a shader, go on to a time, and give the picture, row 0 at the top."""
    made: list[Compositor] = []

    def drawn(path: Path, seconds: float = 0.0, events: Any = lambda tick: ()) -> NDArray[np.uint8]:
        show = load.load(str(path)).show
        compositor = Compositor(ctx, SIZE, float(FPS))
        made.append(compositor)
        load_shaders(compositor, show)
        line, pixels = Line(show, first_state(show), -1, {}), NoPixels()
        for frame in range(round(seconds * FPS) + 1):
            at = Fraction(frame, FPS)
            steps = line.control(at, events)
            picture = draw(compositor, pixels, steps, line.plan(at))
        return np.array(picture.read("rgb24"))

    yield drawn
    for each in made:
        each.close()


def corners(picture: NDArray[np.uint8]) -> list[tuple[int, ...]]:
    """Colours of the four quarters: top left, top right, bottom left, bottom right."""
    height, width, _ = picture.shape
    return [
        tuple(map(int, picture[height * y // 4, width * x // 4])) for y in (1, 3) for x in (1, 3)
    ]


def write(path: Path, header: str, body: str) -> Path:
    path.write_text(f"/*{{{header}}}*/\n{body}", "utf-8")
    return path


VARYING = """varying vec4 tint;
varying vec2 place;
void main() { gl_FragColor = place.x < 0.5 ? tint : vec4(0.0, 0.0, 1.0, 1.0); }
"""
VERTEX = """varying vec4 tint;
varying vec2 place;
void main() {
    isf_vertShaderInit();
    tint = vec4(1.0, 0.0, 0.0, 1.0);
    place = isf_FragNormCoord;
}
"""


@pytest.mark.parametrize("init", ["isf_vertShaderInit", "vv_vertShaderInit"])
def test_the_vertex_shader_beside_hands_over_what_it_computes(
    tmp_path: Path, picture_of: Draw, init: str
) -> None:
    path = write(tmp_path / "My shader, 2 (b).fs", '"ISFVSN": "2"', VARYING)
    path.with_suffix(".vs").write_text(VERTEX.replace("isf_vertShaderInit", init))
    assert corners(picture_of(path)) == [RED, BLUE, RED, BLUE]


def test_what_is_clamped_at_a_corner_is_not_zoomed(tmp_path: Path, picture_of: Draw) -> None:
    body = "varying vec2 c;\nvoid main() { gl_FragColor = vec4(step(0.75, c.x), 0.0, 0.0, 1.0); }"
    path = write(tmp_path / "a.fs", '"ISFVSN": "2"', body)
    path.with_suffix(".vs").write_text(
        "varying vec2 c;\nvoid main() { isf_vertShaderInit(); c = clamp(isf_FragNormCoord,0.,1.); }"
    )
    row = picture_of(path)[10, :, 0]
    assert row[: SIZE[0] * 3 // 4].max() == 0
    assert row[SIZE[0] * 3 // 4 + 1 :].min() == 255


def test_a_vertex_shader_knows_inputs_passes_and_the_size(tmp_path: Path, picture_of: Draw) -> None:
    body = """varying vec3 c;
void main() { gl_FragColor = PASSINDEX == 0 ? vec4(c, 1.0) : IMG_THIS_PIXEL(t); }"""
    header = """"INPUTS": [{"NAME": "k", "TYPE": "float", "DEFAULT": 1.0}],
"PASSES": [{"TARGET": "t", "WIDTH": "8", "HEIGHT": "4"}, {}]"""
    path = write(tmp_path / "a.fs", header, body)
    path.with_suffix(".vs").write_text(
        """#if __VERSION__ <= 120
varying vec3 c;
#else
out vec3 c;
#endif
void main() { isf_vertShaderInit(); c = vec3(k, RENDERSIZE == vec2(8.0, 4.0), PASSINDEX == 0); }
"""
    )
    assert corners(picture_of(path)) == [WHITE] * 4


def test_a_fault_in_a_vertex_shader_names_its_own_file_and_line(
    tmp_path: Path, picture_of: Draw
) -> None:
    path = write(tmp_path / "a.fs", '"ISFVSN": "2"', VARYING)
    path.with_suffix(".vs").write_text("varying vec4 tint;\nvoid main() { tint = vec4(nothing); }")
    with pytest.raises(load.ShowError, match=r"^a\.vs:2: .*nothing"):
        picture_of(path)


def test_a_value_that_no_vertex_shader_gives_is_0_and_is_said(
    tmp_path: Path, picture_of: Draw
) -> None:
    path = write(tmp_path / "a.fs", '"ISFVSN": "2"', "\n" + VARYING)
    assert corners(picture_of(path)) == [(0, 0, 0)] * 4
    notes = load.load(str(path)).show.notes
    assert "a.fs:3: 'tint' comes from a vertex shader, and there is no a.vs: it is 0" in notes


def quarters(path: Path) -> Path:
    """Red and green over blue and white, two by two pixels."""
    colours = [RED, GREEN, BLUE, WHITE]
    Image.fromarray(np.array(colours, np.uint8).reshape(2, 2, 3)).save(path)
    return path


@pytest.mark.parametrize("path", ["four.png", "./in/four.png", "../four.png"])
def test_an_imported_picture_is_seen_the_right_way_up(
    tmp_path: Path, picture_of: Draw, path: str
) -> None:
    folder = tmp_path / "own"
    (folder / "in").mkdir(parents=True)
    quarters(folder / path)
    shader = write(
        folder / "a.fs",
        f'"IMPORTED": {{"four": {{"PATH": "{path}"}}}}',
        "void main() { gl_FragColor = IMG_NORM_PIXEL(four, isf_FragNormCoord); }",
    )
    picture = picture_of(shader)
    ends = [tuple(map(int, picture[y, x])) for y in (0, -1) for x in (0, -1)]
    assert ends == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("gone.png", "the picture 'gone.png' is not there"),
        ("/etc/passwd", "leads out of the folder"),
        ("../../up.png", "leads out of the folder"),
        ("https://x.org/a.png", "the picture 'https://x.org/a.png' is not there"),
        ("a.fs", "it is no picture"),
    ],
)
def test_a_picture_that_cannot_be_had_is_black_and_said(
    tmp_path: Path, picture_of: Draw, path: str, what: str
) -> None:
    shader = write(
        tmp_path / "a.fs",
        f'\n"IMPORTED": [{{"NAME": "p", "PATH": "{path}"}}]',
        "void main() { gl_FragColor = IMG_THIS_PIXEL(p); }",
    )
    assert corners(picture_of(shader)) == [(0, 0, 0)] * 4
    (note,) = (note for note in load.load(str(shader)).show.notes if "black" in note)
    assert note.startswith("a.fs:2: the picture p is black: ")
    assert what in note


SEEN = """/*{"INPUTS": [{"NAME": "p", "TYPE": "image"}, {"NAME": "sky", "TYPE": "cube"}],
"PASSES": [{"TARGET": "t", "WIDTH": "$WIDTH_p * 3", "HEIGHT": "1"}, {}]}*/
void main() {
    if (PASSINDEX == 0) { gl_FragColor = vec4(RENDERSIZE.x == 12.0); return; }
    bool up = isf_FragNormCoord.y > 0.5;
    vec3 d = vec3(isf_FragNormCoord.x > 0.5 ? 1.0 : -1.0, up ? 0.5 : -0.5, -1.0);
    gl_FragColor = textureCube(sky, d) * IMG_NORM_PIXEL(p, vec2(0.5)) * IMG_THIS_PIXEL(t);
}
"""
SHOW = """schema = 1
name = "seen"
size_px = [64, 36]
[[layers]]
id = "a"
[layers.source]
shader = "seen"
"""


def test_a_show_gives_a_shader_pictures_and_a_panorama(tmp_path: Path, picture_of: Draw) -> None:
    (tmp_path / "seen.fs").write_text(SEEN)
    colours = np.array([RED, GREEN, BLUE, WHITE], np.uint8).reshape(2, 2, 3)
    Image.fromarray(np.kron(colours, np.ones((16, 32, 1), np.uint8))).save(tmp_path / "pano.png")
    Image.new("RGB", (4, 4), WHITE).save(tmp_path / "white.png")
    path = tmp_path / "show.toml"
    path.write_text(SHOW + 'images = { p = "file:white.png", sky = "file:pano.png" }\n')
    assert corners(picture_of(path)) == [RED, GREEN, BLUE, WHITE]
    path.write_text(SHOW + 'images = { p = "file:white.png" }\n')
    assert "nothing is given to its cube input sky, which is black" in str(
        load.load(str(path)).show.notes
    )
    path.write_text(SHOW + 'images = { p = "file:gone.png" }\n')
    with pytest.raises(load.ShowError, match=r"gone\.png"):
        load.load(str(path))
    path.write_text(SHOW + 'images = { sky = "picture" }\n')
    with pytest.raises(load.ShowError, match="is a cube"):
        load.load(str(path))


def test_six_pictures_are_a_cube(tmp_path: Path, picture_of: Draw) -> None:
    colours = [RED, GREEN, BLUE, WHITE, (255, 255, 0), (0, 255, 255)]
    for place, colour in enumerate(colours):
        Image.new("RGB", (2 + place, 2 + place), colour).save(tmp_path / f"{place}.png")
    paths = ", ".join(f'"{place}.png"' for place in range(6))
    shader = write(
        tmp_path / "a.fs",
        f'"IMPORTED": {{"sky": {{"TYPE": "cube", "PATH": [{paths}]}}}}',
        """void main() {
    vec3 d = vec3(0.0);
    int n = int(isf_FragNormCoord.x * 6.0);
    d[n / 2] = n % 2 == 0 ? 1.0 : -1.0;
    gl_FragColor = textureCube(sky, d);
}""",
    )
    row = picture_of(shader)[18]
    assert [tuple(map(int, row[int((n + 0.5) * SIZE[0] / 6)])) for n in range(6)] == colours


def test_a_picture_by_name_is_replaced_and_forgotten(ctx: moderngl.Context) -> None:
    compositor = Compositor(ctx, SIZE)
    first = np.full((2, 2, 4), 255, np.uint8)
    compositor.load_picture("p", first)
    texture = compositor._stock.pictures.get("p")
    compositor.load_picture("p", first)
    assert compositor._stock.pictures.get("p") is texture
    compositor.load_picture("p", first.copy())
    assert compositor._stock.pictures.get("p") is not texture
    compositor.load_picture("p", None)
    assert compositor._stock.pictures.get("p") is None
    compositor.close()


def test_a_shader_that_does_not_compile_is_a_shader_error(ctx: moderngl.Context) -> None:
    compositor = Compositor(ctx, SIZE)
    with pytest.raises(ShaderError, match=r"a\.fs:1"):
        compositor.load("a", "/*{}*/ void main() { gl_FragColor = vec4(tiem); }")
    compositor.close()


def test_a_name_in_other_letters_is_told_as_the_header_has_it(ctx: moderngl.Context) -> None:
    head = '/*{"INPUTS": [{"NAME": "Speed", "TYPE": "float"}]}*/\n'
    with pytest.raises(ShaderError, match=r"^a\.fs:2: .*undeclared; the header calls it 'Speed'"):
        compile_shader(ctx, "a", head + "void main() { gl_FragColor = vec4(speed); }")


def test_latin_1_and_utf_16_play_as_they_are_checked(tmp_path: Path, picture_of: Draw) -> None:
    text = '/*{"DESCRIPTION": "café"}*/\nvoid main() { gl_FragColor = vec4(0.0, 1.0, 0.0, 1.0); }'
    for encoding in ("latin-1", "utf-16"):
        path = tmp_path / f"Größe #{encoding} (1).fs"
        path.write_bytes(text.encode(encoding))
        assert corners(picture_of(path)) == [GREEN] * 4


def test_a_size_is_computed_from_inputs(tmp_path: Path, picture_of: Draw) -> None:
    path = write(
        tmp_path / "a.fs",
        """"INPUTS": [{"NAME": "n", "TYPE": "int", "DEFAULT": 8, "MIN": 1, "MAX": 64}],
"PASSES": [{"TARGET": "t", "WIDTH": "trunc($n * 1.1)", "HEIGHT": "log2($HEIGHT)"}, {}]""",
        """void main() {
    bool good = PASSINDEX == 0 ? RENDERSIZE == vec2(8.0, 5.0) : IMG_SIZE(t) == vec2(8.0, 5.0);
    gl_FragColor = PASSINDEX == 0 ? vec4(good) : IMG_THIS_PIXEL(t) * vec4(good);
}""",
    )
    assert corners(picture_of(path)) == [WHITE] * 4


def test_an_event_is_true_for_one_picture_step(tmp_path: Path, picture_of: Draw) -> None:
    path = write(
        tmp_path / "a.fs",
        '"INPUTS": [{"NAME": "hit", "TYPE": "event"}]',
        "void main() { gl_FragColor = vec4(vec3(hit ? 1.0 : 0.0), 1.0); }",
    )

    def events(tick: int) -> list[Event]:
        return [Event(tick, "/layer/picture/source/hit", 1.0, "test", 0)] if tick == 60 else []

    lights = [picture_of(path, step / 60, events).max() for step in (29, 30, 31)]
    assert lights == [0, 255, 0]


def test_a_point_is_in_pixels_where_its_range_is(tmp_path: Path, picture_of: Draw) -> None:
    path = write(
        tmp_path / "a.fs",
        """"INPUTS": [{"NAME": "at", "TYPE": "point2D", "DEFAULT": [16.5, 9.5],
"MIN": [0, 0], "MAX": [1920, 1080]}]""",
        "void main() { gl_FragColor = vec4(vec3(step(distance(gl_FragCoord.xy, at), 0.5)), 1.0); }",
    )
    light = picture_of(path)[..., 0]
    assert np.argwhere(light > 0).tolist() == [[36 - 1 - 9, 16]]


def test_a_header_of_version_1_keeps_its_buffers(tmp_path: Path, picture_of: Draw) -> None:
    path = write(
        tmp_path / "a.fs",
        """"PERSISTENT_BUFFERS": {"m": {"WIDTH": "$WIDTH/2", "FLOAT": true}},
"PASSES": [{"TARGET": "m"}, {}]""",
        """void main() {
    vec4 c = IMG_NORM_PIXEL(m, vv_FragNormCoord);
    gl_FragColor = PASSINDEX == 0 ? vec4(c.rgb + 0.125, 1.0) : c;
}""",
    )
    lights = [int(picture_of(path, seconds)[0, 0, 0]) for seconds in (0.0, 2 / 60)]
    assert lights == pytest.approx([32, 96], abs=1)


def test_a_vertex_shader_that_gives_less_is_said_and_sees_images(
    tmp_path: Path, picture_of: Draw
) -> None:
    path = write(
        tmp_path / "a.fs",
        '"IMPORTED": {"four": {"PATH": "four.png"}}',
        "varying vec4 seen;\nvarying vec4 lost;\nvoid main() { gl_FragColor = seen + lost; }",
    )
    quarters(tmp_path / "four.png")
    path.with_suffix(".vs").write_text(
        "varying vec4 seen; // lost\nvoid main() { isf_vertShaderInit();\n"
        "seen = IMG_SIZE(four) == vec2(2.0) ? IMG_NORM_PIXEL(four, vec2(0.75)) : vec4(0.0); }"
    )
    assert corners(picture_of(path)) == [GREEN] * 4
    notes = load.load(str(path)).show.notes
    assert "a.fs:3: 'lost' comes from a vertex shader, and a.vs has no such value: it is 0" in notes


def test_inputs_may_have_the_names_of_functions(tmp_path: Path, picture_of: Draw) -> None:
    names = ("mix", "max", "min", "clamp", "isnan", "greaterThan", "texture")
    inputs = ", ".join(f'{{"NAME": "{name}", "TYPE": "float", "DEFAULT": 1.0}}' for name in names)
    body = f"void main() {{ gl_FragColor = vec4({' * '.join(names)}); }}"
    assert (
        corners(picture_of(write(tmp_path / "a.fs", f'"INPUTS": [{inputs}]', body))) == [WHITE] * 4
    )


@pytest.mark.parametrize("kept", [40, 60, 75])
def test_a_file_that_was_saved_half_is_refused_with_its_last_line(
    ctx: moderngl.Context, kept: int
) -> None:
    text = (
        '/*{"ISFVSN": "2"}*/\nvoid main() {\n  if (TIME > 1.0) {\n    gl_FragColor = vec4(1.0);\n'
    )
    half = text[:kept]
    with pytest.raises(ShaderError) as told:
        compile_shader(ctx, "mine", half)
    assert told.value.line == len(half.splitlines())


def test_a_rate_that_is_moved_leaves_the_picture_where_it_is(
    tmp_path: Path, picture_of: Draw
) -> None:
    """Waves that are stopped stand where they were, and as they would without the hand."""
    path = write(
        tmp_path / "turns.fs",
        '"INPUTS": [{"NAME": "pace", "TYPE": "long", "DEFAULT": 611, "MIN": 0, "MAX": 3600}]',
        "void main() { float x = TIME * float(pace) / 3600.0;\n"
        "gl_FragColor = vec4(0.5 + 0.5 * sin(6.2831853 * (x + isf_FragNormCoord.xyx)), 1.0); }\n",
    )
    (layer,) = load.load(str(path)).show.layers
    event = Event(120, f"/layer/{layer.id}/source/pace", 0, "hand", 0)
    stopped = picture_of(path, 1.5, lambda tick: [event] if tick == 120 else [])
    # Dither goes on, by a level.
    assert np.abs(stopped.astype(int) - picture_of(path, 1.0)).max() <= 1
    assert np.abs(stopped.astype(int) - picture_of(path, 1.5)).max() > 20
