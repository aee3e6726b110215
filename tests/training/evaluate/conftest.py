"""The tiny model, and clips that tell a scripted recogniser what to hear."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.checkpoint import ModelFolder, locate
from tests.training.evaluate.hearing import LOUD, QUIET
from tests.training.evaluate.making import clip
from training.evaluate import EvaluationClip, Group


@pytest.fixture
def model(published) -> ModelFolder:
    return locate(published)


@pytest.fixture(scope="session")
def published() -> Path:
    return Path(__file__).parents[2] / "fixtures" / "mega-asr-layout"


@pytest.fixture
def clips(tmp_path: Path) -> list[EvaluationClip]:
    """25 clean ones, which are loud, and 25 in noise, which are quiet."""
    made = []
    for number in range(50):
        wave = np.full(8000, 0.0, np.float32)
        group = Group.CLEAN if number < 25 else Group.DEGRADED
        wave[:2] = number / 1000, LOUD if group is Group.CLEAN else QUIET
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, wave, 16_000, subtype="FLOAT")
        conditions = ("noise",) if group is Group.DEGRADED else ()
        made.append(clip(number, group, audio=path, conditions=conditions, duration_s=0.5))
    return made
