"""The 54 scenarios: which conditions occur together (paper section 3), and what to call them.

At most one place of the speaker (obstructed, far_field or echo) with any of the portable four
(noise, recording, distortion, dropout); a place with noise and one other portable is left out.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from itertools import combinations
from types import MappingProxyType

from training.simulate.errors import UnknownScenarioError

ANCHORS = ("obstructed", "far_field", "echo")
PORTABLE = ("noise", "recording", "distortion", "dropout")
ATOMIC = (*ANCHORS, *PORTABLE)
"""The seven conditions by public name, from the mouth to the file."""

REFERENCE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "obstructed": "barrier",
        "far_field": "far_field",
        "echo": "strong_echo",
        "noise": "noise",
        "recording": "crosstalk",
        "distortion": "distortion",
        "dropout": "stutter",
    }
)
"""Public name -> name in the reference code."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Conditions that occur together; none of them is a clean clip.

    Attributes:
        parts: public names, in physical order.
    """

    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """Public name: "far_field+noise"; "clean" without conditions."""
        return "+".join(self.parts) or "clean"

    @property
    def reference_name(self) -> str:
        """Name made of the reference code's names: "strong_echo_stutter"."""
        return "_".join(REFERENCE_NAMES[part] for part in self.parts) or "clean"


def _all() -> tuple[Scenario, ...]:
    sets = [
        (*anchor, *portable)
        for anchor in ((), *((name,) for name in ANCHORS))
        for size in range(len(PORTABLE) + 1)
        for portable in combinations(PORTABLE, size)
        if not (anchor and size == 2 and "noise" in portable)
    ]
    return tuple(Scenario(parts) for parts in sorted(filter(None, sets), key=len))


CLEAN = Scenario(())
SCENARIOS = _all()
"""All 54, single conditions first."""

COMMON_DOUBLES = tuple(
    Scenario(parts)
    for parts in (
        ("far_field", "recording"),
        ("far_field", "noise"),
        ("far_field", "dropout"),
        ("noise", "dropout"),
    )
)
"""The four that the paper draws most often after the single conditions."""

_PARTS = {**{name: name for name in ATOMIC}, **{old: new for new, old in REFERENCE_NAMES.items()}}
_PART = re.compile("|".join(sorted(_PARTS, key=len, reverse=True)))
_BY_PARTS = {frozenset(known.parts): known for known in (CLEAN, *SCENARIOS)}


def scenario(name: str) -> Scenario:
    """The scenario of a name, public or as in the reference code, its parts in any order.

    "far_field+noise", "noise + far_field", "far_field_noise", "strong_echo_stutter", "clean".

    Raises:
        UnknownScenarioError: it is none of the 54; says which ones come near.
    """
    written = re.sub(r"[\s+,&_-]+", "_", name.strip().lower()).strip("_")
    found = [_PARTS[part] for part in _PART.findall(written)]
    whole = not _PART.sub("", written).strip("_")
    if written == "clean" or (found and whole):
        known = _BY_PARTS.get(frozenset(found))
        if known is not None:
            return known
    raise UnknownScenarioError(
        f"There is no scenario '{name}'.",
        remedy=f"Near it: {', '.join(_near(written, found if whole else []))}. "
        "All 54: wildscribe simulate --list",
    )


def _near(written: str, found: list[str], count: int = 3) -> list[str]:
    """Scenarios that share the most conditions, or that are spelled alike."""
    if found:
        wanted = frozenset(found)
        apart = sorted(SCENARIOS, key=lambda known: len(wanted ^ frozenset(known.parts)))
        return [known.name for known in apart[:count]]
    spelled = {known.name.replace("+", "_"): known for known in reversed(SCENARIOS)}
    spelled |= {known.reference_name: known for known in reversed(SCENARIOS)}
    matches = get_close_matches(written, list(spelled), n=2 * count, cutoff=0.4)
    names = list(dict.fromkeys(spelled[match].name for match in matches))[:count]
    return names or list(ATOMIC[:count])


def caption(of: Scenario, language: str = "en") -> str:
    """The scenario as a place a person knows, in English ("en") or Chinese ("zh").

    Any other language gets English.
    """
    captions = _captions()[of.name]
    return captions.get(language, captions["en"])


@cache
def _captions() -> Mapping[str, Mapping[str, str]]:
    text = (files("resources") / "scenarios.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))
