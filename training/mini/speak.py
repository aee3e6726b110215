"""Sentences to waveforms by the free engines flite, festival, Pico and espeak-ng.

Each function returns mono float32 at 16 kHz, trimmed to 0.1 s around the speech, its root mean
square at `LEVEL`, its length a whole number of 10 ms hops.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

from training.mini.voices import Manner

SAMPLE_RATE = 16_000
HOP = 160
LEVEL = 0.05
_MARGIN_S = 0.1
_FLITE_PITCH_HZ = {"slt": 170.0, "awb": 130.0, "kal16": 100.0, "rms": 100.0}
_ESPEAK_WORDS_PER_MINUTE = 165
_PICO_RATE = 16_000

Wave = npt.NDArray[np.float32]


class SynthesisError(RuntimeError):
    """An engine is missing or gave no audio."""


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except FileNotFoundError as error:
        raise SynthesisError(
            f"{command[0]} is not installed; on Debian: apt-get install flite espeak-ng festival "
            "festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts"
        ) from error
    if done.returncode:
        raise SynthesisError(f"{command[0]} failed: {done.stderr[-300:]}")
    return done.stdout


def phones(texts: Sequence[str]) -> list[list[str]]:
    """Phones of each text, by flite's front end, silences left out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts"
        path.write_text("\n\n".join(texts) + "\n", encoding="utf-8")
        lines = _run(["flite", "-voice", "kal16", "-ps", "-f", str(path), "none"]).splitlines()
    if len(lines) != len(texts):
        raise SynthesisError(f"flite split {len(texts)} sentences into {len(lines)}")
    return [[phone for phone in line.split() if phone != "pau"] for line in lines]


def _flite(text: str, manner: Manner, path: Path) -> None:
    pitch_hz = _FLITE_PITCH_HZ[manner.voice.speaker] * manner.pitch_scale
    settings = [
        f"duration_stretch={manner.duration_scale:.3f}",
        f"int_f0_target_mean={pitch_hz:.1f}",
    ]
    options = [part for setting in settings for part in ("--setf", setting)]
    _run(["flite", "-voice", manner.voice.speaker, *options, "-t", text, str(path)])


def _espeak(text: str, manner: Manner, path: Path) -> None:
    rate = round(_ESPEAK_WORDS_PER_MINUTE / manner.duration_scale)
    pitch = round(50 * manner.pitch_scale)
    settings = ["-s", str(rate), "-p", str(pitch), "-w", str(path)]
    _run(["espeak-ng", "-v", manner.voice.speaker, *settings, text])


def _pico(text: str, manner: Manner, path: Path) -> None:
    try:
        import ttspico  # compiled on installation, so only here where it is needed
    except ModuleNotFoundError as error:
        raise SynthesisError("Pico is not installed: pip install ttspico") from error
    engine = ttspico.TtsEngine(manner.voice.speaker)
    engine.rate = round(100 / manner.duration_scale)
    engine.pitch = round(100 * manner.pitch_scale)
    samples = np.frombuffer(engine.speak(text), dtype=np.int16)
    sf.write(path, samples, _PICO_RATE)


def _festival(texts: Sequence[str], manners: Sequence[Manner], paths: Sequence[Path]) -> None:
    """All sentences in one process, because festival takes long to start."""
    lines = []
    for text, manner, path in zip(texts, manners, paths, strict=True):
        lines += [
            f"(voice_{manner.voice.speaker})",
            f"(Parameter.set 'Duration_Stretch {manner.duration_scale:.3f})",
            f'(utt.save.wave (SynthText "{text}") "{path}" \'riff)',
        ]
    script = paths[0].with_suffix(".scm")
    script.write_text("\n".join(lines), encoding="utf-8")
    _run(["festival", "-b", str(script)])


def _tidy(path: Path, resampling: float) -> Wave:
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    wave = soxr.resample(samples[:, 0], rate * resampling, SAMPLE_RATE)
    loud = np.flatnonzero(np.abs(wave) > 0.01 * np.abs(wave).max(initial=0.0))
    if loud.size < SAMPLE_RATE // 10:
        raise SynthesisError(f"no speech in {path}")
    margin = int(_MARGIN_S * SAMPLE_RATE)
    wave = wave[max(0, loud[0] - margin) : loud[-1] + margin]
    wave = wave * (LEVEL / np.sqrt(np.mean(wave**2)))
    wave = np.pad(wave, (0, -len(wave) % HOP))
    return np.asarray(np.clip(wave, -1, 1), dtype=np.float32)


def speak(texts: Sequence[str], manners: Sequence[Manner]) -> list[Wave]:
    """Waveforms of the texts, each spoken in its manner."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{index}.wav" for index in range(len(texts))]
        slow = [i for i, manner in enumerate(manners) if manner.voice.engine == "festival"]
        if slow:
            _festival(
                [texts[i] for i in slow], [manners[i] for i in slow], [paths[i] for i in slow]
            )
        for text, manner, path in zip(texts, manners, paths, strict=True):
            if manner.voice.engine == "flite":
                _flite(text, manner, path)
            elif manner.voice.engine == "pico":
                _pico(text, manner, path)
            elif manner.voice.engine == "espeak":
                _espeak(text, manner, path)
        return [_tidy(p, m.resampling) for p, m in zip(paths, manners, strict=True)]
