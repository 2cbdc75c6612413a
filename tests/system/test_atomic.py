"""Results are whole or absent, whatever ends the process that writes them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.models.importer import catalogue
from engine.system import atomic
from tests import model_files
from tests.performing import latent_cinema


@pytest.fixture(params=["nameless", "named"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways: files without a name, and where there are none."""
    if request.param == "named":
        monkeypatch.setattr(atomic, "_open_nameless", lambda _: None)
    return str(request.param)


def test_a_file_is_whole_or_absent(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "a[1].txt"
    for text in ("first", "second"):
        with atomic.new_file(out) as part:
            part.path.write_text(text)
            assert not out.exists() or out.read_text() != text
        assert out.read_text() == text
    with contextlib.suppress(KeyboardInterrupt), atomic.new_file(out) as part:
        part.path.write_text("third")
        raise KeyboardInterrupt
    assert out.read_text() == "second"
    assert os.listdir(tmp_path) == [out.name]
    with pytest.raises(FileNotFoundError, match="is no folder"), atomic.new_file(out / "b"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="links are made by everybody only here")
def test_a_link_is_replaced_and_never_followed(kind: str, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("kept")
    (tmp_path / "full").symlink_to(tmp_path / "victim")
    (tmp_path / "dangling").symlink_to(tmp_path / "made")
    (tmp_path / "device").symlink_to("/dev/full")  # writing into it would fail
    for name in ("full", "dangling", "device"):
        atomic.write_text(tmp_path / name, "new")
        assert not (tmp_path / name).is_symlink()
        assert (tmp_path / name).read_text() == "new"
    assert (tmp_path / "victim").read_text() == "kept"
    assert not (tmp_path / "made").exists()
    (tmp_path / "growing").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="growing"):
        atomic.append(tmp_path / "growing", b"more")
    assert (tmp_path / "victim").read_text() == "kept"


@pytest.mark.skipif(os.name != "posix", reason="an open folder cannot be moved there")
def test_the_folder_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "elsewhere").mkdir()
    if atomic._open_nameless(os.open(tmp_path, os.O_RDONLY)) is None:
        pytest.skip("this disk has no files without a name")
    with atomic.new_file(tmp_path / "a" / "x") as part:
        part.path.write_text("whole")
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
    assert os.listdir(tmp_path / "b") == ["x"]
    assert os.listdir(tmp_path / "elsewhere") == []


@pytest.mark.skipif(os.name != "posix", reason="the case is a link")
def test_a_file_that_grows_takes_the_place_of_a_link(tmp_path: Path) -> None:
    victim, out = tmp_path / "notes.txt", tmp_path / "film.mp4"
    victim.write_text("kept")
    out.symlink_to(victim)
    with atomic.open_growing(out) as file:
        file.write(b"one")
        assert out.read_bytes() == b"one"  # it has its name while it grows
    assert not out.is_symlink()
    assert victim.read_text() == "kept"


@pytest.mark.skipif(os.name != "posix", reason="the case is a pipe")
def test_only_regular_files_are_copied(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "victim").write_text("kept")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "b").symlink_to(tmp_path / "victim")
    atomic.copy(tmp_path / "a", tmp_path / "new" / "b")
    assert (tmp_path / "new" / "b").read_text() == "x"
    assert (tmp_path / "victim").read_text() == "kept"
    with pytest.raises(OSError, match="it is no regular file"):
        atomic.copy(tmp_path / "pipe", tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_the_systems_own_outputs_are_written_as_they_are(tmp_path: Path) -> None:
    script = (
        "import pathlib, engine.system.atomic as a\na.write_text(pathlib.Path('/dev/stdout'), 'x')"
    )
    if not Path("/dev/stdout").exists():
        pytest.skip("this system has none")
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert done.stdout == b"x"


def test_what_was_left_long_ago_is_swept(kind: str, tmp_path: Path) -> None:
    old, young = tmp_path / ".a[1].txt.1-0.part", tmp_path / ".a[1].txt.2-0.part"
    for path in (old, young):
        path.touch()
    os.utime(old, (0, 0))
    with atomic.new_file(tmp_path / "a[1].txt") as part:
        part.path.touch()
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without a name")
def test_not_even_a_kill_leaves_a_part(tmp_path: Path) -> None:
    with atomic._folder(tmp_path) as folder:
        if atomic._open_nameless(folder.descriptor) is None:
            pytest.skip("this disk has no files without a name")
    script = (
        "import os, pathlib\nfrom engine.system.atomic import new_file\n"
        f"with new_file(pathlib.Path({str(tmp_path / 'a')!r})) as part:\n"
        "    part.path.write_bytes(bytes(9999))\n    os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == []


def test_several_may_convert_one_file_at_once(tmp_path: Path) -> None:
    source, cache = tmp_path / "net.pkl", tmp_path / "cache"
    source.write_bytes(model_files.snapshot(model_files.NETWORKS[0]))
    script = (
        "import sys, pathlib\nfrom engine.models.importer import catalogue as models\n"
        "print(models.playable(*map(pathlib.Path, sys.argv[1:])).name)"
    )
    command = [sys.executable, "-c", script, str(source), str(cache)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    names = {process.communicate()[0].strip() for process in started}
    assert len(names) == 1
    assert sorted(p.suffix for p in cache.iterdir()) == [".safetensors", ".toml"]
    assert catalogue.describe(cache / names.pop())["family"] == "stylegan2"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other limits to a folder")
def test_a_cache_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "net.pkl").write_bytes(model_files.snapshot(model_files.NETWORKS[0]))
    (tmp_path / "file").touch()
    done = latent_cinema(
        "model", "sample", "net.pkl", "--seeds", 1, "--out", "o.png",
        cwd=tmp_path, env={"XDG_CACHE_HOME": str(tmp_path / "file")},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "net.pkl cannot be converted, since the cache" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["file", "net.pkl"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_that_nobody_reads_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for write in (
        lambda: atomic.write_bytes(pipe, b"x"),
        lambda: atomic.write_json(pipe, {}),
        lambda: atomic.open_growing(pipe),
    ):
        with pytest.raises(OSError, match="nobody reads from this pipe"):
            write()
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    atomic.write_bytes(pipe, b"heard")
    assert os.read(reader, 99) == b"heard"
    os.close(reader)
