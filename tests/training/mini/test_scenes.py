"""Scenes: what the simulator makes of training clips, kept as a corpus."""

from pathlib import Path

import pytest
import torch

from tests.training.mini.corpora import tone_corpus
from training.mini.corpus import Corpus
from training.mini.routing import MILDEST, judgeable
from training.mini.scenes import CLEAN_SHARE, Scene, make_scenes, mini_materials
from training.simulate.scenarios import CLEAN, SCENARIOS, scenario


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    tone_corpus(folder / "corpus")
    make_scenes(folder / "corpus", folder / "scenes", pools=1, seed=3, processes=1)
    return folder


def test_every_clip_says_what_happened_to_it(folder: Path) -> None:
    clips = Corpus(folder / "scenes").split("train")
    assert {clip.kind for clip in clips} <= {"clean", *(known.name for known in SCENARIOS)}
    assert all((clip.severity == 0.0) == (clip.kind == "clean") for clip in clips)
    clean = sum(clip.kind == "clean" for clip in clips) / len(clips)
    assert clean == pytest.approx(CLEAN_SHARE, abs=0.08)
    assert len({clip.kind for clip in clips}) > 40


def test_the_development_clips_are_all_degraded(folder: Path) -> None:
    source, scenes = (Corpus(folder / name).split("dev") for name in ("corpus", "scenes"))
    assert [clip.text for clip in scenes] == [clip.text for clip in source]
    assert all(clip.kind != "clean" for clip in scenes)


def test_some_scenes_join_sentences_and_keep_all_their_text(folder: Path) -> None:
    texts = [clip.text for clip in Corpus(folder / "scenes").split("train")]
    assert 0.1 < sum(text.count(".") > 1 for text in texts) / len(texts) < 0.3


def test_the_router_sees_three_clean_clips_for_a_clearly_degraded_one(folder: Path) -> None:
    clips = judgeable(Corpus(folder / "scenes"))
    clean = sum(clip.severity == 0.0 for clip in clips) / len(clips)
    assert clean == pytest.approx(0.75, abs=0.06)
    assert min(clip.severity for clip in clips if clip.severity) >= MILDEST


def test_a_scene_sounds_the_same_again(folder: Path) -> None:
    corpus = Corpus(folder / "corpus")
    materials = mini_materials(corpus, folder / "materials")
    wave = corpus.wave(corpus.split("train")[0])
    scene = Scene(scenario("far_field+noise"), 0.7, 4)
    heard = scene.heard(wave, materials)
    assert heard.shape == wave.shape
    assert not torch.allclose(heard, wave, atol=1e-3)
    assert torch.equal(heard, scene.heard(wave, materials))
    assert torch.equal(Scene(CLEAN, 0.0, 4).heard(wave, materials), wave)
