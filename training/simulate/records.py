"""Clips in the record formats of Voices-in-the-Wild and of Qwen3-ASR's fine-tuning."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from engine.languages import resolve
from training.simulate.effect import to_json
from training.simulate.manifest import SimulatedClip
from training.simulate.scenarios import REFERENCE_NAMES

QUESTION = "Please transcribe the audio content into text."
"""The instruction in every published record."""

Record = dict[str, Any]


def simulation_record(clip: SimulatedClip) -> Record:
    """The record of the reference's simulator, with its code's names for conditions."""
    parts = clip.plan.scenario.parts
    return {
        "index": clip.index,
        "audio_path": clip.audio,
        "question": QUESTION,
        "answer": clip.text or "",
        "subset": subset(clip),
        "combination": clip.plan.scenario.reference_name,
        "source_scenes": [REFERENCE_NAMES[part] for part in parts],
        "aug_params_m": [to_json(effect) for effect in clip.plan.effects],
        "global_severity": clip.plan.severity,
        "speed_factor": clip.plan.speed,
    }


def bench_record(clip: SimulatedClip) -> Record:
    """The record that `wildscribe score` reads once "prediction" is filled in."""
    return {
        "index": clip.index,
        "audio_path": clip.audio,
        "question": QUESTION,
        "answer": clip.text or "",
        "subset": subset(clip),
        "name": f"{PurePosixPath(clip.source).stem}_{clip.index:08}_{clip.plan.scenario.name}",
        "prediction": "",
    }


def sft_record(clip: SimulatedClip) -> Record:
    """The record of Qwen3-ASR's fine-tuning script, and who speaks: without that, copies of one
    clean clip could be learnt from and held out.

    Raises:
        UsageError: a language that Qwen3-ASR does not know.
    """
    language = resolve(clip.language) or "None"
    text = f"language {language}<asr_text>{clip.text or ''}"
    return {
        "audio": clip.audio,
        "text": text,
        "prompt": "",
        "speaker": clip.speaker or clip.source,
    }


def subset(clip: SimulatedClip) -> str:
    """ "sim-en-noise": origin, language, and the condition; "mixed" for several conditions."""
    parts = clip.plan.scenario.parts
    category = clip.plan.scenario.name if len(parts) < 2 else "mixed"
    return f"sim-{clip.language}-{category}"


RECORDS: Mapping[str, Callable[[SimulatedClip], Record]] = MappingProxyType(
    {"simulation": simulation_record, "bench": bench_record, "sft": sft_record}
)
"""By the names of the command line. Clips without a text have no place in any of them."""
