"""Still: rest at a seed's latent, left only by jumps."""

from engine.core.motions.points import each_point, rest
from engine.core.path.model import Motion

STILL = Motion("still", each_point(rest), is_still=True)
