"""The effects that conditions are built from, each a file of its own."""

from typing import Any

from training.simulate.primitives.additive_noise import AdditiveNoise
from training.simulate.primitives.automatic_gain import AutomaticGain
from training.simulate.primitives.codec import Codec
from training.simulate.primitives.echo_delay import EchoDelay
from training.simulate.primitives.frame_stutter import FrameStutter
from training.simulate.primitives.loudness import Loudness
from training.simulate.primitives.nonlinear_distortion import NonlinearDistortion
from training.simulate.primitives.resampling import Resampling
from training.simulate.primitives.reverberation import Reverberation
from training.simulate.primitives.spectral_filter import SpectralFilter

EFFECTS: dict[str, type[Any]] = {
    kind.name: kind
    for kind in (
        AdditiveNoise,
        EchoDelay,
        Reverberation,
        NonlinearDistortion,
        Resampling,
        SpectralFilter,
        Loudness,
        FrameStutter,
        AutomaticGain,
        Codec,
    )
}
"""By name, as `effect.from_json` wants them."""
