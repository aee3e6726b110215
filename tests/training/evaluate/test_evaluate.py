"""A whole evaluation with a recogniser that is told what it hears, and with mini."""

import json
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.checkpoint import ModelFolder, locate
from engine.checkpoint.fingerprint import base_sha256
from engine.errors import CancelledError, StorageError, UsageError
from engine.recognizer import Clip, Hypothesis, Recognizer
from tests.training.evaluate.making import clip
from training.adapters import AdapterError, PromotionRefusedError
from training.adapters.fingerprint import adapter_sha256
from training.evaluate import EvaluationClip, Group, Limits, Request, evaluate
from training.evaluate.evidence import read_evidence, require_promotion
from training.evaluate.listen import Candidate, Listener
from training.evaluate.run import data_sha256
from training.evaluate.store import HYPOTHESES, Store
from training.score import Bootstrap

LIMITS = Limits(bootstrap=Bootstrap(resamples=100))
QUIET, LOUD = 0.01, 0.5


class Scripted:
    """Hears loud clips rightly, quiet ones only with the adapter.

    The first sample carries the number of the clip, the second whether it is loud.
    """

    def __init__(self, log: list[tuple[int, float]], fail_after: int | None = None) -> None:
        self.log = log
        self.fail_after = fail_after

    def stream(
        self, clips: Sequence[Clip], *, cancel: threading.Event | None = None
    ) -> Iterator[tuple[int, Hypothesis]]:
        for index, asked in reversed(list(enumerate(clips))):
            if self.fail_after is not None and len(self.log) >= self.fail_after:
                raise CancelledError("stopped")
            number = round(float(asked.samples[0]) * 1000)
            self.log.append((number, asked.gate))
            right = asked.samples[1] > 0.1 or asked.gate == 1.0
            text = f"one two three {number}" if right else "one 5"
            yield index, Hypothesis(text, "English", 0.9, text, (1, 2), False)


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


def _listener(model: ModelFolder, log: list, fail_after: int | None = None) -> Listener:
    return Listener(model, "ab" * 32, load=lambda folder, device, dtype: Scripted(log, fail_after))


def _candidate(model: ModelFolder, **more) -> Candidate:
    assert model.adapter is not None
    return Candidate("clinic@2", model.adapter, **more)


def test_an_adapter_that_helps_is_promoted_and_reported(model, clips, tmp_path):
    log: list[tuple[int, float]] = []
    request = Request(clips, _candidate(model), routed=False, limits=LIMITS)
    found = evaluate(request, _listener(model, log), tmp_path / "out")
    assert found.verdict.promoted
    assert found.columns == ("base", "new always")
    assert sorted(log) == sorted((n, gate) for n in range(50) for gate in (0.0, 1.0))
    degraded = next(row for row in found.table("groups").rows if row.label == "degraded")
    assert degraded.rates["base"].pooled.rate == 0.75
    assert degraded.rates["new always"].pooled.rate == 0.0

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["verdict"]["promoted"] is True
    assert report["measured"]["new"]["adapter_sha256"] == adapter_sha256(model.adapter)
    assert report["tables"]["conditions"]["noise"]["base"]["error_rate"] == 75.0
    assert "75.00" in (tmp_path / "out" / "report.md").read_text()
    page = (tmp_path / "out" / "report.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    ElementTree.fromstring(page.split("<body>")[1].rsplit("</body>")[0])

    evidence = read_evidence(tmp_path / "out")
    require_promotion(evidence, adapter_sha256(model.adapter), None)
    with pytest.raises(AdapterError, match="another adapter"):
        require_promotion(evidence, "00", None)


def test_an_adapter_that_does_nothing_is_refused(model, clips, tmp_path):
    """On loud clips only, base and adapter hear the same."""
    same = [replace(c, group=Group.OWN) for c in clips[:25]]
    request = Request(same, _candidate(model), routed=False, limits=LIMITS)
    found = evaluate(request, _listener(model, []), tmp_path)
    assert not found.verdict.promoted
    with pytest.raises(PromotionRefusedError, match="not shown to be better"):
        require_promotion(read_evidence(tmp_path), adapter_sha256(model.adapter), None)


def test_routed_takes_one_of_two_texts_by_the_routers_word(model, clips, tmp_path):
    always = Request(clips, _candidate(model, router=model.router, threshold=0.0), limits=LIMITS)
    found = evaluate(always, _listener(model, []), tmp_path / "always")
    assert found.columns == ("base", "new routed", "new always")
    rows = found.table("groups").rows
    assert all(row.rates["new routed"] == row.rates["new always"] for row in rows)
    assert found.new.used == {"clean": 1.0, "degraded": 1.0}
    never = replace(always, new=_candidate(model, router=model.router, threshold=1.0))
    log: list[tuple[int, float]] = []
    found = evaluate(never, _listener(model, log), tmp_path / "always")
    assert log == []  # heard before
    assert all(row.rates["new routed"] == row.rates["base"] for row in found.table("groups").rows)
    assert not found.verdict.promoted
    assert read_evidence(tmp_path / "always").router_sha256 is not None


def test_base_current_and_new_are_each_heard_once(model, clips, tmp_path, published):
    other = tmp_path / "other"
    other.mkdir()
    for path in (published / "mega-asr-merged").iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    (other / "adapter_config.json").write_text(
        (other / "adapter_config.json").read_text().replace("0.05", "0.06")
    )
    log: list[tuple[int, float]] = []
    request = Request(
        clips,
        Candidate("clinic@2", other),
        current=replace(_candidate(model), name="clinic@1"),
        routed=False,
        limits=LIMITS,
    )
    found = evaluate(request, _listener(model, log), tmp_path / "out")
    assert found.columns == ("base", "current always", "new always")
    assert len(log) == 150
    assert [one.name for one in found.measured] == ["clinic@1", "clinic@2"]
    assert [f.against for f in found.verdict.findings] == ["base", "current", "base"]
    assert "better than current" in found.verdict.reasons[0]


def test_an_evaluation_that_was_stopped_goes_on(model, clips, tmp_path):
    request = Request(clips, _candidate(model), routed=False, limits=LIMITS)
    log: list[tuple[int, float]] = []
    with pytest.raises(CancelledError):
        evaluate(request, _listener(model, log, fail_after=30), tmp_path / "out")
    path = tmp_path / "out" / HYPOTHESES
    with path.open("a") as file:
        file.write('{"clip": "cut o')  # the power went
    steps: list[tuple[int, int]] = []
    listener = replace(_listener(model, log), on_progress=lambda *step: steps.append(step))
    evaluate(request, listener, tmp_path / "out")
    assert sorted(log) == sorted((n, gate) for n in range(50) for gate in (0.0, 1.0))
    assert steps == [(done, 100) for done in range(30, 101)]
    assert len(Store(tmp_path / "out").hypotheses) == 100
    assert not (tmp_path / "out" / ".report.json.part").exists()


def test_damage_before_the_end_is_named(tmp_path):
    (tmp_path / HYPOTHESES).write_text('{"clip": \n{}\n')
    with pytest.raises(StorageError, match=HYPOTHESES):
        Store(tmp_path)
    (tmp_path / HYPOTHESES).write_text('{"surprise": 1}\n')
    with pytest.raises(StorageError, match=HYPOTHESES):
        Store(tmp_path)


def test_what_makes_no_sense_is_refused(model, clips, tmp_path):
    with pytest.raises(UsageError, match="no clips"):
        evaluate(Request([], _candidate(model)), _listener(model, []), tmp_path)
    with pytest.raises(UsageError, match="router"):
        evaluate(Request(clips, _candidate(model)), _listener(model, []), tmp_path)
    with pytest.raises(AdapterError, match="no report"):
        read_evidence(tmp_path)


def test_the_data_is_known_whatever_its_order(clips):
    assert data_sha256(clips) == data_sha256(clips[::-1])
    assert data_sha256(clips) != data_sha256(clips[1:])


def test_mini_is_heard_in_mixed_batches(mini, published, tmp_path):
    model = locate(mini)
    paths = sorted(published.glob("*.wav"))[:2]
    heard = []
    for number, path in enumerate(paths):
        samples = soundfile.read(path, dtype="float32")[0][:16_000]
        audio = tmp_path / path.name
        soundfile.write(audio, samples, 16_000)
        heard.append(clip(number, Group.OWN, audio=audio))
    listener = Listener(model, base_sha256(model), device="cpu")
    assert model.adapter is not None
    candidate = Candidate("robust", model.adapter, model.router)
    found = evaluate(Request(heard, candidate, limits=LIMITS), listener, tmp_path / "out")
    rows = Store(tmp_path / "out").hypotheses
    recognizer = Recognizer.load(model, "cpu")
    for one in heard:
        samples = soundfile.read(one.audio, dtype="float32")[0]
        for gate in (0.0, 1.0):
            (alone,) = recognizer.transcribe([Clip(samples, gate=gate)])
            by = f"{listener.base_sha256[:16]}/auto" + (
                f"/{adapter_sha256(model.adapter)[:16]}" if gate else ""
            )
            assert rows[one.id, by].text == alone.text
    assert not found.verdict.promoted
