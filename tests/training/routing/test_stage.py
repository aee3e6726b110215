"""The stage ``router`` on mini: from clips to a router that the engine takes with the adapter."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.checkpoint import locate, with_adapter
from engine.checkpoint.folder import ROUTER_FILE, ROUTER_REPORT
from engine.errors import UsageError, WildscribeError
from engine.router import Router
from tests.training.judging import few_rooms, judging, speech
from training.adapters import AdapterLibrary
from training.adapters.from_run import adapter_of
from training.finetune.config import RunConfig
from training.finetune.context import Context, Outcome
from training.finetune.errors import DataError, DiskFullError
from training.finetune.events import ClipsHeard, CopiesMade, Event, Listener
from training.finetune.run import Command, Run, Status
from training.finetune.runner import train
from training.finetune.stages import Stage
from training.routing.events import RouterMade, RouterRefused, RouterStepDone
from training.routing.stage import work
from training.simulate import FileMaterials


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="module")
def materials() -> FileMaterials:
    return few_rooms()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, mini: Path) -> RunConfig:
    return judging(speech(tmp_path_factory.mktemp("speech") / "clips"), mini, "router")


@pytest.fixture(scope="module")
def find(materials: FileMaterials) -> Callable[[str], Stage]:
    def stage(run: Run, context: Context) -> Outcome:
        return work(run, context, materials)

    return lambda name: stage


@pytest.fixture(scope="module")
def uninterrupted(
    config: RunConfig, find: Callable[[str], Stage], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    run = Run.create(tmp_path_factory.mktemp("uninterrupted") / "run", config)
    train(run, find=find)
    return run


def after_step(number: int, act: Callable[[], None]) -> Listener:
    def listen(event: Event) -> None:
        if isinstance(event, RouterStepDone) and event.step == number:
            act()

    return listen


def test_the_adapter_gets_its_router_and_its_threshold(
    uninterrupted: Run, mini: Path, tmp_path: Path
) -> None:
    run = uninterrupted
    assert run.state().status is Status.FINISHED
    (made,) = (event for event in run.events() if isinstance(event, RouterMade))
    assert (made.clips, made.held_out_clips) == (12, 6)
    model = with_adapter(locate(mini), run.adapter("router"))
    assert model.threshold == pytest.approx(made.threshold)
    assert model.router == run.adapter("router") / ROUTER_FILE
    Router.load(model.router)

    page = (run.report / "router.html").read_text(encoding="utf-8")
    ElementTree.fromstring(page.split("<body>")[1].rsplit("</body>")[0])
    assert "Reliability" in page
    assert "| degraded | 3 |" in (run.report / "router.md").read_text(encoding="utf-8")
    content = json.loads((run.report / ROUTER_REPORT).read_text(encoding="utf-8"))
    assert content["reliability"]["after"]["bins"]

    adapter, lineage = adapter_of(run)
    entry = AdapterLibrary(tmp_path / "library").add("rooms", adapter, lineage)
    assert entry.router is not None
    assert entry.lineage.threshold == pytest.approx(made.threshold)


def test_killed_it_goes_on_and_ends_with_the_same_router(
    config: RunConfig, find: Callable[[str], Stage], tmp_path: Path, uninterrupted: Run
) -> None:
    run = Run.create(tmp_path / "run", config)

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        train(run, after_step(3, die), find=find)
    assert run.state().status is Status.RUNNING
    assert run.last_checkpoint("router") == run.checkpoints("router") / "step-2"
    heard = (run.report / "hypotheses.jsonl").read_bytes()
    told: list[Event] = []
    train(run, told.append, find=find)
    assert [e.step for e in told if isinstance(e, RouterStepDone)] == [3, 4]
    assert not any(isinstance(event, CopiesMade) for event in told)
    assert [e.hypotheses for e in told if isinstance(e, ClipsHeard)] == [36]
    assert (run.report / "hypotheses.jsonl").read_bytes() == heard
    ours, theirs = (r.adapter("router") / ROUTER_FILE for r in (run, uninterrupted))
    assert ours.read_bytes() == theirs.read_bytes()


def test_paused_it_waits_and_stopped_it_keeps_what_it_learnt(
    config: RunConfig, find: Callable[[str], Stage], tmp_path: Path, uninterrupted: Run
) -> None:
    run = Run.create(tmp_path / "run", config)

    def pause(event: Event) -> None:
        if isinstance(event, CopiesMade):
            run.request(Command.PAUSE)

    assert train(run, pause, find=find).status is Status.PAUSED
    paused = train(run, after_step(1, lambda: run.request(Command.PAUSE)), find=find)
    assert paused.status is Status.PAUSED
    assert run.last_checkpoint("router") == run.checkpoints("router") / "step-1"
    state = train(run, after_step(3, lambda: run.request(Command.STOP)), find=find)
    assert (state.status, state.finished) == (Status.STOPPED, ("router",))
    content = json.loads((run.adapter("router") / ROUTER_REPORT).read_text(encoding="utf-8"))
    assert content["options"]["steps"] == 4
    assert (run.adapter("router") / ROUTER_FILE).is_file()


def test_stopped_before_it_has_learnt_anything_it_leaves_nothing(
    config: RunConfig, find: Callable[[str], Stage], tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", config)

    def stop(event: Event) -> None:
        if isinstance(event, CopiesMade):
            run.request(Command.STOP)

    assert train(run, stop, find=find).status is Status.STOPPED
    assert not run.adapter("router").exists()


def test_clips_that_say_nothing_leave_the_router_in_use(
    config: RunConfig, find: Callable[[str], Stage], tmp_path: Path, uninterrupted: Run
) -> None:
    """Own recordings on which both routes hear the same, without copies."""
    data = replace(config.data, unmarked="own")
    router = replace(config.router, copies=0)
    run = Run.create(tmp_path / "run", replace(config, data=data, router=router))
    # What was heard, as if base and adapter had heard the same.
    run.report.mkdir()
    rows = (uninterrupted.report / "hypotheses.jsonl").read_text(encoding="utf-8").splitlines()
    same = [json.dumps(json.loads(row) | {"text": "the same"}) + "\n" for row in rows]
    (run.report / "hypotheses.jsonl").write_text("".join(same), encoding="utf-8")
    told: list[Event] = []
    assert train(run, told.append, find=find).status is Status.FINISHED
    (refused,) = (event for event in told if isinstance(event, RouterRefused))
    assert "No clip says" in refused.what
    assert not run.adapter("router").exists()


@pytest.mark.parametrize(
    ("without", "refusal"), [("an adapter", UsageError), ("held-out clips", DataError)]
)
def test_what_it_cannot_do_without(
    config: RunConfig,
    find: Callable[[str], Stage],
    tmp_path: Path,
    without: str,
    refusal: type[WildscribeError],
) -> None:
    if without == "an adapter":
        config = replace(config, adapter=replace(config.adapter, start_from=""))
    else:
        clips = Path(config.data.paths[0])
        rows = [line for line in clips.read_text().splitlines() if "held_out" not in line]
        other = clips.with_name("train-only.jsonl")
        other.write_text("\n".join(rows) + "\n")
        data = replace(config.data, paths=(str(other),), held_out_share=0.0)
        config = replace(config, data=data)
    with pytest.raises(refusal):
        train(Run.create(tmp_path / "run", config), find=find)


def test_a_full_disk_leaves_the_last_checkpoint(
    config: RunConfig, find: Callable[[str], Stage], tmp_path: Path, uninterrupted: Run
) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit to the size of files")
    run = Run.create(tmp_path / "run", config)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))

    try:
        with pytest.raises(DiskFullError):
            train(run, after_step(3, limit), find=find)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in run.checkpoints("router").iterdir()] == ["step-2"]
    train(run, find=find)
    ours, theirs = (r.adapter("router") / ROUTER_FILE for r in (run, uninterrupted))
    assert ours.read_bytes() == theirs.read_bytes()
