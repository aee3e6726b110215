"""The seven atomic conditions, each a file of its own."""

from training.simulate.condition import Condition
from training.simulate.conditions.distortion import DISTORTION
from training.simulate.conditions.dropout import DROPOUT
from training.simulate.conditions.echo import ECHO
from training.simulate.conditions.far_field import FAR_FIELD
from training.simulate.conditions.noise import NOISE
from training.simulate.conditions.obstructed import OBSTRUCTED
from training.simulate.conditions.recording import RECORDING

CONDITIONS: dict[str, Condition] = {
    condition.name: condition
    for condition in (
        FAR_FIELD,
        OBSTRUCTED,
        ECHO,
        NOISE,
        RECORDING,
        DISTORTION,
        DROPOUT,
    )
}
"""By public name, in the order of the path from mouth to file."""
