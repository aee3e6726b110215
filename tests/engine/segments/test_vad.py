"""The detector is Silero, bit for bit independent of blocks, and deaf to noise only."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from engine.samples import Samples
from engine.segments import SpeechDetector, StretchKind, cut
from engine.segments.stretch import WINDOW
from engine.segments.vad import SileroNet

RATE = 16_000


@pytest.fixture(scope="module")
def net() -> SileroNet:
    return SileroNet.load()


@pytest.fixture(scope="module")
def talk(speech: dict[str, Samples]) -> Samples:
    """Three synthesised sentences, each with a second of silence behind it."""
    pause = np.zeros(RATE, np.float32)
    return np.concatenate([part for clip in speech.values() for part in (clip, pause)])


def judge(detector: SpeechDetector, samples: Samples) -> Samples:
    detector.reset()
    return np.concatenate([detector.push(samples), detector.finish()])


def noise(kind: str, seconds: int, level_dbfs: float) -> Samples:
    """White (0 dB an octave), pink (-3) or brown (-6) noise of the given RMS level."""
    count = seconds * RATE
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(count))
    spectrum /= (
        np.maximum(np.arange(len(spectrum)), 20) ** {"white": 0, "pink": 0.5, "brown": 1}[kind]
    )
    samples = np.fft.irfft(spectrum, count)
    return (samples / np.sqrt(np.mean(samples**2)) * 10 ** (level_dbfs / 20)).astype(np.float32)


def test_probabilities_are_those_of_the_torchscript(net: SileroNet, talk: Samples) -> None:
    heard = np.concatenate([talk, noise("pink", 3, -20.0), talk[: 3 * RATE + 77] * 0.1])
    ours = judge(SpeechDetector(net, max_gain_db=0.0), heard)
    np.testing.assert_allclose(ours, _torchscript(heard), atol=1e-4)
    assert ours.max() > 0.99


@pytest.mark.parametrize("size", [1, 160, 512, 4_096, 100_000])
def test_blocks_change_no_bit(net: SileroNet, talk: Samples, size: int) -> None:
    talk = talk[: RATE * 3 + 123] if size > 1 else talk[:2_000]
    detector = SpeechDetector(net)
    whole = judge(detector, talk)
    detector.reset()
    parts = [detector.push(talk[at : at + size]) for at in range(0, len(talk), size)]
    np.testing.assert_array_equal(np.concatenate([*parts, detector.finish()]), whole)
    assert len(whole) == -(-len(talk) // WINDOW)


def test_nothing_gives_nothing(net: SileroNet) -> None:
    assert judge(SpeechDetector(net), np.zeros(0, np.float32)).shape == (0,)


@pytest.mark.parametrize("level_dbfs", [-90.0, -65.0, -35.0, -10.0])
@pytest.mark.parametrize("kind", ["white", "pink", "brown"])
def test_noise_at_any_level_is_no_speech(net: SileroNet, kind: str, level_dbfs: float) -> None:
    (only,) = cut([noise(kind, 30, level_dbfs)], SpeechDetector(net))
    assert only.kind == ("silence" if level_dbfs < -60.0 else "noise")


def test_silence_and_tones_are_no_speech(net: SileroNet) -> None:
    time_s = np.arange(10 * RATE) / RATE
    hum = 0.1 * np.sign(np.sin(2 * np.pi * 50 * time_s))
    for samples in (np.zeros(10 * RATE), 0.3 * np.sin(2 * np.pi * 440 * time_s), hum):
        (only,) = cut([samples.astype(np.float32)], SpeechDetector(net))
        assert only.kind is not StretchKind.SPEECH


@pytest.mark.parametrize("gain_db", [0.0, -30.0, -50.0])
def test_each_sentence_is_one_segment_however_quiet(
    net: SileroNet, talk: Samples, gain_db: float
) -> None:
    quiet = (talk * 10 ** (gain_db / 20)).astype(np.float32)
    segments = [s for s in cut([quiet], SpeechDetector(net)) if s.samples is not None]
    assert len(segments) == 3
    assert sum(s.speech_s for s in segments) > 7.5


@pytest.mark.parametrize("snr_db", [10.0, 0.0])
def test_speech_in_noise_is_kept(net: SileroNet, talk: Samples, snr_db: float) -> None:
    clean = judge(SpeechDetector(net), talk) >= 0.5
    level_dbfs = 20 * np.log10(np.sqrt(np.mean(talk**2))) - snr_db
    noisy = talk + noise("pink", len(talk) // RATE + 1, level_dbfs)[: len(talk)]
    assert _kept(SpeechDetector(net), noisy)[clean].mean() > 0.97


def test_a_loud_start_after_quiet_is_not_overdriven(net: SileroNet, talk: Samples) -> None:
    quiet = noise("white", 20, -75.0)
    after = judge(SpeechDetector(net), np.concatenate([quiet, talk]))[len(quiet) // WINDOW :]
    alone = judge(SpeechDetector(net), talk)
    agree = (after[: len(alone)] >= 0.5) == (alone >= 0.5)
    assert agree.mean() > 0.95


def test_seconds_of_speech(net: SileroNet, talk: Samples) -> None:
    detector = SpeechDetector(net)
    assert detector.speech_s(np.zeros(RATE, np.float32)) == 0.0
    assert 7.5 < detector.speech_s(talk) < len(talk) / RATE - 3.0


def test_loading_leaves_the_threads_of_torch_alone() -> None:
    before = torch.get_num_threads()
    SileroNet.load()
    assert torch.get_num_threads() == before


def test_real_degraded_speech_is_kept(net: SileroNet, shared: Path) -> None:
    detector = SpeechDetector(net)
    for path in sorted((shared / "fixtures" / "wild-speech").glob("*.wav")):
        samples, rate = soundfile.read(path, dtype="float32")
        samples = soxr.resample(samples, rate, RATE)
        speech = _torchscript(samples) >= 0.5
        assert _kept(detector, samples)[speech].all(), path.name


def _kept(detector: SpeechDetector, samples: Samples) -> NDArray[np.bool_]:
    kept = np.zeros(-(-len(samples) // WINDOW), bool)
    for stretch in cut([samples], detector):
        if stretch.kind is StretchKind.SPEECH:
            kept[stretch.start // WINDOW : -(-stretch.end // WINDOW)] = True
    return kept


def _torchscript(samples: Samples) -> Samples:
    """The model as it is shipped, one call a window."""
    spec = importlib.util.find_spec("silero_vad")
    assert spec is not None
    assert spec.origin is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript as a whole
        model = torch.jit.load(str(Path(spec.origin).parent / "data" / "silero_vad.jit"))
        model.reset_states()
        padded = torch.from_numpy(np.pad(samples, (0, -len(samples) % WINDOW)))
        with torch.no_grad():
            return np.array([model(w[None], RATE).item() for w in padded.split(WINDOW)], np.float32)
