"""Where the benchmark's own scorer files a record: its language, its origin, its category.

The rules of Voices-in-the-Wild-Bench (`metrics/error_rate.py`, `datasets/categories.py`; May 2026),
its oddities too, for figures are comparable only when they are counted alike. The oddest: a
combination with an underscore is "mixed", and so are the benchmark's own single "far_field" and
"strong_echo". `training.score.records` has the condition that is meant.
"""

from collections.abc import Sequence

BENCH_CATEGORIES = (
    "noise",
    "far_field",
    "obstructed",
    "strong_echo",
    "recording",
    "distortion",
    "dropout",
    "mixed",
)
"""The eight categories, in the order of the benchmark's results."""

BENCH_ORIGINS = ("real", "sim")

_PUBLIC = {"barrier": "obstructed", "crosstalk": "recording", "stutter": "dropout"}


def bench_language(subset: str, language: str) -> str:
    """ "zh" (characters) or "en" (words, and so is everything that the benchmark does not know).

    Args:
        subset: in lower case; decides where it holds a language.
        language: the record's "lang", else its "language", in lower case.
    """
    for code in ("zh", "en"):
        if f"-{code}-" in subset or subset.endswith(f"-{code}") or subset.startswith(f"{code}-"):
            return code
    return "zh" if language in {"zh", "cn", "chinese"} else "en"


def bench_origin(subset: str) -> str:
    """ "real", "sim" or "unknown", by how the subset, in lower case, begins."""
    return next((name for name in BENCH_ORIGINS if subset.startswith(f"{name}-")), "unknown")


def bench_category(subset: str, combination: str, scenes: Sequence[str]) -> str:
    """The category, mostly one of `BENCH_CATEGORIES`; "" for a record that names its condition
    in its subset alone.

    Args:
        subset: in lower case; only "mixed" in it counts.
        combination: in lower case.
        scenes: the record's "source_scenes", as they are written.
    """
    public = [_PUBLIC.get(scene, scene) for scene in scenes]
    if "mixed" in subset or len(set(public)) > 1 or "_" in combination:
        return "mixed"
    return public[0] if public else _PUBLIC.get(combination, combination)
