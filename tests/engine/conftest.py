"""The tiny model in the published layout, what the official code gave for it, and its clips."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

from engine.samples import Samples

if TYPE_CHECKING:
    from engine.recognizer import Recognizer

_LAYOUT = Path(__file__).parents[1] / "fixtures" / "mega-asr-layout"
_SHARED = Path(__file__).parents[3] / "shared" / "fixtures"


@pytest.fixture(scope="session")
def published_layout() -> Path:
    """A model folder exactly as Mega-ASR is published, tiny and random."""
    return _LAYOUT


@pytest.fixture(scope="session")
def published_router() -> Path:
    return _LAYOUT / "audio_quality_router" / "best_acc_model.safetensors"


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    """What the official code paths gave for the tiny model, in float32."""
    return json.loads((_LAYOUT / "expected.json").read_text())


@pytest.fixture(scope="session")
def speech() -> dict[str, Samples]:
    """Three synthesised sentences, mono 16 kHz."""
    return {p.stem: soundfile.read(p, dtype="float32")[0] for p in sorted(_LAYOUT.glob("*.wav"))}


@pytest.fixture(scope="session")
def shared_fixtures() -> Path:
    """Reference data beside the repository, which is not part of it."""
    if not _SHARED.is_dir():
        pytest.skip(f"no reference data at {_SHARED}")
    return _SHARED


@pytest.fixture(scope="session")
def tiny(published_layout: Path) -> "Recognizer":
    """The tiny model on the CPU in float32, with its adapter. Tests leave it as it is."""
    from engine.checkpoint import locate
    from engine.recognizer import Recognizer

    return Recognizer.load(locate(published_layout), "cpu")


@pytest.fixture(scope="session")
def mini_recognizer(mini: Path) -> "Recognizer":
    """The shipped model: small, but it really hears."""
    from engine.checkpoint import locate
    from engine.recognizer import Recognizer

    return Recognizer.load(locate(mini), "cpu")
