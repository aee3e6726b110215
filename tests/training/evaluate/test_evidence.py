"""A report lets pass what it is about, as it would be used, and nothing else."""

import json
import shutil
from dataclasses import replace

import pytest

from tests.training.evaluate.hearing import LIMITS, candidate, listener, use
from training.adapters import AdapterError, ForeignReportError
from training.adapters.fingerprint import file_sha256
from training.evaluate import Request, evaluate
from training.evaluate.evidence import read_evidence, require_promotion
from training.evaluate.listen import Candidate


@pytest.fixture
def routed_report(model, clips, tmp_path):
    """An adapter with the model's router against one in use, and found better."""
    current = Candidate("clinic@1", model.adapter, model.router, 1.0)
    request = Request(clips, candidate(model, router=model.router, threshold=0.0), current)
    evaluate(replace(request, limits=LIMITS), listener(model, []), tmp_path / "routed")
    return read_evidence(tmp_path / "routed")


def test_a_report_lets_pass_what_it_is_about(model, routed_report):
    require_promotion(routed_report, use(model), None)
    require_promotion(routed_report, use(model), use(model, name="clinic@1"))
    own = file_sha256(model.router)
    require_promotion(routed_report, use(model, router_sha256=own, threshold=0.0), None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"base_sha256": "cd"}, "another base model"),
        ({"adapter_sha256": "00"}, "it is another adapter"),
        ({"router_sha256": "00"}, "behind another router"),
        ({"threshold": 0.25}, "from a probability of 0 on, and is used from 0.25 on"),
    ],
)
def test_a_report_about_another_use_is_refused(model, routed_report, change, why):
    with pytest.raises(ForeignReportError, match=why) as refused:
        require_promotion(routed_report, use(model, **change), None)
    assert "wildscribe evaluate --new clinic@2 --data" in refused.value.remedy


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"adapter_sha256": "00"}, "the adapter in use is another adapter, not clinic@1"),
        ({"router_sha256": "00"}, "the adapter in use was judged behind another router"),
        ({"threshold": 0.5}, "the adapter in use was judged from a probability of 1 on"),
    ],
)
def test_a_report_that_met_another_adapter_in_use_is_refused(model, routed_report, change, why):
    with pytest.raises(ForeignReportError, match=why) as refused:
        require_promotion(routed_report, use(model), use(model, name="clinic@1", **change))
    assert "--new clinic@2 --current clinic@1 " in refused.value.remedy


def test_a_report_that_met_no_adapter_in_use_is_refused(model, clips, tmp_path):
    request = Request(clips, candidate(model), routed=False, limits=LIMITS)
    evaluate(request, listener(model, []), tmp_path)
    with pytest.raises(ForeignReportError, match="clinic@1 is in use, and it was not compared"):
        require_promotion(read_evidence(tmp_path), use(model), use(model, name="clinic@1"))


def test_an_adapter_in_use_on_another_base_need_not_be_met(model, clips, tmp_path):
    request = Request(clips, candidate(model), routed=False, limits=LIMITS)
    evaluate(request, listener(model, []), tmp_path)
    in_use = use(model, name="clinic@1", base_sha256="cd")
    require_promotion(read_evidence(tmp_path), use(model), in_use)


@pytest.mark.parametrize("router", ["own", "model"])
def test_a_router_that_was_never_judged_is_not_let_in_by_a_report_on_being_always_on(
    model, clips, tmp_path, router
):
    """Whether the router is the adapter's own or the model's, it would decide."""
    measured = model.router if router == "model" else None
    request = Request(clips, candidate(model, router=measured), routed=False, limits=LIMITS)
    assert evaluate(request, listener(model, []), tmp_path).verdict.promoted
    own = file_sha256(model.router) if router == "own" else None
    with pytest.raises(ForeignReportError, match="always on, and a router would decide"):
        require_promotion(read_evidence(tmp_path), use(model, router_sha256=own), None)


def test_a_router_that_the_version_does_not_have_is_no_witness(model, clips, tmp_path):
    folder = shutil.copytree(model.adapter, tmp_path / "own")
    shutil.copyfile(model.router, folder / "router.safetensors")
    new = Candidate.of(model, "clinic@2", folder, 0.0)
    assert new.own_router
    found = evaluate(Request(clips, new, limits=LIMITS), listener(model, []), tmp_path / "out")
    assert found.verdict.promoted
    evidence = read_evidence(tmp_path / "out")
    with pytest.raises(ForeignReportError, match="behind a router that clinic@2 does not have"):
        require_promotion(evidence, use(model), None)


def test_a_strangers_report_says_nothing_to_the_terminal(model, clips, tmp_path):
    evaluate(
        Request(clips, candidate(model), routed=False, limits=LIMITS),
        listener(model, []),
        tmp_path,
    )
    path = tmp_path / "report.json"
    content = json.loads(path.read_text())
    content["verdict"]["headline"] = "Better.\x1b[2J"
    path.write_text(json.dumps(content))
    assert read_evidence(tmp_path).headline == "Better.\ufffd[2J"
    for damage in ({"format_version": 1}, {"measured": {}}, {"verdict": {"promoted": True}}):
        path.write_text(json.dumps(content | damage))
        with pytest.raises(AdapterError, match="no report"):
            read_evidence(tmp_path)
