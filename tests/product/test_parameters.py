"""docs/parameters.md is what the registry says today."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_the_list_of_parameters_is_up_to_date(root: Path) -> None:
    path = root / "docs" / "parameters.py"
    spec = importlib.util.spec_from_file_location("parameters_document", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.OUT.read_text("utf-8") == made.document(), "run: python docs/parameters.py"
