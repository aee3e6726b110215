"""The stage ``evaluate`` on mini: clips nobody learnt from, a report, and a verdict."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.checkpoint import locate
from engine.checkpoint.fingerprint import base_sha256
from engine.errors import WildscribeError
from tests.training.judging import few_rooms, judging, speech
from training.adapters import AdapterLibrary, Lineage, PromotionRefusedError
from training.adapters.fingerprint import adapter_sha256
from training.adapters.learnt import Learnt
from training.data import read_examples
from training.data.example import HELD_OUT
from training.evaluate.events import Evaluated
from training.evaluate.evidence import Use, read_evidence, require_promotion
from training.evaluate.stage import work
from training.finetune.config import AdapterConfig, RunConfig
from training.finetune.context import Context
from training.finetune.events import ClipsHeard, CopiesMade, Event
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
        require_promotion(evidence, _as_used(evidence.base_sha256, mini), None)


def _as_used(base: str, mini: Path) -> Use:
    return Use("rooms@1", base, adapter_sha256(mini / "adapters" / "robust"), None, None)


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


def _other(folder: Path, mini: Path, dropout: float = 0.5) -> Path:
    """An adapter that hears as mini's, and has another hash."""
    folder.mkdir()
    for path in (mini / "adapters" / "robust").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    settings = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(settings | {"lora_dropout": dropout}))
    return folder


def _measured(run: Run) -> dict[str, str]:
    """Which adapters were measured, by role: their names."""
    report = json.loads((run.report / "report.json").read_text(encoding="utf-8"))
    return {role: one["name"] for role, one in report["measured"].items()}


def test_what_has_to_be_beaten(config: RunConfig, mini: Path, tmp_path: Path) -> None:
    """What is named; else what the library has in use under the name of the run, for this base;
    else the model's own, since here the run began with the new adapter itself."""
    other = _other(tmp_path / "other", mini)
    config = replace(config, adapter=AdapterConfig(start_from=str(other)))
    library, base = AdapterLibrary.default(), base_sha256(locate(mini))
    run = Run.create(tmp_path / "rooms", config)
    train(run)
    assert _measured(run) == {"new": "rooms"}  # that it started from, which is the new one

    foreign = library.add("rooms", mini / "adapters" / "robust", Lineage("another", "00ff"))
    library.promote(foreign, "for another base")
    train(run, only="evaluate")
    assert _measured(run) == {"new": "rooms"}

    own = library.add("rooms", mini / "adapters" / "robust", Lineage("mini", base, threshold=0.25))
    library.promote(own, "for this one")
    train(run, only="evaluate")
    assert _measured(run) == {"current": "rooms@2", "new": "rooms"}
    evidence = read_evidence(run.report)
    assert evidence.current is not None
    assert evidence.current.threshold == 0.25  # as its lineage says, not as the model's router

    named = _other(tmp_path / "named", mini, 0.25)
    evaluate = replace(config.evaluate, current=str(named))
    run = Run.create(tmp_path / "elsewhere" / "rooms", replace(config, evaluate=evaluate))
    train(run)
    assert _measured(run) == {"current": str(named), "new": "rooms"}


def test_what_an_adapter_before_it_learnt_from_is_not_measured_on(
    config: RunConfig, mini: Path, tmp_path: Path
) -> None:
    """Two runs need not hold the same clips out."""
    began = Run.create(tmp_path / "first", config)
    train(began)
    held_out = [e for e in read_examples(began.data_file) if e.split == HELD_OUT]
    known = Learnt(frozenset({held_out[0].sha256[:16]}), in_full=True)
    adapter = _other(tmp_path / "other", mini)
    lineage = Lineage("mini", base_sha256(locate(mini)))
    before = AdapterLibrary.default().add("before", adapter, lineage, learnt=known)
    config = replace(
        config,
        adapter=AdapterConfig(start_from=str(before.path)),
        evaluate=replace(config.evaluate, scenario_clips=1),
    )
    run = Run.create(tmp_path / "second", config)
    with pytest.raises(_EnoughError):
        work(run, Context(run, "evaluate", _until_copies_are_made), few_rooms())
    copied = run.copies_file.read_text(encoding="utf-8")
    assert held_out[0].text not in copied
    assert held_out[1].text in copied


class _EnoughError(Exception):
    """Seen enough."""


def _until_copies_are_made(event: Event) -> None:
    if isinstance(event, CopiesMade):
        raise _EnoughError


def test_the_adapter_in_use_is_beaten_too(config: RunConfig, mini: Path, tmp_path: Path) -> None:
    """The new adapter is another one than that of the model."""
    other = _other(tmp_path / "other", mini)
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
    with pytest.raises(WildscribeError, match="held out"):
        train(Run.create(tmp_path / "run", replace(config, data=data)))
