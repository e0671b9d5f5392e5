"""Every colour and every size of the window; light, dark, or as the system has it."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from gui_app.theme_sheet import style_sheet
from gui_app.theme_values import DARK, FADED, FONT, LIGHT, RADIUS, SIZE, SPACE, Palette, Tone

__all__ = [
    "FADED",
    "FONT",
    "RADIUS",
    "SIZE",
    "SPACE",
    "Palette",
    "Scheme",
    "Tone",
    "apply",
    "palette",
    "scheme",
    "tone",
    "watcher",
]

Scheme = Literal["light", "dark", "system"]

PREFERRED_FONTS = ("Inter", "Inter Variable")


class Watcher(QObject):
    """Tells what a style sheet does not reach (plots, delegates) to repaint; holds the present look."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.scheme: Scheme = "system"
        self.palette = LIGHT
        self.follows = False


@dataclass(frozen=True)
class ToneColours:
    """The colour of the words and of the ground beneath them."""

    text: str
    ground: str


@cache
def watcher() -> Watcher:
    """Return the one watcher of the program."""
    return Watcher()


def palette() -> Palette:
    """Return the present colours."""
    return watcher().palette


def scheme() -> Scheme:
    """Return what the person chose."""
    return watcher().scheme


def tone(name: Tone) -> ToneColours:
    """Return the colours of a tone in the present palette."""
    colours = palette()
    return {
        "accent": ToneColours(colours.accent, colours.accent_soft),
        "info": ToneColours(colours.info, colours.info_soft),
        "warn": ToneColours(colours.warn, colours.warn_soft),
        "bad": ToneColours(colours.bad, colours.bad_soft),
        "plain": ToneColours(colours.muted, colours.track),
    }[name]


def apply(app: QApplication, scheme: Scheme) -> None:
    """Give the whole program the look of `scheme`; "system" goes on following the system while the program runs."""
    state = watcher()
    state.scheme = scheme
    if not state.follows:
        app.setStyle("Fusion")
        app.setFont(_font())
        app.styleHints().colorSchemeChanged.connect(_system_changed)
        state.follows = True
    _paint(app)


def _system_changed() -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and watcher().scheme == "system":
        _paint(app)


def _paint(app: QApplication) -> None:
    state = watcher()
    state.palette = DARK if _is_dark(state.scheme) else LIGHT
    app.setPalette(_qt_palette(state.palette))
    app.setStyleSheet(style_sheet(state.palette))
    state.changed.emit()


def _is_dark(scheme: Scheme) -> bool:
    return _system_is_dark() if scheme == "system" else scheme == "dark"


def _system_is_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def _font() -> QFont:
    font = QFont(QApplication.font())
    for family in PREFERRED_FONTS:
        if QFontDatabase.hasFamily(family):
            font.setFamily(family)
            break
    font.setPixelSize(FONT.body)
    return font


def _qt_palette(colours: Palette) -> QPalette:
    role = QPalette.ColorRole
    result = QPalette()
    for which, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.panel),
        (role.AlternateBase, colours.window),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Button, colours.panel),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.bad),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.ToolTipBase, colours.panel),
        (role.ToolTipText, colours.text),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.Light, colours.panel),
        (role.Midlight, colours.track),
        (role.Mid, colours.line),
        (role.Dark, colours.line),
        (role.Shadow, colours.line),
        (role.Accent, colours.accent),
    ):
        result.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.muted))
    return result
