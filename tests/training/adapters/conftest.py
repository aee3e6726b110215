"""The tiny adapter and router of the published layout, and a library of one's own."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from training.adapters import AdapterEntry, AdapterLibrary, Lineage
from training.adapters.archive import export_adapter
from training.adapters.fingerprint import file_sha256

LAYOUT = Path(__file__).parents[2] / "fixtures" / "mega-asr-layout"


@pytest.fixture(scope="session")
def layout() -> Path:
    """A model folder exactly as Mega-ASR is published, tiny and random."""
    return LAYOUT


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """A PEFT folder that a test may damage."""
    return shutil.copytree(LAYOUT / "mega-asr-merged", tmp_path / "adapter")


@pytest.fixture(scope="session")
def router() -> Path:
    return LAYOUT / "audio_quality_router" / "best_acc_model.safetensors"


@pytest.fixture
def lineage() -> Lineage:
    return Lineage(
        base="tiny",
        base_sha256="00ff",
        data_sha256="aa",
        recipe={"stage": "sft1", "learning_rate": 1e-3},
        seeds=(1, 2),
        metrics={"held_out_wer": 0.25},
        licence="Apache-2.0",
        threshold=0.4,
    )


@pytest.fixture
def library(tmp_path: Path) -> AdapterLibrary:
    return AdapterLibrary(tmp_path / "library")


@pytest.fixture
def other(lineage: Lineage) -> Lineage:
    return replace(lineage, parent_sha256="bb")


@pytest.fixture
def entry(library, adapter, router, lineage) -> AdapterEntry:
    return library.add("clinic", adapter, lineage, router)


@pytest.fixture
def exported(entry: AdapterEntry, tmp_path: Path) -> Path:
    path = tmp_path / "clinic.wildscribe-adapter"
    assert export_adapter(entry, path) == file_sha256(path)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> AdapterLibrary:
    """The library of somebody else."""
    return AdapterLibrary(tmp_path / "elsewhere")
