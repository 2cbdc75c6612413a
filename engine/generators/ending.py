"""What ends a layer: scale, bias, noise, leaky ReLU and clamp, on lanes."""

from __future__ import annotations

import numpy as np

from engine.generators.kernels import Array, Scalar, compile_loop
from engine.generators.lanes import maximum, minimum, splat

# Gain and bias of each channel [shape=(B · LANES,)], noise for all channels alike [shape=(H · W,)]
# or [shape=(1,)] for the same everywhere, slope and clamp.
Ending = tuple[Array, Array, Array, Scalar, Scalar]
NOTHING = np.zeros(1, np.float32)


@compile_loop
def finish(x: Array, gain: Array, bias: Array, noise: Array, ending: Ending) -> Array:
    """Scale and shift, add noise, then leaky ReLU and clamp."""
    return activate(gain * x + (bias + noise), ending[3], ending[4])


@compile_loop
def activate(x: Array, slope: Scalar, clamp: Scalar) -> Array:
    """Leaky ReLU and clamp."""
    y: Array = maximum(x, x * splat(slope))
    y = minimum(maximum(y, splat(-clamp)), splat(clamp))
    return y
