"""Colours that can be read."""

from itertools import product

import pytest
from PySide6.QtWidgets import QApplication

from app.window import theme
from app.window.theme import Appearance, Colours, scheme

LEAST_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA."""


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(text: str, ground: str) -> float:
    dark, light = sorted((luminance(text), luminance(ground)))
    return (light + 0.05) / (dark + 0.05)


def pairs(c: Colours) -> list[tuple[str, str]]:
    grounds = (c.window, c.surface, c.selected, c.hover)
    chips = [
        (getattr(c, f"on_{n}"), getattr(c, n)) for n in ("base", "robust", "suspect", "pending")
    ]
    return [
        *product((c.text, c.muted, c.accent), grounds),
        (c.text, c.control),
        (c.on_danger, c.danger),
        (c.on_accent, c.accent),
        *chips,
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read_on_its_ground(dark: bool) -> None:
    weak = {pair for pair in pairs(scheme(dark)) if contrast(*pair) < LEAST_CONTRAST}
    assert weak == set()


def test_the_person_can_choose_against_the_system(qapp: QApplication) -> None:
    theme.install(qapp)
    theme.choose(Appearance.DARK)
    dark = qapp.palette().window().color().name()
    theme.choose(Appearance.LIGHT)
    light = qapp.palette().window().color().name()
    theme.choose(Appearance.SYSTEM)
    assert (light, dark) == (scheme(False).window, scheme(True).window)
