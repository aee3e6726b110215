"""Colours and sizes from one token file, light and dark as the system wants it."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app.paths import resources


class Appearance(StrEnum):
    """What a person can choose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


_QT_SCHEMES = {
    Appearance.SYSTEM: Qt.ColorScheme.Unknown,
    Appearance.LIGHT: Qt.ColorScheme.Light,
    Appearance.DARK: Qt.ColorScheme.Dark,
}
# Not every desktop lets Qt change its scheme: the choice is kept here, too.
_appearance = Appearance.SYSTEM


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one scheme, ``#rrggbb``; resources/theme.toml says what each is for."""

    window: str
    surface: str
    control: str
    text: str
    muted: str
    line: str
    accent: str
    on_accent: str
    selected: str
    hover: str
    base: str
    on_base: str
    robust: str
    on_robust: str
    suspect: str
    on_suspect: str
    pending: str
    on_pending: str
    danger: str
    on_danger: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes in device-independent pixels."""

    unit_px: int
    radius_px: int
    rail_px: int


@cache
def scheme(dark: bool) -> Colours:
    """The colours of the light or the dark scheme."""
    return Colours(**_tokens()["dark" if dark else "light"])


@cache
def sizes() -> Sizes:
    """The sizes of both schemes."""
    return Sizes(**_tokens()["size"])


def colours() -> Colours:
    """The colours of now."""
    return scheme(_is_dark())


def install(app: QApplication) -> None:
    """Dresses the application, now and whenever the system changes its scheme."""
    app.setStyle("Fusion")
    app.setPalette(palette(colours()))
    app.styleHints().colorSchemeChanged.connect(lambda _: app.setPalette(palette(colours())))


def choose(appearance: Appearance) -> None:
    """Light, dark, or as the system wants it."""
    global _appearance
    _appearance = appearance
    QGuiApplication.styleHints().setColorScheme(_QT_SCHEMES[appearance])  # for native dialogs
    QApplication.setPalette(palette(colours()))


def _is_dark() -> bool:
    if _appearance is Appearance.SYSTEM:
        return QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
    return _appearance is Appearance.DARK


def palette(c: Colours) -> QPalette:
    """The colours in the roles that Qt's own widgets use."""
    role = QPalette.ColorRole
    made = QPalette()
    for where, colour in {
        role.Window: c.window,
        role.WindowText: c.text,
        role.Base: c.surface,
        role.AlternateBase: c.hover,
        role.Text: c.text,
        role.Button: c.control,
        role.ButtonText: c.text,
        role.BrightText: c.on_accent,
        role.Highlight: c.accent,
        role.HighlightedText: c.on_accent,
        role.Accent: c.accent,
        role.Link: c.accent,
        role.LinkVisited: c.accent,
        role.PlaceholderText: c.muted,
        role.ToolTipBase: c.surface,
        role.ToolTipText: c.text,
        role.Light: c.surface,
        role.Midlight: c.hover,
        role.Mid: c.line,
        role.Dark: c.line,
        role.Shadow: c.line,
    }.items():
        made.setColor(where, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(disabled, where, QColor(c.muted))
    made.setColor(disabled, role.Highlight, QColor(c.line))
    return made


@cache
def _tokens() -> dict[str, dict[str, Any]]:
    return tomllib.loads((resources() / "theme.toml").read_text(encoding="utf-8"))
