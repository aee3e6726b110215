"""From a run to an adapter with its lineage."""

import json
import shutil
from pathlib import Path

import pytest

from engine.checkpoint import locate
from engine.checkpoint.fingerprint import base_sha256
from training.adapters import AdapterError, AdapterLibrary, MissingAdapterError
from training.adapters.fingerprint import adapter_sha256
from training.adapters.from_run import adapter_of
from training.finetune.config import AdapterConfig, ModelConfig, RunConfig
from training.finetune.events import HeldOutScored
from training.finetune.run import Run, RunState
from training.rl.events import BestKept


@pytest.fixture
def run(layout: Path, tmp_path: Path) -> Run:
    config = RunConfig(
        model=ModelConfig(path=str(layout)),
        adapter=AdapterConfig(start_from=str(layout / "mega-asr-merged")),
        stages=("sft1", "sft2"),
        seed=7,
    )
    return Run.create(tmp_path / "run", config)


def test_the_last_finished_stage_with_all_that_is_known(
    run: Run, layout: Path, library: AdapterLibrary
) -> None:
    with pytest.raises(MissingAdapterError):
        adapter_of(run)
    shutil.copytree(layout / "mega-asr-merged", run.adapter("sft1"))
    run.save_state(RunState(stage="sft2", finished=("sft1",), data_sha256="dd"))
    run.record(HeldOutScored(stage="sft1", step=1, clips=3, wer=0.5))
    run.record(HeldOutScored(stage="sft1", step=2, clips=3, wer=0.25))
    folder, lineage = adapter_of(run, "CC-BY-4.0")
    assert folder == run.adapter("sft1")
    assert lineage.base_sha256 == base_sha256(locate(layout))
    assert (lineage.data_sha256, lineage.seeds) == ("dd", (7,))
    assert lineage.metrics == {"held_out_wer": 0.25}
    assert lineage.licence == "CC-BY-4.0"
    assert lineage.parent_sha256 == adapter_sha256(layout / "mega-asr-merged")
    added = library.add("clinic", folder, lineage)
    assert added.lineage.recipe["adapter"]["rank"] == 8
    assert added.lineage.licence == "CC-BY-4.0"


def test_where_things_lie_on_this_computer_is_not_given_away(run: Run, layout: Path) -> None:
    shutil.copytree(layout / "mega-asr-merged", run.adapter("sft1"))
    run.save_state(RunState(stage="sft1", finished=("sft1",)))
    recipe = adapter_of(run)[1].recipe
    assert str(layout.parent) not in json.dumps(recipe)
    assert recipe["adapter"]["start_from"] == "mega-asr-merged"


def test_the_base_is_the_one_that_the_run_began_with(run: Run, layout: Path) -> None:
    shutil.copytree(layout / "mega-asr-merged", run.adapter("sft1"))
    run.save_state(RunState(stage="sft1", finished=("sft1",), base_sha256="aa"))
    assert adapter_of(run)[1].base_sha256 == "aa"


def test_an_unfinished_stage_has_no_say_in_what_was_measured(run: Run, layout: Path) -> None:
    shutil.copytree(layout / "mega-asr-merged", run.adapter("sft1"))
    run.save_state(RunState(stage="sft2", finished=("sft1",)))
    run.record(HeldOutScored(stage="sft1", step=2, clips=3, wer=0.25))
    run.record(HeldOutScored(stage="sft2", step=1, clips=3, wer=0.1))
    assert adapter_of(run)[1].metrics == {"held_out_wer": 0.25}


def test_the_best_adapter_is_the_one_that_is_told_of(layout: Path, tmp_path: Path) -> None:
    """Reinforcement learning keeps its best step, and measures others after it; the router has a
    copy of the same adapter."""
    config = RunConfig(model=ModelConfig(path=str(layout)), stages=("sft3", "rl", "router"))
    run = Run.create(tmp_path / "run", config)
    for stage in config.stages:
        shutil.copytree(layout / "mega-asr-merged", run.adapter(stage))
    settings = run.adapter("sft3") / "adapter_config.json"
    settings.write_text(settings.read_text().replace("0.05", "0.06"))
    run.save_state(RunState(stage="router", finished=config.stages))
    run.record(HeldOutScored(stage="sft3", step=9, clips=3, wer=0.1))
    for step, wer, best in ((0, 0.5, True), (1, 0.25, True), (2, 0.75, False)):
        run.record(HeldOutScored(stage="rl", step=step, clips=3, wer=wer))
        if best:
            run.record(BestKept(stage="rl", step=step, wer=wer))
    assert adapter_of(run)[1].metrics == {"held_out_wer": 0.25}


def test_an_adapter_that_was_never_measured_tells_of_nothing(run: Run, layout: Path) -> None:
    shutil.copytree(layout / "mega-asr-merged", run.adapter("sft1"))
    run.save_state(RunState(stage="sft1", finished=("sft1",)))
    assert adapter_of(run)[1].metrics == {}


def test_a_router_for_an_earlier_adapter_is_refused(run: Run, layout: Path, router: Path) -> None:
    """The last stage holds a copy of the adapter before it, and the router."""
    for stage in run.config.stages:
        shutil.copytree(layout / "mega-asr-merged", run.adapter(stage))
    shutil.copyfile(router, run.adapter("sft2") / "router.safetensors")
    run.save_state(RunState(stage="sft2", finished=("sft1", "sft2")))
    assert adapter_of(run)[0] == run.adapter("sft2")
    settings = run.adapter("sft1") / "adapter_config.json"
    settings.write_text(settings.read_text().replace("0.05", "0.06"))
    with pytest.raises(AdapterError, match="trained anew"):
        adapter_of(run)
