"""The benchmark's own figures, against its rules written down a second time."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from training.score import bench_result, parse_record

Fields = dict[str, Any]

EIGHT = (
    "noise", "far_field", "obstructed", "strong_echo", "recording", "distortion", "dropout", "mixed"
)  # fmt: skip


def result(*records: Fields) -> Any:
    """What is printed, read back."""
    parsed = [parse_record(json.dumps(fields).encode()) for fields in records]
    return json.loads(json.dumps(bench_result(parsed)))


def only(**fields: object) -> tuple[str, str]:
    """Category and origin where a single record is counted."""
    breakdown = result({"answer": "a", "prediction": "a"} | fields)["breakdown"]
    (found,) = [
        (category, origin)
        for category, origins in breakdown.items()
        for origin, cell in origins.items()
        if cell["count"]
    ]
    return found


def test_all_eight_categories_real_and_sim_even_where_nothing_was_heard() -> None:
    empty = {"error_rate": 0.0, "errors": 0, "reference_length": 0, "count": 0}
    assert result() == {
        "overall": empty,
        "by_language": {},
        "breakdown": {category: {"real": empty, "sim": empty} for category in EIGHT},
    }
    assert tuple(result()["breakdown"]) == EIGHT


def test_the_order_is_that_of_the_benchmark() -> None:
    printed = result(
        {"subset": "sim-zh-noise", "answer": "你", "combination": "rain"},
        {"subset": "en-noise", "answer": "you", "combination": "noise"},
    )
    assert list(printed) == ["overall", "by_language", "breakdown"]
    assert list(printed["overall"]) == ["error_rate", "errors", "reference_length", "count"]
    assert list(printed["by_language"]) == ["zh", "en"]
    assert list(printed["breakdown"]) == [*EIGHT, "rain"]
    assert list(printed["breakdown"]["noise"]) == ["real", "sim", "unknown"]


@pytest.mark.parametrize(
    ("fields", "category", "origin"),
    [
        ({"subset": "real-en-noise", "source_scenes": ["noise"]}, "noise", "real"),
        ({"subset": "sim-en-x", "source_scenes": ["barrier"]}, "obstructed", "sim"),
        ({"subset": "sim-en-x", "combination": "crosstalk"}, "recording", "sim"),
        ({"subset": "sim-en-x", "combination": "Stutter"}, "dropout", "sim"),
        ({"subset": "sim-en-x", "source_scenes": ["strong_echo"]}, "strong_echo", "sim"),
        ({"subset": "SIM-EN-MIXED", "source_scenes": ["noise"]}, "mixed", "sim"),
        ({"subset": "sim-en-x", "source_scenes": ["noise", "stutter"]}, "mixed", "sim"),
        ({"subset": "sim-en-x", "source_scenes": ["stutter", "dropout"]}, "dropout", "sim"),
        ({"subset": "sim-en-x", "combination": "noise_dropout"}, "mixed", "sim"),
        # Its two single conditions with an underscore in their names, as its own data has them.
        ({"subset": "sim-en-far_field", "combination": "far_field",
          "source_scenes": ["far_field"]}, "mixed", "sim"),
        ({"subset": "real-zh-strong_echo", "combination": "strong_echo",
          "source_scenes": ["strong_echo"]}, "mixed", "real"),
        # The subset alone names no category.
        ({"subset": "sim-en-noise"}, "", "sim"),
        ({"subset": "sim-en-noise", "source_scenes": None, "combination": None}, "none", "sim"),
        ({"combination": "noise"}, "noise", "unknown"),
        ({"subset": "studio-en-noise", "combination": "noise"}, "noise", "unknown"),
    ],
)  # fmt: skip
def test_where_a_record_is_counted(fields: Fields, category: str, origin: str) -> None:
    assert only(**fields) == (category, origin)


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ({"subset": "sim-zh-noise"}, "zh"),
        ({"subset": "noise-ZH"}, "zh"),
        ({"subset": "zh-noise", "lang": "en"}, "zh"),
        ({"subset": "sim-en-noise", "language": "zh"}, "en"),
        ({"subset": "sim-fr-noise"}, "en"),
        ({"lang": "Chinese"}, "zh"),
        ({"language": "cn"}, "zh"),
        ({"lang": "en", "language": "zh"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_of_a_record(fields: Fields, language: str) -> None:
    length = {"zh": 4, "en": 2}[language]
    printed = result({"answer": "你好 世界", "prediction": "你好 世界"} | fields)
    assert printed["by_language"] == {
        language: {"error_rate": 0.0, "errors": 0, "reference_length": length, "count": 1}
    }


def test_no_prediction_is_an_empty_one() -> None:
    without = {"subset": "sim-en-noise", "combination": "noise", "answer": "one two"}
    assert result(without) == result(without | {"prediction": ""})
    assert result(without)["overall"]["errors"] == 2


def test_inventions_without_a_reference_have_the_rate_nought() -> None:
    invented = {"subset": "sim-en-noise", "combination": "noise", "answer": ""}
    assert result(invented | {"prediction": "you"})["overall"] == {
        "error_rate": 0.0, "errors": 1, "reference_length": 0, "count": 1,
    }  # fmt: skip


RECORDS = st.fixed_dictionaries(
    {"answer": st.text("ab B，.天 气%", max_size=8)},
    optional={
        "prediction": st.text("ab B，.天 气%", max_size=8),
        "subset": st.sampled_from(
            [
                "sim-en-noise",
                "real-zh-mixed",
                "sim-zh-far_field",
                "REAL-en-dropout",
                "en-x",
                "zh",
                "",
            ]
        ),
        "combination": st.sampled_from(
            ["noise", "Barrier", "far_field", "noise_dropout", "strong_echo", "rain", ""]
        ),
        "source_scenes": st.none()
        | st.lists(st.sampled_from(["noise", "stutter", "dropout", "strong_echo", "Barrier"])),
        "lang": st.sampled_from(["zh", "EN", "Chinese", ""]),
        "language": st.sampled_from(["cn", "en"]),
    },
)


@settings(max_examples=300)
@given(st.lists(RECORDS, max_size=8))
def test_any_records_have_the_figures_of_its_own_scorer(records: list[Fields]) -> None:
    assert result(*records) == _by_the_rules(records)


def _by_the_rules(records: list[Fields]) -> Any:
    """The benchmark's rules once more, as a person would read them off its pages."""
    errors: Counter[tuple[str, ...]] = Counter()
    lengths: Counter[tuple[str, ...]] = Counter()
    clips: Counter[tuple[str, ...]] = Counter()
    for fields in records:
        chinese = _is_chinese(fields)
        said, heard = (
            _tokens(fields.get(key, ""), chinese=chinese) for key in ("answer", "prediction")
        )
        cells = [("all",), ("zh" if chinese else "en",), (_category(fields), _origin(fields))]
        for cell in cells:
            errors[cell] += _distance(said, heard)
            lengths[cell] += len(said)
            clips[cell] += 1

    def cell(*name: str) -> Any:
        length = lengths[name]
        rate = round(errors[name] / length * 100, 2) if length else 0.0
        return {
            "error_rate": rate,
            "errors": errors[name],
            "reference_length": length,
            "count": clips[name],
        }

    named = {name for name in clips if len(name) == 2}
    always = {(category, origin) for category in EIGHT for origin in ("real", "sim")}
    # A category that is none of the eight has both origins, too, once it occurs.
    always |= {(category, origin) for category, _ in named for origin in ("real", "sim")}
    breakdown: dict[str, Any] = {}
    for category, origin in named | always:
        breakdown.setdefault(category, {})[origin] = cell(category, origin)
    return {
        "overall": cell("all"),
        "by_language": {name: cell(name) for (name,) in {("zh",), ("en",)} & clips.keys()},
        "breakdown": breakdown,
    }


def _tokens(text: str, *, chinese: bool) -> tuple[str, ...]:
    words = regex.sub(r"\p{P}", " ", text if chinese else text.lower()).split()
    return tuple("".join(words)) if chinese else tuple(words)


def _distance(said: tuple[str, ...], heard: tuple[str, ...]) -> int:
    @cache
    def edits(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        replaced = edits(i - 1, j - 1) + (said[i - 1] != heard[j - 1])
        return min(replaced, edits(i - 1, j) + 1, edits(i, j - 1) + 1)

    return edits(len(said), len(heard))


def _is_chinese(fields: Fields) -> bool:
    parts = fields.get("subset", "").lower().split("-")
    for code in ("zh", "en"):
        first, last, inside = parts[:1] == [code], parts[-1:] == [code], code in parts[1:-1]
        if len(parts) > 1 and (first or last or inside):
            return code == "zh"
    return fields.get("lang", fields.get("language", "")).lower() in ("zh", "cn", "chinese")


def _origin(fields: Fields) -> str:
    start, dash, _ = fields.get("subset", "").lower().partition("-")
    return start if dash and start in ("real", "sim") else "unknown"


def _category(fields: Fields) -> str:
    new = {"barrier": "obstructed", "crosstalk": "recording", "stutter": "dropout"}
    scenes = [new.get(scene, scene) for scene in fields.get("source_scenes") or ()]
    combination = fields.get("combination", "").lower()
    signs = ["mixed" in fields.get("subset", "").lower(), len({*scenes}) > 1, "_" in combination]
    if any(signs):
        return "mixed"
    return next(iter(scenes), new.get(combination, combination))
