"""Make the second network of the show *Two Earths* from the first: nothing is trained.

``python docs/rust.py presets/networks/earth.safetensors presets/networks/rust.safetensors``. Its
coarse and middle blocks are those that Earth had after a quarter of its training (the ages that lie
beside it), so that it has coasts of its own; its colours are turned, so that seas are rust and ice
stays white. Both have one parent, and melt into each other.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from engine.models import card
from engine.models.sidecars import snapshots
from engine.system import hashing

COLOURS = np.array([[0.15, 0.15, 0.7], [0.45, 0.35, 0.2], [0.75, 0.25, 0.0]], np.float32)
"""New red, green and blue from the old ones; rows sum to 1, so that white stays white."""
EARLIER, AGE = ("synthesis.b4.", "synthesis.b8.", "synthesis.b16."), 5
FACTS = ("architecture", "licence", "data_set", "credits")


def main(source: Path, target: Path) -> None:
    """Write the network and its card."""
    network = card.load(source)
    found = snapshots.find(source, network)
    assert found is not None, "the ages must lie beside the network"
    earlier = list(found.states(network))[::-1][AGE]
    state = {
        name: np.asarray(earlier[name] if name.startswith(EARLIER) else x, np.float32)
        for name, x in network.state.items()
    }
    for name, x in state.items():
        if name.endswith("torgb.weight"):
            state[name] = np.einsum("oc,cikl->oikl", COLOURS, x)
        elif name.endswith("torgb.bias"):
            state[name] = COLOURS @ x
    with target.open("wb") as file:
        card.write(file, replace(network, state=state, origin="docs/rust.py"), half=True)
    told = card.read_card(card.card_path(source))
    facts = {"family": network.family, **{key: told[key] for key in FACTS}}
    facts |= {"origin": f"docs/rust.py, from {source.name}", "sha256": hashing.sha256_of(target)}
    card.card_path(target).write_text(card.card_text(facts), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
