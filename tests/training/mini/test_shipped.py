"""What ships in resources/models/mini: stock classes load it, and it hears."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch
from peft import PeftModel
from transformers import AutoProcessor, Qwen3ASRForConditionalGeneration

from engine.router import Router
from training.mini.scoring import word_error_rate
from training.mini.transcribe import transcribe

RESOURCES = Path(__file__).resolve().parents[3] / "resources"
MINI = RESOURCES / "models" / "mini"
SAMPLE = RESOURCES / "samples" / "wild-afternoon"


@pytest.fixture(scope="module")
def loaded():
    return Qwen3ASRForConditionalGeneration.from_pretrained(
        MINI / "base", dtype=torch.float32, output_loading_info=True
    )


@pytest.fixture(scope="module")
def model(loaded):
    return loaded[0]


@pytest.fixture(scope="module")
def processor():
    return AutoProcessor.from_pretrained(MINI / "base")


@pytest.fixture(scope="module")
def stretches() -> list[dict]:
    """The stretches of the sample, none of whose sentences was trained on, with their waves."""
    samples, rate = sf.read(SAMPLE.with_suffix(".flac"), dtype="float32")
    rows = json.loads(SAMPLE.with_suffix(".json").read_text(encoding="utf-8"))["stretches"]
    for row in rows:
        row["wave"] = torch.from_numpy(
            samples[int(row["start_s"] * rate) : int(row["end_s"] * rate)].copy()
        )
        row["text"] = " ".join(row["sentences"])
    return rows


def _error_rate(model, processor, rows: list[dict]) -> float:
    texts = transcribe(model, processor, [row["wave"] for row in rows])
    return word_error_rate([row["text"] for row in rows], texts)


def test_stock_classes_find_every_key(loaded) -> None:
    info = loaded[1]
    assert not info["unexpected_keys"]
    assert set(info["missing_keys"]) <= {"lm_head.weight"}  # tied


def test_it_transcribes_clean_sentences_it_never_saw(model, processor, stretches) -> None:
    assert _error_rate(model, processor, [row for row in stretches if not row["degraded"]]) <= 15


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
def test_the_adapter_hears_degraded_sentences_better(model, processor, stretches) -> None:
    degraded = [row for row in stretches if row["degraded"]]
    base = _error_rate(model, processor, degraded)
    fresh = Qwen3ASRForConditionalGeneration.from_pretrained(MINI / "base", dtype=torch.float32)
    robust = PeftModel.from_pretrained(fresh, MINI / "adapters" / "robust").eval()
    assert _error_rate(robust.get_base_model(), processor, degraded) < base


def test_the_router_tells_the_stretches_apart(stretches) -> None:
    router = Router.load(MINI / "router" / "router.safetensors")
    probabilities = router.probabilities([row["wave"].numpy() for row in stretches])
    assert [bool(p >= 0.5) for p in probabilities] == [row["degraded"] for row in stretches]


@pytest.mark.parametrize("level", [0.0, 0.005, 0.1])
def test_silence_and_noise_give_no_text(model, processor, level: float) -> None:
    noise = np.random.default_rng(1).standard_normal(48_000).astype(np.float32)
    assert transcribe(model, processor, [torch.from_numpy(level * noise)]) == [""]


def test_it_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in MINI.rglob("*") if path.is_file()) < 40e6
