"""The doctor finds what is there, names what is not, and says the line that mends it."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from engine.app.setup import devices, doctor, probe
from engine.app.setup.doctor import Check
from engine.documents import assets


def test_the_diagnosis_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    code = doctor.run(as_json=True)
    document = json.loads(capsys.readouterr().out)
    checks = {check["name"]: check for check in document["checks"]}
    assert set(checks) == {
        "python", "libraries", "torch", "opengl", "display", "sound", "midi", "codecs", "assets",
        "disk", "osc", "cache",
    }  # fmt: skip
    assert code == (0 if document["ok"] else 1)
    assert document["ok"] == all(check["ok"] for check in checks.values())
    assert all(check["found"] for check in checks.values())
    assert all(check["ok"] or check["cure"] for check in checks.values())
    # What the tests themselves stand on is there.
    for name in ("python", "libraries", "torch", "opengl", "sound", "codecs"):
        assert checks[name]["ok"], checks[name]


def test_the_text_has_a_line_for_each_check_and_each_cure() -> None:
    text = doctor.describe(
        [Check("disk", False, "0.1 GB", "free 2 GB"), Check("osc", True, "free")]
    )
    first, second, third = text.splitlines()
    assert first.startswith("FAIL disk")
    assert second.strip() == "→ free 2 GB"
    assert third.startswith("ok   osc")


def test_torch_is_read_without_importing_it() -> None:
    build = doctor.torch_build()
    assert build is not None
    version, gpu = build
    assert version[0].isdigit()
    assert gpu is None or gpu[0].isdigit()
    assert ("+cpu" in version) <= (gpu is None)


@pytest.mark.parametrize(
    ("build", "nvidia", "ok", "cure"),
    [
        (None, False, False, "pip install"),
        (("2.4.0", "12.1"), True, False, "--upgrade"),
        (("2.13.0+cpu", None), True, False, "--force-reinstall torch==2.13.0"),
        (("2.13.0+cpu", None), False, True, ""),
        (("2.13.0", "13.0"), True, True, ""),
        (("2.13.0", "13.0"), False, True, ""),
    ],
)
def test_torch_must_fit_the_machine(
    build: tuple[str, str | None] | None, nvidia: bool, ok: bool, cure: str
) -> None:
    check = doctor.check_torch(build, nvidia)
    assert check.ok is ok
    assert cure in check.cure
    assert bool(check.cure) is not ok


def test_software_opengl_works_and_says_so() -> None:
    check = doctor.check_gl({"renderer": "llvmpipe (LLVM 15)", "version": "4.5"})
    assert check.ok
    assert "CPU" in check.cure
    assert not doctor.check_gl({"renderer": "NVIDIA H200", "version": "4.6"}).cure


def test_a_laptop_that_draws_on_the_other_gpu_is_told_how_to_change_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    intel = {"renderer": "Mesa Intel(R) UHD", "vendor": "Intel", "version": "4.6"}
    check = doctor.check_gl(intel, nvidia=True)
    assert check.ok
    assert "__NV_PRIME_RENDER_OFFLOAD=1 __GLX_VENDOR_LIBRARY_NAME=nvidia" in check.cure
    assert not doctor.check_gl(intel).cure
    own = {"renderer": "GeForce GTX 1080/PCIe/SSE2", "vendor": "NVIDIA Corporation", "version": "4"}
    assert not doctor.check_gl(own, nvidia=True).cure


@pytest.mark.parametrize(
    ("core", "bindings", "is_good"),
    [("1.2.2", "13.5.0", True), ("0.7.0", "13.5.0", False), ("1.2.2", "12.9.4", False),
     ("", "", False), ("2.0", "13.0.1", True)],
)  # fmt: skip
def test_packages_that_keep_pictures_on_the_gpu_fit_torch(
    core: str, bindings: str, is_good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    found = {"cuda-core": core, "cuda-bindings": bindings} if core else {}
    (check,) = doctor.check_sharing(("2.13.0", "13.0"), found, nvidia=True)
    assert bool(check.cure) is not is_good
    assert is_good or "'cuda-bindings==13.*" in check.cure
    (old,) = doctor.check_sharing(
        ("2.13.0", "12.9"), {"cuda-core": "1.2", "cuda-bindings": "12.9.3"}, nvidia=True
    )
    assert "!=12.9.3" in old.cure
    assert doctor.check_sharing(("2.13.0", None), found, nvidia=True) == []
    assert doctor.check_sharing(("2.13.0", "13.0"), found, nvidia=False) == []


def test_no_opengl_is_a_failure_with_a_cure() -> None:
    check = doctor.check_gl({"error": "no answer within 8 s"})
    assert not check.ok
    assert "driver" in check.cure


def test_no_display_is_no_failure() -> None:
    check = doctor.check_display({}, "linux")
    assert check.ok
    assert "export" in check.cure
    assert "--output null" in check.cure
    assert doctor.check_display({"DISPLAY": ":1"}, "linux") == Check("display", True, ":1")
    assert devices.display({}, "darwin") == "the desktop"


def test_no_sound_device_is_no_failure_but_no_portaudio_is() -> None:
    assert doctor.check_sound({"devices": []}).ok
    assert not doctor.check_sound({"error": "PortAudio library not found"}).ok


def test_a_missing_encoder_is_named() -> None:
    look = {"encoders": {"libx264": True, "libx265": False}, "pyav": "18"}
    check = doctor.check_codecs(look)
    assert not check.ok
    assert "libx265" in check.found


def test_a_taken_port_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        check = doctor.check_port(port)
        assert not check.ok
        assert str(port) in check.found
    assert doctor.check_port(port).ok


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.check_space(tmp_path).found
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 80)
    assert "free 2 GB" in doctor.check_space(tmp_path).cure


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("platformdirs")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "file" / name))
    check = doctor.check_cache()
    assert not check.ok
    assert "writable" in check.cure


def test_missing_assets_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "_PACKAGE", tmp_path / "engine")
    check = doctor.check_assets()
    assert not check.ok
    assert "install latent-cinema again" in check.cure


@pytest.mark.parametrize("layout", ["engine/_assets/presets", "presets"])
def test_assets_are_found_in_both_layouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    (tmp_path / layout).mkdir(parents=True)
    monkeypatch.setattr(assets, "_PACKAGE", tmp_path / "engine")
    assert assets.assets_dir("presets") == tmp_path / layout


def test_a_look_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PROGRAM", ("-c", "import time; time.sleep(600)"))
    assert probe.look_all(["gl"], limit_s=0.3) == {"gl": {"error": "no answer within 0.3 s"}}


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("import os; os._exit(7)", "code 7"),
        ("import sys; sys.exit('libEGL is gone')", "libEGL is gone"),
        ("print('[1]')", "no answer"),
    ],
)
def test_a_look_that_dies_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, code: str, word: str
) -> None:
    monkeypatch.setattr(probe, "PROGRAM", ("-c", code))
    assert word in probe.look_all(["gl"])["gl"]["error"]


def test_chatter_before_the_answer_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "print('ALSA says hello', end='')\n"
        "from engine.app.setup import probe; probe.main('nothing')"
    )
    monkeypatch.setattr(probe, "PROGRAM", ("-c", code))
    assert probe.look_all(["gl"])["gl"] == {"error": "'nothing'"}


def test_devices_are_listed_or_their_absence_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert doctor.run_devices(as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"monitors", "sound", "midi", "gpus", "notes"}
    if sys.platform == "linux":
        assert found["monitors"] == []
        assert found["notes"]["monitors"] == "no display"


def test_devices_as_text() -> None:
    text = devices.describe(
        {
            "monitors": [
                {"name": "Projector", "size_px": [1920, 1080], "rate_hz": 50, "place_px": [0, 0]}
            ],
            "sound": [
                {"name": "Scarlett", "host": "ALSA", "inputs": 2, "outputs": 4, "rate_hz": 48000.0}
            ],
            "midi": {"inputs": ["Twister"], "outputs": ["Twister", "Volca"]},
            "gpus": [],
            "notes": {"sound": "why"},
        }
    )
    assert "Projector  1920x1080 at 50 Hz, placed at 0,0" in text
    assert "Scarlett  (ALSA; 2 in, 4 out, 48000 Hz)" in text
    assert "MIDI\n  Twister  (in and out)\n  Volca  (out)" in text
    assert "GPUs\n  none" in text
    assert text.endswith("sound: why")
