"""Clips a second and core: our chain against one without its shortcuts, on the same plans.

The other chain computes each room in full (image sources up to the order that the reverberation
time asks for) and convolves once for each echo, filter and room; all else is shared.
"""

import io
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pyroomacoustics
import soundfile as sf
from scipy.signal import butter, fftconvolve, iirpeak, sosfilt, tf2sos

from app.paths import sample
from training.simulate.conditions import CONDITIONS
from training.simulate.conditions.recording import Recording
from training.simulate.effect import SAMPLE_RATE, Effect, Materials, Wave
from training.simulate.materials import FileMaterials
from training.simulate.mix import Mix
from training.simulate.plan import Plan, draw, render
from training.simulate.primitives.echo_delay import EchoDelay
from training.simulate.primitives.reverberation import Reverberation
from training.simulate.primitives.spectral_filter import SpectralFilter
from training.simulate.rooms import RoomBank

CLIP_S = 10
CLIPS = 300
FULL_CLIPS = 40  # of the same plans, for the slow chain
WITHOUT_CODECS = {**CONDITIONS, "recording": Recording(codecs=False)}


def clean_clips() -> list[bytes]:
    """The shipped sample in pieces of 10 s, as FLAC."""
    shipped = sample()
    assert shipped is not None
    samples, _ = sf.read(shipped, dtype="float32")
    size = CLIP_S * SAMPLE_RATE
    return [_flac(samples[at : at + size]) for at in range(0, len(samples) - size + 1, size)]


def plans(count: int, materials: Materials) -> list[Plan]:
    """Of the paper's mix, all 54 scenarios, without codecs."""
    mix = Mix()
    chosen = [mix.draw(np.random.default_rng((7, number))) for number in range(count)]
    return [
        draw(one.scenario, one.severity, number, materials, conditions=WITHOUT_CODECS)
        for number, one in enumerate(chosen)
    ]


def measure() -> list[str]:
    """Lines to print. Processor time, so that other work on the machine does not count."""
    with tempfile.TemporaryDirectory() as folder:
        materials = FileMaterials(RoomBank.cached(Path(folder)))
        clips, drawn = clean_clips(), plans(CLIPS, materials)

        def ours(plan: Plan, flac: bytes) -> bytes:
            return _flac(render(plan, _wave(flac), materials).wave)

        def in_full(plan: Plan, flac: bytes) -> bytes:
            wave = _wave(flac)
            for effect in plan.effects:
                wave = _in_full(effect, wave, materials)
            return _flac(np.clip(wave, -1, 1))

        _seconds(ours, drawn, clips)  # textures are made once; a set of clips is far larger
        fast_s = _seconds(ours, drawn, clips) / CLIPS
        same_s = _seconds(ours, drawn[:FULL_CLIPS], clips) / FULL_CLIPS
        slow_s = _seconds(in_full, drawn[:FULL_CLIPS], clips) / FULL_CLIPS
    return [
        f"{CLIPS} clips of {CLIP_S} s, FLAC in and out, the mix of 54 scenarios, no codecs:",
        f"ours: {1 / fast_s:.0f} clips a second and core ({1e3 * fast_s:.1f} ms a clip)",
        f"rooms in full, one convolution after the other, {FULL_CLIPS} of them: "
        f"{slow_s / same_s:.0f} x the time of ours",
    ]


def _seconds(work: Callable[[Plan, bytes], bytes], drawn: list[Plan], clips: list[bytes]) -> float:
    begin = time.process_time()
    for plan, flac in zip(drawn, islice(cycle(clips), len(drawn)), strict=True):
        work(plan, flac)
    return time.process_time() - begin


def _in_full(effect: Effect, wave: Wave, materials: Materials) -> Wave:
    match effect:
        case Reverberation():
            volume_m3 = materials.rooms[effect.room].volume_m3
            return _convolved(wave, _full_response(effect.rt60_s, volume_m3, effect.distance_m))
        case EchoDelay():
            taps = np.zeros(round(max(effect.delays_s) * SAMPLE_RATE) + 1)
            taps[0] = 1.0
            for delay_s, gain_db in zip(effect.delays_s, effect.gains_db, strict=True):
                taps[round(delay_s * SAMPLE_RATE)] += 10 ** (gain_db / 20)
            return _convolved(wave, taps)
        case SpectralFilter():
            for kind, hz in (("highpass", effect.low_hz), ("lowpass", effect.high_hz)):
                if 0 < hz < SAMPLE_RATE / 2:
                    limit = butter(effect.order, hz, kind, fs=SAMPLE_RATE, output="sos")
                    wave = sosfilt(limit, wave).astype(np.float32)
            for hz, _, octaves in effect.peaks:
                bell = tf2sos(*iirpeak(hz, 1 / octaves, fs=SAMPLE_RATE))
                wave = (wave + sosfilt(bell, wave)).astype(np.float32)
            return wave
    return effect.apply(wave, materials).wave


def _full_response(rt60_s: float, volume_m3: float, distance_m: float) -> Wave:
    height_m = 2.7
    side_m = max((volume_m3 / height_m) ** 0.5, distance_m / 1.2 + 1.0)
    size = (side_m, side_m, height_m)
    absorption, order = pyroomacoustics.inverse_sabine(rt60_s, size)
    room = pyroomacoustics.ShoeBox(
        size, fs=SAMPLE_RATE, materials=pyroomacoustics.Material(absorption), max_order=order
    )
    step_m = distance_m / 2**0.5
    room.add_source((0.5, 0.5, 1.5))
    room.add_microphone((0.5 + step_m, 0.5 + step_m, 1.4))
    room.compute_rir()
    response: Wave = room.rir[0][0]
    return response / np.abs(response).max()


def _convolved(wave: Wave, taps: Wave) -> Wave:
    heard: Wave = fftconvolve(wave, taps)[: len(wave)].astype(np.float32)
    return heard / max(float(np.abs(heard).max()), 1.0)


def _flac(wave: Wave) -> bytes:
    buffer = io.BytesIO()
    sf.write(buffer, wave, SAMPLE_RATE, format="FLAC")
    return buffer.getvalue()


def _wave(flac: bytes) -> Wave:
    wave: Wave = sf.read(io.BytesIO(flac), dtype="float32")[0]
    return wave
