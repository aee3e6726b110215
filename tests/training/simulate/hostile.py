"""Waves that an effect must bear: short, silent, full scale, with an offset, odd lengths."""

import numpy as np
from hypothesis import strategies as st

from training.simulate.effect import SAMPLE_RATE, Applied, Effect, Wave, from_json, to_json
from training.simulate.primitives import EFFECTS

KINDS = ("silence", "full scale", "square", "offset", "spike", "noise", "tone", "faint")


@st.composite
def waves(draw: st.DrawFn) -> Wave:
    """0.1 to 1 s of one of `KINDS`."""
    samples = draw(st.integers(SAMPLE_RATE // 10, SAMPLE_RATE))
    kind = draw(st.sampled_from(KINDS))
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    time_s = np.arange(samples) / SAMPLE_RATE
    tone = np.sin(2.0 * np.pi * rng.uniform(60.0, 7_900.0) * time_s)
    wave = {
        "silence": np.zeros(samples),
        "full scale": np.clip(9.0 * tone, -1.0, 1.0),
        "square": np.where(tone >= 0.0, 1.0, -1.0),
        "offset": 0.4 + 0.3 * tone,
        "spike": np.eye(1, samples, samples // 2)[0],
        "noise": rng.uniform(-1.0, 1.0, samples),
        "tone": 0.3 * tone,
        "faint": 1e-30 * tone,
    }[kind]
    return wave.astype(np.float32)


def assert_sound(effect: Effect, wave: Wave, applied: Applied) -> None:
    """As long as the input, within full scale, numbers only, the same again, and JSON."""
    heard = applied.wave
    assert heard.dtype == np.float32
    assert heard.shape == wave.shape
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0
    again = from_json(to_json(effect), EFFECTS)
    assert again == effect
