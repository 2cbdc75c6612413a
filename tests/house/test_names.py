"""Files and classes are called after what they are, and a test after what it tests."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.source import ENGINE, FILES, name, tree
from tests.places import TESTS

BANNED_WORDS = ("Manager", "Processor", "Handler", "Helper", "Util")
BANNED_FILES = {"utils", "util", "helpers", "helper", "common", "misc"}
# Folders of tests that belong to no package.
WHOLE = {
    "house": "the source itself",
    "product": "the promises, the shipped shows, the references and the wheel, through all floors",
}
TEST_FILES = sorted(path.relative_to(TESTS) for path in TESTS.rglob("test_*.py"))


def test_names_say_what_a_thing_is() -> None:
    assert [name(path) for path in FILES if path.stem in BANNED_FILES] == []
    classes = [n.name for p in FILES for n in ast.walk(tree(p)) if isinstance(n, ast.ClassDef)]
    assert len(classes) > 300
    assert [each for each in classes if each.endswith(BANNED_WORDS)] == []


def has_first_line(path: Path) -> bool:
    first, *more = (ast.get_docstring(tree(path)) or "").splitlines() or [""]
    return bool(first) and not any(more[:1])


def test_the_first_line_says_what_a_file_holds() -> None:
    assert [name(path) for path in FILES if not has_first_line(path)] == []


def mirrors(path: Path) -> bool:
    """Whether ``a/b/test_c.py`` or ``a/b/test_c_more.py`` tests the module or package ``a/b/c``.

    A package may be tested from inside, too: ``a/b/test_b.py``.
    """
    words = path.stem.removeprefix("test_").split("_")
    stems = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    place = ENGINE / path.parent
    modules = [place / f"{stem}.py" for stem in stems]
    packages = [place / stem / "__init__.py" for stem in stems]
    inside = [place / "__init__.py" for stem in stems if stem == place.name]
    return any(file.is_file() for file in (*modules, *packages, *inside))


def test_a_test_lies_where_what_it_tests_lies() -> None:
    assert [str(p) for p in TEST_FILES if p.parts[0] not in WHOLE and not mirrors(p)] == []


def test_most_packages_have_tests_of_their_own() -> None:
    assert len(TEST_FILES) > 100
    assert {"app", "core", "documents", "generators", "lab", "models", "outputs", "play", "sources",
            "system"} <= {path.parts[0] for path in TEST_FILES}  # fmt: skip
