"""The whole proof on real mini and a handful of clips: every row, both rewards, page and ship."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from engine.audio import load
from engine.checkpoint.adapter import read_adapter
from engine.errors import UsageError
from engine.models import located, verify
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.finetune.run import Run
from training.mini.corpus import Sizes, load_script, write_job
from training.mini.speak import HOP, SAMPLE_RATE, Wave
from training.proof.finalists import Finalist, finalists, router_name
from training.proof.hear import texts_of
from training.proof.material import CORPORA, HELD_OUT_SET, TRAIN_SET, read_trials
from training.proof.plan import FULL, Plan, Row, SftSizes, TrialSizes
from training.proof.results import (
    ALWAYS,
    BEST,
    CLEAN,
    FURTHER,
    PRESENT,
    ROUTED,
    Contender,
    Results,
)
from training.proof.ship import ship
from training.proof.stages import Proof, publish

PLAN = Plan(
    train_sentences=3,
    train_clips=16,
    held_out_sentences=2,
    held_out_clips=3,
    unharmed_sentences=2,
    glanced_at=3,
    tests=TrialSizes(clean=4, never_heard=2, condition=2, effects=4),
    sft=SftSizes(1, 1, 1, clips_per_step=2),
    rl_clips=4,
    rl=replace(
        FULL.rl, steps=1, rollouts=4, clips_per_step=1, most_refills=1, most_tokens=24,
        held_out_every_steps=1,
    ),
    router=replace(FULL.router, most_clips=12, steps=2),
    seeds=(1,),
    mini=Sizes(train=10, practised=0, dev=1, known=1, unheard=1, random=1, joined=4),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FromTheSample:
    """Speaks the script with the clean sentences of the shipped recording, in turns.

    The texts are those of the recording: the proof's own would need engines that speak.
    """

    sample: Path

    def __call__(self, work: Path, processes: int) -> None:
        spoken = self._spoken()
        for script, corpus in CORPORA.items():
            lines, waves = [], []
            for number, line in enumerate(load_script(work / script)):
                text, wave = spoken[number % len(spoken)]
                lines.append(replace(line, text=text))
                waves.append(wave)
            (work / corpus).mkdir()
            write_job(work / corpus, 0, lines, waves)

    def _spoken(self) -> list[tuple[str, Wave]]:
        """Text and wave of each sentence: whatever is between two long silences."""
        facts = json.loads(self.sample.with_suffix(".json").read_text(encoding="utf-8"))
        samples = load(self.sample)
        found = []
        for stretch in facts["stretches"]:
            if stretch["degraded"]:
                continue
            part = samples[
                int(stretch["start_s"] * SAMPLE_RATE) : int(stretch["end_s"] * SAMPLE_RATE)
            ]
            loud = np.flatnonzero(np.abs(part) > 1e-3)
            gaps = np.flatnonzero(np.diff(loud) > 0.7 * SAMPLE_RATE)
            starts = [loud[0], *loud[gaps + 1]]
            ends = [*loud[gaps], loud[-1]]
            for text, start, end in zip(stretch["sentences"], starts, ends, strict=True):
                wave = part[start:end]
                found.append((text, np.pad(wave, (0, -len(wave) % HOP))))
        return found


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Proof:
    work = tmp_path_factory.mktemp("proof")
    return Proof(work, PLAN, lanes=1, speak=FromTheSample(sample))


@pytest.fixture(scope="module")
def results(proof: Proof) -> Results:
    """Of a proof that was interrupted between data and rows."""
    in_the_way = proof.work / "runs"
    in_the_way.write_text("a file where a folder must be")
    with pytest.raises(OSError, match="runs"):
        proof.run()
    in_the_way.unlink()
    return proof.run()


pytestmark = pytest.mark.timeout(900)


def test_what_was_done_before_an_interruption_is_not_done_again(
    proof: Proof, results: Results
) -> None:
    made = {
        path: path.stat().st_mtime_ns
        for folder in ("corpus", TRAIN_SET, HELD_OUT_SET, "test", "runs", "heard")
        for path in (proof.work / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    again = proof.run()
    assert {path: path.stat().st_mtime_ns for path in made} == made
    took = {name: value for name, value in again.facts.items() if name.startswith("minutes")}
    assert len(took) == 1
    later = {"created_at": results.created_at, "facts": again.facts | results.facts}
    assert replace(again, **later) == results


def test_every_row_was_trained_and_an_adapter_of_step_0_is_the_one_begun_with(
    results: Results,
) -> None:
    adapters = [results.row(row).adapters for row in (Row.SFT, Row.GENTLE, Row.A2S)]
    assert len(set(adapters)) == 3
    for row in (Row.DAPO, Row.DG_WGPO):
        (run,) = results.row(row).learning
        same = results.row(row).adapters == results.row(Row.A2S).adapters
        assert same == (run.best_step == 0)


def test_the_base_is_the_same_on_either_route_and_clean_speech_is_counted(
    results: Results,
) -> None:
    cells = results.row(Row.BASE).cells
    assert cells[ALWAYS] == cells[ROUTED]
    assert results.sets[CLEAN].clips == PLAN.tests.clean


def test_test_clips_and_held_out_clips_are_apart(proof: Proof, results: Results) -> None:
    trials = read_trials(proof.work)
    clips, held_out, unharmed = trials.tests, trials.held_out, trials.unharmed
    assert (len(held_out), len(unharmed)) == (PLAN.held_out_clips, PLAN.unharmed_sentences)
    assert len(clips) == len(results.routed.split()) == len(results.errors["a2s-1"].split())
    heard = texts_of(proof.work, Row.A2S, 1)
    assert {clip.id for clip in (*clips, *held_out)} <= set(heard)


def test_other_clips_and_other_rows_are_refused(proof: Proof, results: Results) -> None:
    with pytest.raises(UsageError, match="other clips"):
        replace(proof, plan=replace(PLAN, rl_clips=5)).run()
    with pytest.raises(UsageError, match="another plan"):
        replace(proof, plan=replace(PLAN, rl=replace(PLAN.rl, rate=1.0))).run()


def test_the_page_and_its_figures_are_written(results: Results, tmp_path: Path) -> None:
    publish(results, tmp_path / "results.md")
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "**A2S-SFT** against plain SFT" in text
    assert (tmp_path / "results.json").stat().st_size < 200_000


def finalist(results: Results, name: str) -> Finalist:
    best, row = (Row(results.best_row), results.best_seed), Row(results.further_row)
    found = finalists(PLAN, contender(results, PRESENT).adapter_sha256, best, row)
    return next(one for one in found if one.name == name)


def chosen(results: Results, adapter: str, router: Path | None = None) -> Results:
    """As if one of them had heard the held-out clips best; a router may be put in place."""
    one = contender(results, adapter)
    if router:
        one = replace(one, own_router=True, router_sha256=file_sha256(router))
    others = (replace(other, passes=False) for other in results.contenders)
    return replace(results, contenders=(*others, replace(one, passes=True)))


def contender(results: Results, adapter: str) -> Contender:
    return next(one for one in results.contenders if one.adapter == adapter and not one.own_router)


def test_what_could_ship_was_measured_on_the_same_clips(results: Results) -> None:
    present, best, further = (contender(results, name) for name in (PRESENT, BEST, FURTHER))
    assert results.contenders[0] is present
    assert present.is_present
    assert present.router_sha256 == best.router_sha256 == further.router_sha256
    assert present.clean_share == best.clean_share == further.clean_share
    assert present.adapter_sha256 != best.adapter_sha256
    row = results.row(results.best_row)
    at = row.seeds.index(results.best_seed)
    assert best.held_out_wer == row.held_out_wer[at]
    assert best.clean_wer == row.cells[ROUTED][CLEAN].by_seed[at]


def test_minis_own_adapter_was_trained_further(proof: Proof, results: Results, mini: Path) -> None:
    further = finalist(results, FURTHER)
    run = Run(proof.work / "runs" / further.run)
    assert run.config.adapter.start_from == str(mini / "adapters" / "robust")
    assert run.config.stages == ("rl",)
    made = adapter_sha256(further.adapter(proof.work, PLAN))
    assert contender(results, FURTHER).adapter_sha256 == made


@pytest.fixture
def copy(mini: Path, tmp_path: Path) -> Path:
    """A model that may be changed."""
    model = tmp_path / "mini"
    shutil.copytree(mini, model)
    return model


def test_the_best_adapter_ships_in_minis_own_form(
    proof: Proof, results: Results, copy: Path
) -> None:
    router = (copy / "router" / "router.safetensors").read_bytes()
    before = copy / "adapters" / "robust"
    files = {path.name for path in before.iterdir()}
    settings = json.loads((before / "adapter_config.json").read_text(encoding="utf-8"))
    tensors = load_file(before / "adapter_model.safetensors")
    assert ship(proof.work, PLAN, chosen(results, BEST), copy).startswith(BEST)
    folder = copy / "adapters" / "robust"
    assert (copy / "router" / "router.safetensors").read_bytes() == router
    assert {path.name for path in folder.iterdir()} == files
    said = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    assert said == settings
    made = load_file(folder / "adapter_model.safetensors")
    assert {n: (t.shape, t.dtype) for n, t in made.items()} == {
        n: (t.shape, t.dtype) for n, t in tensors.items()
    }
    assert read_adapter(folder).rank == settings["r"]
    assert all(file.ok for file in verify(copy))


def test_a_router_ships_with_its_threshold_and_alone_leaves_the_adapter(
    proof: Proof, results: Results, mini: Path, copy: Path
) -> None:
    adapter = (copy / "adapters" / "robust" / "adapter_model.safetensors").read_bytes()
    run = Run(proof.work / "runs" / router_name(finalist(results, PRESENT)))
    made = run.adapter("router") / "router.safetensors"
    if not made.exists():  # of so few clips none may come that is better than chance
        made.parent.mkdir(parents=True)
        shutil.copyfile(mini / "router" / "router.safetensors", made)
        made.with_name("router.json").write_text('{"threshold": 0.25}')
    assert "a router of its own" in ship(proof.work, PLAN, chosen(results, PRESENT, made), copy)
    threshold = json.loads(made.with_name("router.json").read_text(encoding="utf-8"))["threshold"]
    assert located(copy).threshold == threshold
    assert (copy / "adapters" / "robust" / "adapter_model.safetensors").read_bytes() == adapter
    assert all(file.ok for file in verify(copy))


def test_what_nothing_is_better_than_stays(proof: Proof, results: Results, copy: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    ship(proof.work, PLAN, chosen(results, PRESENT), copy)
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_an_adapter_that_was_not_measured_does_not_ship(
    proof: Proof, results: Results, copy: Path
) -> None:
    *others, one = chosen(results, BEST).contenders
    other = replace(results, contenders=(*others, replace(one, adapter_sha256="other")))
    with pytest.raises(UsageError, match="not what the results tell of"):
        ship(proof.work, PLAN, other, copy)
    assert all(file.ok for file in verify(copy))
