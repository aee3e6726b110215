"""What is listened to: clips with their words, and what is known of how they were degraded."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.languages import LANGUAGES, UNSPACED
from training.adapters.learnt import clip_digest
from training.data import Example
from training.simulate.errors import UnknownScenarioError
from training.simulate.scenarios import scenario

_CODES = {name: code for code, name in LANGUAGES.items()}


class Group(StrEnum):
    """What a clip stands for."""

    CLEAN = "clean"
    """Said to be clean: here an adapter may do no harm."""
    DEGRADED = "degraded"
    """Degraded in a known way."""
    OWN = "own"
    """The person's own recordings, whatever they are like."""


@dataclass(frozen=True, slots=True)
class EvaluationClip:
    """A clip to be measured on.

    Attributes:
        id: digest of its samples, see `training.adapters.learnt.clip_digest`.
        audio: a file that holds this clip and nothing else.
        text: what is said; "" for no speech.
        language: ISO code.
        group: what it stands for.
        conditions: how it was degraded, public names in physical order.
        severity: how hard, in [0, 1]; None when not known.
        speaker: who speaks; may be empty.
        duration_s: length, s.
        context: what the model reads first, as in `training.data.Example.prompt`; may be empty.
    """

    id: str
    audio: Path
    text: str
    language: str = "en"
    group: Group = Group.OWN
    conditions: tuple[str, ...] = ()
    severity: float | None = None
    speaker: str = ""
    duration_s: float = 0.0
    context: str = ""

    @property
    def key(self) -> str:
        """Under which it is stored what was heard: the id, and another one with each context."""
        if not self.context:
            return self.id
        return hashlib.sha256(f"{self.id}\0{self.context}".encode()).hexdigest()[:16]

    @property
    def scenario(self) -> str:
        """Public name of the scenario: "far_field+noise"; "" where there is none."""
        return "+".join(self.conditions)

    @property
    def scored_as(self) -> str:
        """The language by whose rule it is scored: "zh" for all that is written without spaces."""
        return "zh" if LANGUAGES.get(self.language) in UNSPACED else self.language

    @property
    def draw(self) -> tuple[str, str]:
        """What is drawn together when intervals are found: copies of one clean clip, degraded in
        different ways, are not independent of each other."""
        return self.speaker, self.text or self.id


def evaluation_clips(examples: Iterable[Example]) -> list[EvaluationClip]:
    """Clips from checked examples (`training.data.check`).

    An example without a scenario is the person's own. A scenario that is none of the 54 ("mixed")
    counts as one condition of that name.
    """
    return [_clip(example) for example in examples]


def _clip(example: Example) -> EvaluationClip:
    try:
        conditions = scenario(example.scenario).parts if example.scenario else ()
        group = Group.DEGRADED if conditions else Group.CLEAN
    except UnknownScenarioError:
        conditions, group = (example.scenario,), Group.DEGRADED
    return EvaluationClip(
        id=clip_digest(example.sha256) or example.id,
        audio=example.audio,
        text=example.text,
        language=_CODES.get(example.language, "en"),
        group=group if example.scenario else Group.OWN,
        conditions=conditions,
        severity=example.severity,
        speaker=example.speaker,
        duration_s=example.duration_s,
        context=example.prompt,
    )
