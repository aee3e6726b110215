"""A whole evaluation with a recogniser that is told what it hears, and with mini."""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
import soundfile

from engine.checkpoint import locate
from engine.checkpoint.fingerprint import base_sha256
from engine.errors import CancelledError, StorageError, UsageError
from engine.recognizer import Clip, Recognizer
from tests.training.evaluate.hearing import BASE, LIMITS, Scripted, candidate, listener, use
from tests.training.evaluate.making import clip
from training.adapters import AdapterError, ForeignReportError, PromotionRefusedError
from training.adapters.fingerprint import adapter_sha256
from training.adapters.learnt import Learnt
from training.evaluate import Group, Request, evaluate
from training.evaluate.evidence import read_evidence, require_promotion
from training.evaluate.listen import Candidate, Listener
from training.evaluate.run import data_sha256
from training.evaluate.store import HYPOTHESES, Store


def test_an_adapter_that_helps_is_promoted_and_reported(model, clips, tmp_path):
    log: list[tuple[int, float]] = []
    request = Request(clips, candidate(model), routed=False, limits=LIMITS)
    found = evaluate(request, listener(model, log), tmp_path / "out")
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
    require_promotion(evidence, use(model), None)
    with pytest.raises(ForeignReportError, match="another adapter"):
        require_promotion(evidence, use(model, adapter_sha256="00"), None)


def test_an_adapter_that_does_nothing_is_refused(model, clips, tmp_path):
    """On loud clips only, base and adapter hear the same."""
    same = [replace(c, group=Group.OWN) for c in clips[:25]]
    request = Request(same, candidate(model), routed=False, limits=LIMITS)
    found = evaluate(request, listener(model, []), tmp_path)
    assert not found.verdict.promoted
    with pytest.raises(PromotionRefusedError, match="not shown to be better"):
        require_promotion(read_evidence(tmp_path), use(model), None)


def test_routed_takes_one_of_two_texts_by_the_routers_word(model, clips, tmp_path):
    always = Request(clips, candidate(model, router=model.router, threshold=0.0), limits=LIMITS)
    found = evaluate(always, listener(model, []), tmp_path / "always")
    assert found.columns == ("base", "new routed", "new always")
    rows = found.table("groups").rows
    assert all(row.rates["new routed"] == row.rates["new always"] for row in rows)
    assert found.new.used == {"clean": 1.0, "degraded": 1.0}
    never = replace(always, new=candidate(model, router=model.router, threshold=1.0))
    log: list[tuple[int, float]] = []
    found = evaluate(never, listener(model, log), tmp_path / "always")
    assert log == []  # heard before
    assert all(row.rates["new routed"] == row.rates["base"] for row in found.table("groups").rows)
    assert not found.verdict.promoted
    assert read_evidence(tmp_path / "always").new.router_sha256 is not None


@pytest.mark.parametrize(("threshold", "better"), [(1.0, True), (0.0, False)])
def test_the_adapter_in_use_is_compared_with_as_it_is_used(
    model, clips, tmp_path, threshold, better
):
    """Always on, the one in use would hear everything rightly, too; but its router never takes it,
    or always."""
    assert model.router is not None
    current = Candidate("clinic@1", model.adapter, model.router, threshold)
    new = candidate(model, router=model.router, threshold=0.0)
    request = Request(clips, new, current, limits=LIMITS)
    found = evaluate(request, listener(model, []), tmp_path)
    assert found.columns == ("base", "current routed", "current always", "new routed", "new always")
    degraded = next(row for row in found.table("groups").rows if row.label == "degraded")
    assert degraded.rates["current always"].pooled.rate == 0.0
    assert degraded.rates["current routed"].pooled.rate == (0.75 if better else 0.0)
    outcomes = {f.against: f.outcome for f in found.verdict.findings if f.group is Group.DEGRADED}
    assert outcomes == {"base": "better", "current": "better" if better else "not shown"}
    assert found.verdict.promoted == better


def test_clips_that_an_adapter_learnt_from_are_left_out(model, clips, tmp_path):
    new = candidate(model, learnt=Learnt(frozenset(c.id for c in clips[:3]), in_full=True))
    current = Candidate(
        "clinic@1", model.adapter, learnt=Learnt(frozenset(c.id for c in clips[2:5]), in_full=False)
    )
    log: list[tuple[int, float]] = []
    request = Request(clips, new, current, routed=False, limits=LIMITS, left_out=("One was bad.",))
    found = evaluate(request, listener(model, log), tmp_path)
    assert {number for number, _ in log} == set(range(5, 50))
    assert found.left_out == (
        "One was bad.",
        "3 clips are among those that clinic@1 learnt from.",
        "2 clips are among those that clinic@2 learnt from.",
    )
    assert found.clips == 45
    assert found.data_sha256 == data_sha256(clips[5:])
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["left_out"] == list(found.left_out)
    assert report["measured"]["new"]["learnt_clips"] == 3
    page = (tmp_path / "report.md").read_text()
    assert "| new adapter learnt from | 3 clips, which were left out here |" in page
    assert "by an adapter before it that does not tell which" in page


def test_what_nobody_knows_is_said_and_nothing_is_left_out(model, clips, tmp_path):
    found = evaluate(
        Request(clips, candidate(model), routed=False, limits=LIMITS),
        listener(model, []),
        tmp_path,
    )
    assert (found.clips, found.left_out) == (50, ())
    assert "new adapter learnt from | not known" in (tmp_path / "report.md").read_text()


def test_where_all_clips_were_learnt_from_there_is_nothing_to_say(model, clips, tmp_path):
    new = candidate(model, learnt=Learnt(frozenset(c.id for c in clips), in_full=True))
    with pytest.raises(UsageError, match="50 clips are among those that clinic@2 learnt from"):
        evaluate(Request(clips, new, routed=False), listener(model, []), tmp_path)


def test_clips_are_heard_with_their_contexts(model, clips, tmp_path):
    ears = Scripted([])
    hearing = Listener(model, BASE, load=lambda folder, device, dtype: ears)
    request = Request(clips, candidate(model), routed=False, limits=LIMITS)
    evaluate(request, hearing, tmp_path)
    assert ears.contexts == {""}
    told = [replace(c, context="Olivia") for c in clips[:2]]
    ears.log.clear()
    evaluate(replace(request, clips=[*told, *clips[2:]]), hearing, tmp_path)
    assert ears.contexts == {"", "Olivia"}
    assert sorted(ears.log) == [(n, gate) for n in (0, 1) for gate in (0.0, 1.0)]
    ears.log.clear()
    evaluate(request, hearing, tmp_path)
    assert ears.log == []  # what was heard without a context is still known


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
        current=replace(candidate(model), name="clinic@1"),
        routed=False,
        limits=LIMITS,
    )
    found = evaluate(request, listener(model, log), tmp_path / "out")
    assert found.columns == ("base", "current always", "new always")
    assert len(log) == 150
    assert [one.name for one in found.measured] == ["clinic@1", "clinic@2"]
    assert [f.against for f in found.verdict.findings] == ["base", "current", "base"]
    assert "better than current" in found.verdict.reasons[0]


def test_an_evaluation_that_was_stopped_goes_on(model, clips, tmp_path):
    request = Request(clips, candidate(model), routed=False, limits=LIMITS)
    log: list[tuple[int, float]] = []
    with pytest.raises(CancelledError):
        evaluate(request, listener(model, log, fail_after=30), tmp_path / "out")
    path = tmp_path / "out" / HYPOTHESES
    with path.open("a") as file:
        file.write('{"clip": "cut o')  # the power went
    steps: list[tuple[int, int]] = []
    again = replace(listener(model, log), on_progress=lambda *step: steps.append(step))
    evaluate(request, again, tmp_path / "out")
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
        evaluate(Request([], candidate(model)), listener(model, []), tmp_path)
    with pytest.raises(UsageError, match="router"):
        evaluate(Request(clips, candidate(model)), listener(model, []), tmp_path)
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
    ears = Listener(model, base_sha256(model), device="cpu")
    assert model.adapter is not None
    robust = Candidate("robust", model.adapter, model.router)
    found = evaluate(Request(heard, robust, limits=LIMITS), ears, tmp_path / "out")
    rows = Store(tmp_path / "out").hypotheses
    recognizer = Recognizer.load(model, "cpu")
    for one in heard:
        samples = soundfile.read(one.audio, dtype="float32")[0]
        for gate in (0.0, 1.0):
            (alone,) = recognizer.transcribe([Clip(samples, gate=gate)])
            by = f"{ears.base_sha256[:16]}/auto" + (
                f"/{adapter_sha256(model.adapter)[:16]}" if gate else ""
            )
            assert rows[one.id, by].text == alone.text
    assert not found.verdict.promoted
