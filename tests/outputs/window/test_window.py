"""A real window on a real (virtual) display: what it shows, hears and survives."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from types import SimpleNamespace

import glfw
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageGrab, features

from engine.core.show.state import first_state
from engine.documents.show import load
from engine.outputs.window import monitors, window
from engine.outputs.window.controls import name_key
from engine.outputs.window.monitors import Area, Monitor
from engine.play.live.keyboard import Keyboard
from tests import performing

SCREEN_PX = (1280, 720)
FPS = Fraction(60)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
BLACK = (0, 0, 0)


def let_go_of_egl() -> None:
    """Make the headless context of an earlier test not current: Xlib ends a process with both."""
    try:
        egl = ctypes.CDLL("libEGL.so.1")
    except OSError:
        return
    egl.eglReleaseThread()


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """Start a virtual X server; a desktop that is in use is left alone."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    let_go_of_egl()
    read, write = os.pipe()
    # -noreset: a server that starts over after each last client refuses the next one meanwhile.
    command = ["Xvfb", "-screen", "0", "1280x720x24", "-nolisten", "tcp", "-noreset", "-displayfd"]
    server = subprocess.Popen(
        [*command, str(write)],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    patch = pytest.MonkeyPatch()
    if not number:
        pytest.skip("Xvfb does not start here")
    patch.setenv("DISPLAY", f":{number}")
    patch.delenv("WAYLAND_DISPLAY", raising=False)
    patch.setenv("XDG_SESSION_TYPE", "x11")
    yield f":{number}"
    patch.undo()
    server.terminate()
    server.wait()


@pytest.fixture
def screen(display: str) -> Callable[[int, int], tuple[int, ...]]:
    """Look at a pixel of the virtual screen."""
    if not features.check("xcb"):
        pytest.skip("this Pillow cannot take pictures of an X screen")
    return lambda x, y: ImageGrab.grab(xdisplay=display).getpixel((x, y))[:3]


@pytest.fixture
def xdotool(display: str) -> Callable[[str], None]:
    if shutil.which("xdotool") is None:
        pytest.skip("xdotool is not installed")
    return lambda words: subprocess.run(["xdotool", *words.split()], check=True) and None


def card(out: window.Window, size_px: tuple[int, int] = (160, 90)) -> SimpleNamespace:
    """Make a picture with a colour in each quarter: red, green; blue, white."""
    width, height = size_px
    rgba = np.full((height, width, 4), 255, np.uint8)
    rgba[: height // 2, : width // 2, :3] = RED
    rgba[: height // 2, width // 2 :, :3] = GREEN
    rgba[height // 2 :, : width // 2, :3] = BLUE
    texture = out.ctx.texture(size_px, 4, rgba.tobytes())
    return SimpleNamespace(texture=texture, size_px=size_px)


def until(is_done: Callable[[], bool], step: Callable[[], object] = lambda: None) -> bool:
    """Step until something has happened."""
    return bool(performing.until(lambda: step() or is_done(), "the window"))


def shows(
    out: window.Window,
    picture: SimpleNamespace,
    screen: Callable[[int, int], tuple[int, ...]],
    expected: dict[tuple[int, int], tuple[int, int, int]],
) -> bool:
    """Show a picture until the screen has the expected pixels."""

    def step() -> None:
        out.events()
        out.write(0, picture)

    return until(lambda: all(screen(*at) == colour for at, colour in expected.items()), step)


def heard(out: window.Window, picture: SimpleNamespace, count: int) -> list[tuple[str, object]]:
    """Collect at least `count` events, focus left out."""
    events: list[tuple[str, object]] = []

    def step() -> None:
        out.write(0, picture)
        events.extend(event for event in out.events() if event[0] != "/window/focus")

    until(lambda: len(events) >= count, step)
    return events


def settle(out: window.Window, picture: SimpleNamespace) -> None:
    """Show the picture, and let the system tell what it has to tell about the new window."""
    is_focused: list[bool] = []

    def step() -> None:
        out.write(0, picture)
        is_focused.extend(bool(v) for name, v in out.events() if name == "/window/focus")

    until(lambda: bool(is_focused) and is_focused[-1], step)
    out.events()


def windowed(size_px: tuple[int, int] = (400, 400)) -> window.Config:
    return window.Config(is_windowed=True, size_px=size_px)


def test_the_picture_is_upright_and_letterboxed(
    screen: Callable[[int, int], tuple[int, ...]],
) -> None:
    with window.open(windowed(), (160, 90), FPS) as out:
        assert out.room_px == (400, 400)
        assert not out.is_fullscreen
        # The window is centred: x 440..840, y 160..560; the picture is 400 x 225 in its middle.
        assert shows(out, card(out), screen, {
            (500, 260): RED, (780, 260): GREEN, (500, 460): BLUE, (780, 460): WHITE,
            (640, 170): BLACK, (640, 245): BLACK, (640, 475): BLACK, (440, 248): RED,
        })  # fmt: skip
        assert out.ctx.error == "GL_NO_ERROR"


def test_full_screen_and_back(screen: Callable[[int, int], tuple[int, ...]]) -> None:
    with window.open(window.Config(), (160, 90), FPS) as out:
        picture = card(out)
        assert out.is_fullscreen
        corners = {(0, 0): RED, (1279, 0): GREEN, (0, 719): BLUE, (1279, 719): WHITE}
        assert shows(out, picture, screen, corners)
        assert out.room_px == SCREEN_PX
        assert out.refresh_hz == 0  # Xvfb does not say; nothing may divide by it
        out.set_fullscreen(False)
        assert shows(out, picture, screen, {(0, 0): BLACK, (570, 320): RED, (1279, 719): BLACK})
        assert out.room_px == (160, 90)
        out.set_fullscreen(True)
        assert shows(out, picture, screen, corners)


def test_what_the_root_draws_is_shown_at_once(
    screen: Callable[[int, int], tuple[int, ...]],
) -> None:
    config = window.Config(is_windowed=True, size_px=(400, 400), swap_interval=-1)
    with window.open(config, (160, 90), FPS) as out:
        picture = card(out)
        framebuffer = out.ctx.framebuffer([picture.texture])
        for colour in (RED, GREEN, WHITE, BLUE):
            framebuffer.clear(*(level / 255 for level in colour))
            assert shows(out, picture, screen, {(640, 360): colour})
        assert out.ctx.error == "GL_NO_ERROR"


def test_the_overlay_is_in_the_window_only(
    screen: Callable[[int, int], tuple[int, ...]],
) -> None:
    with window.open(window.Config(), (160, 90), FPS) as out:
        picture = card(out)
        panel = np.zeros((100, 200, 4), np.uint8)
        panel[:, :100] = (10, 200, 30, 255)
        panel[:, 100:] = (0, 0, 0, 128)
        out.overlay(panel)
        assert shows(out, picture, screen, {(20, 20): (10, 200, 30), (13, 20): RED, (20, 10): RED})
        half = screen(180, 50)
        assert abs(half[0] - 127) <= 1
        assert half[1:] == (0, 0)
        pixels = np.frombuffer(picture.texture.read(), np.uint8).reshape(90, 160, 4)
        assert (pixels[:45, :80, :3] == RED).all()
        out.overlay(None)
        assert shows(out, picture, screen, {(20, 20): RED, (180, 50): RED})


def test_keys_have_names(xdotool: Callable[[str], None]) -> None:
    with window.open(windowed(), (160, 90), FPS) as out:
        picture = card(out)
        settle(out, picture)
        names = ["q", "space", "Escape", "F1", "1", "Left", "ctrl+q", "shift+b"]
        xdotool("key " + " ".join(names))
        events = [event for event in heard(out, picture, 16) if event[0] != "/window/pointer"]
    expected = [
        (f"/window/{kind}", name.lower().replace("Left", "left"))
        for name in names
        for kind in ("key", "key_up")
    ]
    assert events == expected


def test_letting_go_of_control_ends_the_combination(xdotool: Callable[[str], None]) -> None:
    with window.open(windowed(), (160, 90), FPS) as out:
        picture = card(out)
        settle(out, picture)
        xdotool("keydown ctrl keydown q keyup ctrl keyup q")
        events = [event for event in heard(out, picture, 2) if event[0] != "/window/pointer"]
    assert events == [("/window/key", "ctrl+q"), ("/window/key_up", "ctrl+q")]


def test_drag_pointer_and_wheel_are_in_the_pictures_own_measures(
    xdotool: Callable[[str], None],
) -> None:
    with window.open(windowed((800, 600)), (160, 90), FPS) as out:
        picture = card(out)  # 800 x 450 in the window, at (240, 135) on the screen
        xdotool("mousemove 640 360")
        settle(out, picture)
        out.events()
        xdotool("mousedown 1 mousemove 685 315")
        xdotool("mouseup 1 click 4 click 4 click 5")
        seen: dict[str, object] = {"drag": [], "scroll": 0.0, "pointer": None}

        def step() -> None:
            out.write(0, picture)
            for name, value in out.events():
                if name == "/window/drag":
                    seen["drag"] = np.array([*seen["drag"], value])  # type: ignore[misc]
                elif name == "/window/scroll":
                    seen["scroll"] += value  # type: ignore[operator]
                elif name == "/window/pointer":
                    seen["pointer"] = value

        assert until(lambda: len(seen["drag"]) > 0 and seen["scroll"] == 1.0, step)  # type: ignore[arg-type]
    np.testing.assert_allclose(np.sum(seen["drag"], 0), [45 / 450, 45 / 450], atol=1e-6)  # type: ignore[arg-type]
    np.testing.assert_allclose(seen["pointer"], [445 / 800, 270 / 450], atol=1e-6)  # type: ignore[arg-type]


def test_the_close_button_only_asks(display: str) -> None:
    with window.open(windowed(), (160, 90), FPS) as out:
        handle = out._panes[0].handle
        callback = glfw.set_window_close_callback(handle, None)
        assert callback is not None
        glfw.set_window_close_callback(handle, callback)
        glfw.set_window_should_close(handle, True)
        callback(handle)
        assert ("/window/close", True) in out.events()
        assert not glfw.window_should_close(handle)


def test_closing_a_window_loses_nothing(display: str) -> None:
    with window.open(windowed(), (160, 90), FPS) as out:
        picture = card(out)
        out.write(0, picture)
        out._panes.pop().close()
        out._use_root()
        pixels = np.frombuffer(picture.texture.read(), np.uint8).reshape(90, 160, 4)
        assert (pixels[:45, :80, :3] == RED).all()
        framebuffer = out.ctx.framebuffer([picture.texture])
        framebuffer.clear(0.0, 0.0, 1.0, 1.0)
        assert framebuffer.read(components=3)[:3] == bytes(BLUE)
        out._panes.append(out._open_pane(0))
        out.write(1, picture)


def test_the_operator_sees_what_lies_over_the_picture_and_the_audience_does_not(
    screen: Callable[[int, int], tuple[int, ...]],
) -> None:
    config = window.Config(is_windowed=True, size_px=(400, 400), operator="0")
    with window.open(config, (160, 90), FPS) as out:
        picture = card(out)
        assert out.has_operator
        assert out.room_px == (640, 360)
        out.overlay(np.full((50, 100, 4), (10, 200, 30, 255), np.uint8))
        out.overlay(np.full((30, 640, 4), (7, 8, 9, 255), np.uint8), "bottom")
        assert out.room_px == (640, 330)
        # The operator's window is at the lower right: x 600..1240, y 320..680; above the strip the
        # picture is 586 x 330. The audience's is as it is without: x 440..840, y 160..560.
        expected = {
            (620, 340): (10, 200, 30), (720, 340): RED, (1200, 340): GREEN, (1200, 640): WHITE,
            (602, 500): BLACK, (602, 655): (7, 8, 9), (1238, 678): (7, 8, 9),
            (445, 250): RED, (590, 250): RED, (445, 380): BLUE, (590, 471): BLUE,
        }  # fmt: skip
        assert shows(out, picture, screen, expected)
        out.overlay(None)
        out.overlay(None, "bottom")
        assert shows(out, picture, screen, {(602, 340): RED, (1238, 678): WHITE})
        assert out.ctx.error == "GL_NO_ERROR"
        out.set_fullscreen(True)  # over the operator's window: then help is on the picture again
        assert not out.has_operator
        out.overlay(np.full((50, 100, 4), (10, 200, 30, 255), np.uint8))
        assert shows(out, picture, screen, {(20, 20): (10, 200, 30), (1279, 719): WHITE})
        out.set_fullscreen(False)
        assert out.has_operator
        assert shows(out, picture, screen, {(1238, 678): WHITE, (0, 0): BLACK})


def test_what_comes_next_is_seen_by_the_operator_alone(
    screen: Callable[[int, int], tuple[int, ...]],
) -> None:
    """Left the preview, right the picture, each fitted into its half; outside all is as before."""
    config = window.Config(is_windowed=True, size_px=(400, 400), operator="0")
    with window.open(config, (160, 90), FPS) as out:
        picture, following = card(out), card(out)
        out.preview(following)
        # The operator's window: x 600..1240, y 320..680; both are 320 x 180, at y 410.
        expected = {
            (605, 415): RED, (915, 415): GREEN, (915, 585): WHITE, (605, 585): BLUE,
            (925, 415): RED, (1235, 415): GREEN, (1235, 585): WHITE,
            (760, 400): BLACK, (1080, 600): BLACK,
            (445, 250): RED, (590, 250): RED, (445, 380): BLUE,
        }  # fmt: skip
        assert shows(out, picture, screen, expected)
        out.preview(None)
        assert shows(out, picture, screen, {(602, 322): RED, (1238, 678): WHITE})


def test_the_operators_window_steers_and_is_not_closed(
    xdotool: Callable[[str], None], screen: Callable[[int, int], tuple[int, ...]]
) -> None:
    config = window.Config(is_windowed=True, size_px=(400, 400), operator="screen")
    with window.open(config, (160, 90), FPS) as out:
        picture = card(out)
        out.overlay(np.full((30, 640, 4), (7, 8, 9, 255), np.uint8), "bottom")
        assert shows(out, picture, screen, {(1238, 678): (7, 8, 9), (1200, 640): WHITE})
        xdotool("mousemove 920 485")  # the middle of the picture above the strip
        places: list[object] = []

        def step() -> None:
            out.write(0, picture)
            places.extend(v for name, v in out.events() if name == "/window/pointer")

        assert until(lambda: bool(places), step)
        np.testing.assert_allclose(places[-1], [0.5, 0.5], atol=0.002)
        handle = out._operator.handle  # type: ignore[union-attr]
        callback = glfw.set_window_close_callback(handle, None)
        assert callback is not None
        callback(handle)
        assert ("/window/close", True) not in out.events()
        assert out.has_operator


DESK, BEAM = Monitor("Desk", Area(0, 0, 9, 9)), Monitor("Beamer HDMI-1", Area(9, 0, 9, 9))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, ""),  # the picture is on the desk: the other monitor may be the audience's
        ({"monitor": "beamer"}, "Desk"),
        ({"monitor": "beamer", "operator": "off"}, ""),
        ({"monitor": "beamer", "is_windowed": True}, ""),
        ({"monitor": "desk"}, ""),
        ({"operator": "hdmi"}, "Beamer HDMI-1"),
        ({"operator": "1"}, "Beamer HDMI-1"),
        ({"monitor": "1"}, "Desk"),
        ({"operator": "0", "is_windowed": True}, "Desk"),
        ({"span": ("beamer",)}, "Desk"),
        ({"span": ("beamer", "desk")}, ""),
    ],
)
def test_the_operator_has_the_monitor_that_is_free(said: dict[str, object], found: str) -> None:
    config = window.Config(**said)  # type: ignore[arg-type]
    there = [DESK, BEAM]
    assert window._desk(config, there, window._home(config, there)) == found


def test_the_operators_monitor_is_none_that_the_picture_fills() -> None:
    with pytest.raises(ValueError, match="the picture fills the monitor 'Desk'; name another one"):
        window._desk(window.Config(operator="0"), [DESK, BEAM], "Desk")
    with pytest.raises(ValueError, match=r"called '2': connected are 0 'Desk', 1 'Beamer HDMI-1'"):
        window._desk(window.Config(operator="2"), [DESK, BEAM], "Desk")


def test_where_the_operators_monitor_is_unplugged_help_is_on_the_picture(
    display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = halves()
    monkeypatch.setattr(monitors, "connected", lambda: list(there))
    monkeypatch.setattr(glfw, "set_window_monitor", lambda *_: None)
    with window.open(window.Config(monitor="right"), (160, 90), FPS) as out:
        assert out.has_operator
        lost = there.pop(0)
        out._on_monitor(None, glfw.DISCONNECTED)
        out.events()
        assert not out.has_operator
        there.insert(0, lost)
        out._on_monitor(None, glfw.CONNECTED)
        out.events()
        assert out.has_operator


def halves() -> list[Monitor]:
    """Pretend that the screen is two projectors side by side."""
    return [
        Monitor("Left Projector", Area(0, 0, 640, 720)),
        Monitor("Right Projector", Area(640, 0, 640, 720)),
    ]


def test_a_span_shows_each_monitor_its_part(
    screen: Callable[[int, int], tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = halves()
    monkeypatch.setattr(monitors, "connected", lambda: list(there))
    config = window.Config(span=("right", "left proj"))
    with window.open(config, (320, 90), FPS) as out:
        picture = card(out, (320, 90))  # 1280 x 360 on the wall, from y = 180
        wall = {
            (10, 100): BLACK, (10, 190): RED, (630, 350): RED, (650, 350): GREEN,
            (1270, 190): GREEN,
            (10, 530): BLUE, (1270, 530): WHITE, (1270, 600): BLACK,
        }  # fmt: skip
        assert shows(out, picture, screen, wall)
        lost = there.pop()
        out._on_monitor(None, glfw.DISCONNECTED)
        out.events()
        out.write(0, picture)
        visible = [glfw.get_window_attrib(pane.handle, glfw.VISIBLE) for pane in out._panes]
        assert visible == [0, 1]
        there.append(lost)
        out._on_monitor(None, glfw.CONNECTED)
        assert shows(out, picture, screen, wall)
        out.set_fullscreen(False)  # a model of the wall, at (40, 40), 80 % of one monitor wide
        assert shows(out, picture, screen, {
            (10, 190): BLACK, (45, 150): RED, (540, 150): GREEN, (45, 220): BLUE, (540, 220): WHITE,
        })  # fmt: skip


def test_the_monitor_comes_back_by_name(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[tuple[object, int]] = []

    def place(handle: object, monitor: object, x: int, *rest: int) -> None:
        placed.append((monitor, rest[-1]))

    beam = Monitor("BEAMER XY", Area(1280, 0, 1920, 1080), 60, (24, 50, 60), handle="beam")
    desk = Monitor("Desk", Area(0, 0, 1280, 720), 75, (60, 75), handle="desk")
    there = [desk, beam]
    monkeypatch.setattr(monitors, "connected", lambda: list(there))
    monkeypatch.setattr(glfw, "set_window_monitor", place)
    with window.open(window.Config(monitor="beamer"), (160, 90), Fraction(50)) as out:
        assert out.monitor_names() == ["Desk", "BEAMER XY"]
        there.remove(beam)
        out._on_monitor(None, glfw.DISCONNECTED)
        out.events()
        there.insert(0, beam)
        out._on_monitor(None, glfw.CONNECTED)
        out.events()
        out.events()
    assert placed == [("beam", 50), ("desk", 75), ("beam", 50)]


def test_a_monitor_that_is_really_unplugged(
    screen: Callable[[int, int], tuple[int, ...]],
) -> None:
    if shutil.which("xrandr") is None:
        pytest.skip("xrandr is not installed")

    def xrandr(words: str) -> None:
        # Xvfb switches the output off and then refuses the size of an empty screen: rc 1.
        subprocess.run(["xrandr", *words.split()], capture_output=True, check=False)

    with window.open(window.Config(), (160, 90), FPS) as out:
        picture = card(out)
        corners = {(0, 0): RED, (1279, 719): WHITE}
        assert shows(out, picture, screen, corners)
        name = out.monitor_names()[0]

        def step() -> None:
            out.events()
            out.write(0, picture)

        try:
            xrandr(f"--output {name} --off")
            assert until(lambda: out.monitor_names() == [], step)
            assert out.refresh_hz == 0
            out.set_fullscreen(False)
            out.set_fullscreen(True)
        finally:
            xrandr(f"--output {name} --auto")
        assert until(lambda: out.monitor_names() == [name], step)
        assert shows(out, picture, screen, corners)


def test_an_unknown_monitor_is_refused_with_the_names(display: str) -> None:
    for config in (window.Config(monitor="nowhere"), window.Config(span=("screen", "nowhere"))):
        with (
            pytest.raises(
                ValueError, match=r"No monitor is called 'nowhere': connected are 0 '.+'"
            ),
            window.open(config, (160, 90), FPS),
        ):
            pass


def test_cursor_hides_in_full_screen(display: str) -> None:
    with window.open(window.Config(), (160, 90), FPS) as out:
        handle = out._panes[0].handle
        assert glfw.get_input_mode(handle, glfw.CURSOR) == glfw.CURSOR_HIDDEN
        out.set_cursor(True)
        assert glfw.get_input_mode(handle, glfw.CURSOR) == glfw.CURSOR_NORMAL
        out.set_fullscreen(True)
        assert glfw.get_input_mode(handle, glfw.CURSOR) == glfw.CURSOR_HIDDEN


@pytest.mark.skipif(os.name == "nt", reason="Windows always has a display")
def test_without_a_display_it_says_what_to_do(
    display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", "")
    sentence = "No display was found .* --output null or render a film with latent-cinema export"
    with pytest.raises(window.NoDisplay, match=sentence), window.open(windowed(), (160, 90), FPS):
        pass
    monkeypatch.setenv("DISPLAY", ":9999")
    sentence = "The display could not be opened"
    with pytest.raises(window.NoDisplay, match=sentence), window.open(windowed(), (160, 90), FPS):
        pass


def test_names_of_keys() -> None:
    assert name_key(glfw.KEY_Q, glfw.MOD_CONTROL, "a") == "ctrl+a"  # AZERTY prints A there
    assert name_key(glfw.KEY_Q, 0, "й") == "q"
    assert name_key(glfw.KEY_1, 0, "&") == "1"
    assert name_key(glfw.KEY_KP_5, 0, "5") == "5"
    assert name_key(glfw.KEY_F12, glfw.MOD_SHIFT | glfw.MOD_ALT, None) == "alt+shift+f12"
    assert name_key(glfw.KEY_LEFT_SHIFT, glfw.MOD_SHIFT, None) is None
    assert name_key(glfw.KEY_UNKNOWN, 0, None) is None


def test_monitors_are_found_by_a_part_of_the_name() -> None:
    there = [
        Monitor("EPSON PJ", Area(0, 0, 1, 1)), Monitor("EPSON PJ #2", Area(1, 0, 1, 1)),
        Monitor("Dell", Area(2, 0, 1, 1)),
    ]  # fmt: skip
    assert monitors.find(there, "epson pj") is there[0]
    assert monitors.find(there, "#2") is there[1]
    assert monitors.find(there, "DEL") is there[2]
    assert monitors.find(there, "sony") is None
    assert monitors.find([], "") is None


@pytest.mark.parametrize(
    ("rates_hz", "present_hz", "fps", "expected_hz"),
    [
        ((24, 50, 60), 60, Fraction(50), 50),
        ((50, 59, 60), 50, Fraction(60000, 1001), 60),
        ((50, 59, 60), 60, Fraction(60000, 1001), 60),
        ((50, 59), 50, Fraction(60000, 1001), 59),
        ((60, 75), 75, Fraction(24), 75),
        ((60, 120), 60, Fraction(120), 120),
        ((0,), 0, Fraction(60), 0),
        ((), 60, Fraction(50), 60),
    ],
)
def test_the_refresh_rate_follows_the_frame_rate(
    rates_hz: tuple[int, ...], present_hz: int, fps: Fraction, expected_hz: int
) -> None:
    monitor = Monitor("M", Area(0, 0, 1920, 1080), present_hz, rates_hz)
    assert monitors.choose_refresh(monitor, fps) == expected_hz


lengths = st.integers(1, 16384)


@given(st.tuples(lengths, lengths), st.tuples(lengths, lengths))
def test_a_contained_picture_touches_and_keeps_its_aspect(
    size_px: tuple[int, int], room: tuple[int, int]
) -> None:
    placed = monitors.contain(size_px, Area(7, -9, *room))
    assert placed.width / placed.height == pytest.approx(size_px[0] / size_px[1])
    assert placed.width <= room[0] * (1 + 1e-9)
    assert placed.height <= room[1] * (1 + 1e-9)
    assert placed.width == pytest.approx(room[0]) or placed.height == pytest.approx(room[1])
    assert placed.x + placed.width / 2 == pytest.approx(7 + room[0] / 2)
    assert placed.y + placed.height / 2 == pytest.approx(-9 + room[1] / 2)


def test_viewports_count_pixels_where_windows_count_points() -> None:
    pane = Area(0, 0, 400, 400)
    placed = monitors.contain((160, 90), pane)
    assert monitors.viewport(placed, pane, (400, 400)) == (0, 87, 400, 225)
    assert monitors.viewport(placed, pane, (800, 800)) == (0, 175, 800, 450)


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(100, 2000))
def test_neighbours_in_a_span_meet_at_the_seam(left: int, right: int, height: int) -> None:
    panes = [Area(0, 0, left, height), Area(left, 0, right, height)]
    placed = monitors.contain((1920, 1080), monitors.union(panes))
    first = monitors.viewport(placed, panes[0], (left, height))
    second = monitors.viewport(placed, panes[1], (right, height))
    assert first[0] == second[0] + left
    assert first[1:] == second[1:]


def test_a_stroke_in_the_window_is_a_stroke_of_the_brush(xdotool: Callable[[str], None]) -> None:
    show = load.read('schema = 1\ndrag = "paint"\n', "test", str)[0]
    keyboard, state, told = Keyboard(), first_state(show), list[tuple[str, object]]()
    with window.open(windowed((800, 600)), (160, 90), FPS) as out:
        picture = card(out)  # 800 x 450 in the window, at (240, 135) on the screen
        xdotool("mousemove 640 360")
        settle(out, picture)
        out.events()

        def step() -> None:
            out.write(0, picture)
            told.extend(keyboard.read(show, state, out.events(), 0.0).events)

        xdotool("mousedown 3")
        assert until(lambda: ("/brush/down", 1.0) in told, step)
        xdotool("mousemove 685 315 mouseup 3")
        assert until(lambda: ("/brush/down", 0.0) in told, step)
    assert ("/brush/erase", 1.0) in told
    places = [value for address, value in told if address == "/brush/x"]
    np.testing.assert_allclose([places[0], places[-1]], [400 / 800, 445 / 800], atol=1e-6)
    places = [value for address, value in told if address == "/brush/y"]
    np.testing.assert_allclose([places[0], places[-1]], [225 / 450, 270 / 450], atol=1e-6)
