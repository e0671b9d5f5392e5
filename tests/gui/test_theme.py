"""Two looks, both readable, and a system that may change its mind."""

from dataclasses import asdict

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app import theme
from gui_app.theme import Palette
from gui_app.theme_values import DARK, LIGHT

LEAST_CONTRAST = 4.5  # WCAG 2.1 AA for words


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "panel"),
        ("text", "window"),
        ("muted", "panel"),
        ("muted", "window"),
        ("muted", "sidebar"),
        ("muted", "track"),
        ("accent", "panel"),
        ("accent", "accent_soft"),
        ("on_accent", "accent"),
        ("info", "info_soft"),
        ("warn", "warn_soft"),
        ("bad", "bad_soft"),
        ("bad", "panel"),
    ],
)
def test_words_stand_out_from_their_ground(palette: Palette, text: str, ground: str) -> None:
    colours = asdict(palette)
    assert contrast(colours[text], colours[ground]) >= LEAST_CONTRAST


def test_the_look_changes_at_once_and_tells_delegates(app: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.watcher().changed, timeout=1000):
        theme.apply(app, "dark")
    assert theme.palette() == DARK
    assert app.palette().window().color().name() == DARK.window


def test_the_system_is_followed_only_if_asked(app: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    hints = app.styleHints()
    monkeypatch.setattr(theme, "_system_is_dark", lambda: True)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.palette() == LIGHT
    theme.apply(app, "system")
    assert theme.palette() == DARK
    monkeypatch.setattr(theme, "_system_is_dark", lambda: False)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme.palette() == LIGHT
