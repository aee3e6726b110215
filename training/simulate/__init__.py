"""Recordings that go wrong, made from clean speech (paper section 3).

    materials = open_materials(cache_folder)
    plan = draw("far_field+noise", 0.7, seed, materials)
    wave = render(plan, clean_wave, materials).wave

The names below are the whole public surface for work in memory; `training.simulate.run` makes sets
of clips on the disk. They are imported on first use, so that scenarios and their captions cost no
numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.simulate.conditions import CONDITIONS as CONDITIONS
    from training.simulate.effect import Materials as Materials
    from training.simulate.materials import FileMaterials as FileMaterials
    from training.simulate.mix import Mix as Mix
    from training.simulate.plan import Plan as Plan
    from training.simulate.plan import Rendered as Rendered
    from training.simulate.plan import draw as draw
    from training.simulate.plan import open_materials as open_materials
    from training.simulate.plan import render as render
    from training.simulate.scenarios import SCENARIOS as SCENARIOS
    from training.simulate.scenarios import Scenario as Scenario
    from training.simulate.scenarios import caption as caption
    from training.simulate.scenarios import scenario as scenario
    from training.simulate.severity import SAMPLINGS as SAMPLINGS

_HOME = {
    "CONDITIONS": "conditions",
    "FileMaterials": "materials",
    "Materials": "effect",
    "Mix": "mix",
    "Plan": "plan",
    "Rendered": "plan",
    "SAMPLINGS": "severity",
    "SCENARIOS": "scenarios",
    "Scenario": "scenarios",
    "caption": "scenarios",
    "draw": "plan",
    "open_materials": "plan",
    "render": "plan",
    "scenario": "scenarios",
}

__all__ = [
    "CONDITIONS",
    "SAMPLINGS",
    "SCENARIOS",
    "FileMaterials",
    "Materials",
    "Mix",
    "Plan",
    "Rendered",
    "Scenario",
    "caption",
    "draw",
    "open_materials",
    "render",
    "scenario",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'training.simulate' has no attribute {name!r}")
    return getattr(import_module(f"training.simulate.{_HOME[name]}"), name)
