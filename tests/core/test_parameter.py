"""Parameters: labels for people."""

from __future__ import annotations

import pytest

from engine.core.parameter import Parameter
from engine.documents.show import load
from tests.places import ROOT

SHOWS = sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("/layer/a/path/jump_s", "Jump time"),
        ("/lfo/a/rate_hz", "Rate"),
        ("/layer/a/source/tint/r", "Tint r"),
        ("/layer/a/generator/hold_sea", "Hold sea"),
        ("noise", "Noise"),
    ],
)
def test_a_label_is_made_of_the_last_words_of_an_address(address, label):
    assert Parameter(address).label == label
    assert Parameter(address, label="Other").label == "Other"


@pytest.mark.parametrize("name", SHOWS)
def test_labels_of_every_show_are_short_words_and_tell_siblings_apart(name):
    show = load.load(name).show
    known = {}
    for parameter in show.registry.parameters:
        label = parameter.label
        is_own = parameter.address.startswith("/macro/")  # the show's own words
        assert 2 <= len(label) <= (60 if is_own else 30), parameter.address
        assert label.strip() == label
        assert "_" not in label
        owner = parameter.address.rsplit("/", 1)[0], label
        assert owner not in known, (parameter.address, known.get(owner))
        known[owner] = parameter.address
