"""The documents that programs write are what the registry, and the shaders, say today."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def made(root: Path, name: str) -> ModuleType:
    """The program that writes a document."""
    spec = importlib.util.spec_from_file_location(f"{name}_document", root / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_list_of_parameters_is_up_to_date(root: Path) -> None:
    parameters = made(root, "parameters")
    assert parameters.OUT.read_text("utf-8") == parameters.document(), (
        "run: python docs/parameters.py"
    )


def test_every_shader_is_in_the_list_of_shaders_with_a_picture(root: Path) -> None:
    shaders = made(root, "shaders")
    names = set(shaders.names())
    assert set(shaders.GOOD_FOR) == names, "docs/shaders/good_for.json has a line for each shader"
    drawn = {path.stem for path in shaders.PICTURES.glob("*.jpg")} - {"still-one", "still-two"}
    assert drawn == names, "run: python docs/shaders.py NAME …"
    assert shaders.OUT.read_text("utf-8") == shaders.document(), (
        "run: python docs/shaders.py NAME …"
    )
    assert sum(path.stat().st_size for path in shaders.PICTURES.iterdir()) < 1_500_000
