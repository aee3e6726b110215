"""The stage ``evaluate`` on mini: clips nobody learnt from, a report, and a verdict."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import UsageError
from tests.training.judging import judging, speech
from training.adapters import PromotionRefusedError
from training.adapters.fingerprint import adapter_sha256
from training.evaluate.events import Evaluated
from training.evaluate.evidence import read_evidence, require_promotion
from training.finetune.config import AdapterConfig, RunConfig
from training.finetune.events import ClipsHeard, Event
from training.finetune.run import Command, Run, Status
from training.finetune.runner import train


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, mini: Path) -> RunConfig:
    return judging(speech(tmp_path_factory.mktemp("speech") / "clips"), mini, "evaluate")


def test_a_run_ends_with_a_verdict_that_is_obeyed(
    config: RunConfig, mini: Path, tmp_path: Path
) -> None:
    """Three held-out clips are far too few to show anything; and what is said to be clean and from
    elsewhere are the clips of the run."""
    clean = speech(tmp_path / "elsewhere")
    config = replace(config, evaluate=replace(config.evaluate, clean=(str(clean), "absent")))
    run = Run.create(tmp_path / "run", config)
    told: list[Event] = []
    assert train(run, told.append).status is Status.FINISHED
    (found,) = (event for event in told if isinstance(event, Evaluated))
    assert (found.clips, found.promoted) == (3, False)
    report = json.loads((run.report / "report.json").read_text(encoding="utf-8"))
    assert report["measured"]["new"]["adapter_sha256"] == adapter_sha256(
        mini / "adapters" / "robust"
    )
    assert report["columns"] == ["base", "new routed", "new always"]  # in use is the very same
    assert any("absent" in why for why in report["left_out"])
    assert "6 clean clips are among those learnt from." in report["left_out"]
    assert Path(found.report).is_file()
    assert (run.report / "report.md").is_file()
    evidence = read_evidence(run.report)
    assert evidence.headline == found.headline
    with pytest.raises(PromotionRefusedError, match="not promoted"):
        require_promotion(evidence, adapter_sha256(mini / "adapters" / "robust"), None)


def test_paused_it_hears_nothing_twice(config: RunConfig, mini: Path, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", config)

    def pause(event: Event) -> None:
        if isinstance(event, ClipsHeard):
            run.request(Command.PAUSE)

    assert train(run, pause).status is Status.PAUSED
    assert not (run.report / "report.json").exists()
    assert train(run).status is Status.FINISHED
    heard = (run.report / "hypotheses.jsonl").read_text(encoding="utf-8").splitlines()
    keys = [(row["clip"], row["by"]) for row in map(json.loads, heard)]
    assert len(keys) == len(set(keys)) == 6


def test_the_adapter_in_use_is_beaten_too(config: RunConfig, mini: Path, tmp_path: Path) -> None:
    """The new adapter is another one than that of the model."""
    other = tmp_path / "other"
    other.mkdir()
    for path in (mini / "adapters" / "robust").iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    settings = json.loads((other / "adapter_config.json").read_text())
    (other / "adapter_config.json").write_text(json.dumps(settings | {"lora_dropout": 0.5}))
    config = replace(
        config,
        adapter=AdapterConfig(start_from=str(other)),
        evaluate=replace(config.evaluate, current=str(mini / "adapters" / "robust"), routed=False),
    )
    run = Run.create(tmp_path / "run", config)
    train(run)
    report = json.loads((run.report / "report.json").read_text(encoding="utf-8"))
    assert [c for c in report["columns"] if "always" in c] == ["current always", "new always"]
    assert report["routed"] is False


def test_without_held_out_clips_there_is_nothing_to_say(config: RunConfig, tmp_path: Path) -> None:
    clips = Path(config.data.paths[0])
    rows = [line for line in clips.read_text().splitlines() if "held_out" not in line]
    other = clips.with_name("train-only.jsonl")
    other.write_text("\n".join(rows) + "\n")
    data = replace(config.data, paths=(str(other),), held_out_share=0.0)
    with pytest.raises(UsageError, match="held out"):
        train(Run.create(tmp_path / "run", replace(config, data=data)))
