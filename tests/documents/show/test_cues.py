"""Cues and cue lists in show files: every key is taken, everything wrong is said with its place."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.show.controls import Way
from engine.documents.show.cues import write_latent
from engine.documents.show.load import ShowError
from tests.making import FORM, read_show

CUE = '[[cues]]\nid = "a"\n'


def test_what_a_table_leaves_out_is_as_the_cue_says() -> None:
    show = read_show(
        f'{CUE}time_s = 4.0\ndelay_s = 1.0\ncurve = "linear"\n'
        'numbers = { time_s = 2.0, way = "own" }\ncolours = { curve = "root" }\n'
        'choices = { at = "half" }\ntravel = { delay_s = 0.5 }\n'
    )
    cue = show.cues[0]
    assert cue.numbers == Way(2.0, 1.0, "linear", "own")
    assert cue.colours == Way(4.0, 1.0, "root", "linear")
    assert cue.choices.delay_s == 3.0
    assert cue.travel == Way(4.0, 0.5, "linear")


@pytest.mark.parametrize(
    ("text", "beats", "bars"),
    [("beat", 1.0, 0.0), ("2 beats", 2.0, 0.0), ("bar", 0.0, 1.0), ("16 bars", 0.0, 16.0)],
)
def test_beats_and_bars(text: str, beats: float, bars: float) -> None:
    cue = read_show(f'{CUE}quantise = "{text}"').cues[0]
    assert (cue.quantise_beats, cue.quantise_bars) == (beats, bars)


def test_a_latent_is_read_back_as_it_was_written() -> None:
    size = read_show().constants.paths[0].size
    latent = np.random.default_rng(1).standard_normal(size).astype(np.float32)
    show = read_show(f'{CUE}latents = {{ "/layer/1/path" = "{write_latent(latent)}" }}')
    index, found = show.cues[0].latents[0]
    assert index == 0
    assert found is not None
    assert found.tobytes() == latent.astype(np.float64).tobytes()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'{CUE}quantise = "3 bats"', r"cues\[0\]\.quantise: '3 bats'; write beat, bar"),
        (f'{CUE}quantise = "bar"\nquantise_beats = 1.0', "no quantise_beats beside it"),
        (f"{CUE}numbers = {{ time_s = -1.0 }}", r"cues\[0\]\.numbers\.time_s: outside 0"),
        (f'{CUE}travel = {{ curve = "bent" }}', r"travel\.curve: 'bent' is not known"),
        (f'{CUE}latents = {{ "/layer/fom/path" = 1 }}', "no path .*near are: /layer/form/path"),
        (f'{CUE}latents = {{ "/layer/form/path" = "f32:AAAA" }}', "neither a seed"),
        (f'{CUE}latents = {{ "/layer/form/path" = -1 }}', "a seed is a whole number"),
        (f'{CUE}set = {{ "/layer/gone/opacity" = 1.0 }}', "no parameter has the address"),
        (f'{CUE}[[cue_lists]]\nid = "m"\ncues = ["b"]', r"cue_lists\[0\]\.cues: no cue 'b'"),
        (f'{CUE}[[cue_lists]]\nid = "m"\ncues = []', "one cue at least"),
        (f'{CUE}[[cue_lists]]\nid = "M"\ncues = ["a"]', "is not an ID"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ShowError, match=said):
        read_show(text)


def test_a_captured_cue_that_lost_a_layer_works_without_it_and_says_so() -> None:
    """A cue of one's own hand is refused for the same: its writer is there to mend it."""
    text = (
        f'{CUE}captured = true\nset = {{ "/layer/gone/opacity" = 1.0, "/master/speed" = 2.0 }}\n'
        'latents = { "/layer/gone/path" = 1, "/layer/form/path" = 2 }\n'
    )
    show = read_show(text + FORM)
    assert [(show.registry.parameters[p].address, v) for p, v in show.cues[0].targets] == [
        ("/master/speed", 2.0)
    ]
    assert len(show.cues[0].latents) == 1
    (note,) = show.notes
    assert "cue a: what is not in the show any more is left out, the rest works" in note
    assert "'/layer/gone/opacity'" in note
    assert "and 1 more" in note
