"""The diagnosis: what is here, what is wrong, and the line that mends it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.app.setup import devices, probe, system_packages
from engine.app.setup.environment import has_nvidia
from engine.app.setup.torch_build import WINDOWS_CUDA_INDEX, is_recent
from engine.documents.assets import assets_dir

OSC_PORT = 9000
LEAST_FREE_BYTES = 2_000_000_000
_LIBRARIES = (
    "av click glfw moderngl msgspec numpy PIL platformdirs pythonosc sounddevice starlette tomlkit "
    "uvicorn watchfiles websockets"
)
_GL_PACKAGES = ("libegl1", "libgl1", "libegl-mesa0", "libgl1-mesa-dri")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    ok
        Whether everything can work with what was found.
    found
        What was found, in a few words.
    cure
        What to do: to mend it where it is not ok, to get more out of it where it is. May be empty.
    """

    name: str
    ok: bool
    found: str
    cure: str = ""


def diagnose() -> list[Check]:
    """Look at all that a show needs, in the order in which a person would mend it."""
    looks = probe.look_all(["gl", "sound", "midi", "codecs"])
    build, nvidia = torch_build(), has_nvidia()
    return [
        check_python(),
        check_libraries(),
        check_torch(build, nvidia),
        *check_sharing(build, versions("cuda-core", "cuda-bindings"), nvidia),
        check_gl(looks["gl"], nvidia),
        check_display(os.environ, sys.platform),
        check_sound(looks["sound"]),
        check_midi(looks["midi"]),
        check_codecs(looks["codecs"]),
        check_assets(),
        check_space(Path.cwd()),
        check_port(OSC_PORT),
        check_cache(),
    ]


def check_python() -> Check:
    """Python's version."""
    cure = "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    return Check("python", not cure, f"{platform.python_version()} on {platform.system()}", cure)


def check_libraries() -> Check:
    """Python libraries, found without importing them."""
    gone = [name for name in _LIBRARIES.split() if importlib.util.find_spec(name) is None]
    if not gone:
        return Check("libraries", True, "all there")
    return Check("libraries", False, "missing: " + ", ".join(gone), "pip install latent-cinema")


def torch_build() -> tuple[str, str | None] | None:
    """Version of torch and of the CUDA (or HIP) it is built for, without importing it."""
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    spec = importlib.util.find_spec("torch")
    written = Path(spec.origin or "").with_name("version.py") if spec else Path()
    text = written.read_text() if written.is_file() else ""
    match = re.search(r"^(?:cuda|hip)\b[^=]*=\s*'([\d.]+)", text, re.MULTILINE)
    return version, match.group(1) if match else None


def check_torch(build: tuple[str, str | None] | None, nvidia: bool) -> Check:
    """Torch, and whether its build fits the machine.

    Parameters
    ----------
    build
        As from `torch_build`.
    nvidia
        Whether an NVIDIA driver is here.
    """
    if build is None:
        return Check("torch", False, "not installed", "pip install 'torch>=2.10'")
    version, gpu = build
    if not is_recent(version):
        return Check("torch", False, version, "pip install --upgrade 'torch>=2.10'")
    if nvidia and gpu is None:
        index = f" --index-url {WINDOWS_CUDA_INDEX}" if sys.platform == "win32" else ""
        wheel = version.split("+")[0]
        cure = f"pip install --force-reinstall torch=={wheel}{index}"
        return Check("torch", False, f"{version}, a CPU build, but an NVIDIA GPU is here", cure)
    return Check("torch", True, f"{version} for {'CUDA ' + gpu if gpu else 'the CPU'}")


def versions(*packages: str) -> dict[str, str]:
    """Installed versions of packages, without importing them; what is not there is left out."""
    found = {}
    for name in packages:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def check_sharing(
    build: tuple[str, str | None] | None, found: Mapping[str, str], nvidia: bool
) -> list[Check]:
    """What lets pictures stay on the GPU, where torch and the machine could; else no check.

    cuda-core shares with OpenGL from 1.2 on; cuda-bindings has torch's own major version of CUDA,
    and in 12.9.3 its graphics calls are left out.

    Parameters
    ----------
    build, nvidia
        As in `check_torch`.
    found
        Versions of ``cuda-core`` and ``cuda-bindings``, if they are installed.
    """
    system: str = sys.platform
    if not nvidia or build is None or build[1] is None or system != "linux":
        return []
    major = build[1].split(".")[0]
    core, bindings = found.get("cuda-core", ""), found.get("cuda-bindings", "")
    numbers = tuple(int(part) for part in re.findall(r"\d+", core)[:2])
    is_good = numbers >= (1, 2) and bindings.split(".")[0] == major and bindings != "12.9.3"
    text = f"cuda-core {core or 'missing'}, cuda-bindings {bindings or 'missing'}"
    if is_good:
        return [Check("sharing", True, f"{text} for CUDA {build[1]}")]
    cure = f"pip install 'cuda-core>=1.2' 'cuda-bindings=={major}.*,>=12.9,!=12.9.3'"
    return [Check("sharing", True, f"{text}: pictures go through main memory", cure)]


def check_gl(look: Mapping[str, Any], nvidia: bool = False) -> Check:
    """OpenGL 3.3, opened in a child process; on an NVIDIA GPU, if one is here."""
    if "error" in look:
        cure = "update the graphics driver"
        if sys.platform == "linux":
            cure += f", or without a GPU: {system_packages.apt_line(_GL_PACKAGES)}"
        return Check("opengl", False, str(look["error"]), cure)
    if nvidia and sys.platform == "linux" and "nvidia" not in str(look).lower():
        cure = "let the NVIDIA GPU draw, so that pictures can stay on it: "
        cure += "__NV_PRIME_RENDER_OFFLOAD=1 __GLX_VENDOR_LIBRARY_NAME=nvidia latent-cinema play …"
        found = f"{look['version']}, {look['renderer']}, not the NVIDIA GPU that is here"
        return Check("opengl", True, found, cure)
    is_soft = any(word in str(look["renderer"]).lower() for word in ("llvmpipe", "softpipe"))
    note = "OpenGL runs on the CPU: keep pictures small, or use a GPU" if is_soft else ""
    return Check("opengl", True, f"{look['version']}, {look['renderer']}", note)


def check_display(environment: Mapping[str, str], system: str) -> Check:
    """Whether a window can open; a machine without a display still plays and renders films."""
    shown = devices.display(environment, system)
    if shown:
        return Check("display", True, shown)
    cure = "no window here: render with `latent-cinema export`, or play with --output null"
    return Check("display", True, "none", cure)


def check_sound(look: Mapping[str, Any]) -> Check:
    """PortAudio and its devices; a show plays without any."""
    if "error" in look:
        cure = "pip install --force-reinstall sounddevice"
        if sys.platform == "linux":
            cure = system_packages.apt_line(["libportaudio2"])
        return Check("sound", False, str(look["error"]), cure)
    inputs = sum(1 for device in look["devices"] if device["inputs"])
    outputs = sum(1 for device in look["devices"] if device["outputs"])
    note = "" if inputs else "no sound comes in: plug in a device, or play with --audio FILE.wav"
    return Check("sound", True, f"{inputs} inputs, {outputs} outputs", note)


def check_midi(look: Mapping[str, Any]) -> Check:
    """MIDI ports; a show plays without any."""
    if "error" in look:
        return Check("midi", True, f"none: {look['error']}")
    return Check("midi", True, f"{len(look['inputs'])} inputs, {len(look['outputs'])} outputs")


def check_codecs(look: Mapping[str, Any]) -> Check:
    """Encoders for films."""
    if "error" in look:
        return Check("codecs", False, str(look["error"]), "pip install --force-reinstall av")
    gone = [name for name, is_there in look["encoders"].items() if not is_there]
    if not gone:
        return Check("codecs", True, f"PyAV {look['pyav']}: " + ", ".join(look["encoders"]))
    cure = "pip install --force-reinstall --only-binary :all: av"
    return Check("codecs", False, f"PyAV {look['pyav']} lacks " + ", ".join(gone), cure)


def check_assets() -> Check:
    """Shipped shaders and shows."""
    try:
        shaders = len(list(assets_dir("shaders").glob("*.fs")))
        shows = len(list(assets_dir("presets").glob("*.toml")))
    except FileNotFoundError as error:
        return Check("assets", False, "missing", str(error))
    cure = "" if shaders and shows else "pip install --force-reinstall --no-deps latent-cinema"
    return Check("assets", not cure, f"{shaders} shaders, {shows} shows", cure)


def check_space(folder: Path) -> Check:
    """Free disk space where a take or film would be written."""
    free = shutil.disk_usage(folder).free
    cure = (
        "" if free >= LEAST_FREE_BYTES else f"free 2 GB there, or work in another folder: {folder}"
    )
    return Check("disk", not cure, f"{free / 1e9:.1f} GB free in {folder}", cure)


def check_port(port: int) -> Check:
    """Whether the UDP port for OSC is free on this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.bind(("127.0.0.1", port))
        except OSError as error:
            cure = (
                f"stop the program (or show) that listens there, or play --osc 127.0.0.1:{port + 1}"
            )
            return Check("osc", False, f"UDP port {port}: {error.strerror}", cure)
    return Check("osc", True, f"UDP port {port} is free")


def check_cache() -> Check:
    """Whether the cache folder can be written."""
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("latent-cinema"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return Check("cache", False, f"{folder}: {error.strerror}", f"make {folder} writable")
    return Check("cache", True, str(folder))


def describe(checks: list[Check]) -> str:
    """Write the checks as text, one line each and one for a cure."""
    lines = []
    for check in checks:
        lines.append(f"{'ok  ' if check.ok else 'FAIL'} {check.name:<10} {check.found}")
        if check.cure:
            lines.append(f"{'':15} → {check.cure}")
    return "\n".join(lines)


def check_loops() -> Check:
    """Compile what networks on the CPU would compile while a show begins; it is kept."""
    from engine.generators.stylegan.precompile import compile_all

    print("compiling loops for this processor: a minute at most, once", file=sys.stderr, flush=True)
    try:
        return Check("loops", True, f"compiled, kept in {compile_all()}")
    except ValueError as error:
        return Check("loops", True, str(error), "pip install 'numba>=0.61'")


def run(as_json: bool, warms: bool = False) -> int:
    """Print the diagnosis; 1 if a check failed. `warms` compiles what a show would as it begins."""
    checks = diagnose() + ([check_loops()] if warms else [])
    ok = all(check.ok for check in checks)
    document = {"ok": ok, "checks": [asdict(check) for check in checks]}
    print(json.dumps(document, indent=2) if as_json else describe(checks))
    return 0 if ok else 1


def run_devices(as_json: bool) -> int:
    """Print what is plugged in; finding nothing is no error."""
    found = devices.devices()
    print(json.dumps(found, indent=2) if as_json else devices.describe(found))
    return 0
