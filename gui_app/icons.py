"""Icons that follow the palette. The library behind them is loaded once the window stands, since it takes a while."""

from importlib import import_module
from types import ModuleType

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

_library: list[ModuleType] = []


def load() -> None:
    """Load the library; any thread may do this."""
    if not _library:
        _library.append(import_module("qtawesome"))


def paint(painter: QPainter, name: str, colour: str, place: QRect) -> None:
    """Paint an icon of the Material Design set, such as "check-bold"; nothing while the library is not loaded."""
    for library in _library:
        library.icon(f"mdi6.{name}", color=colour).paint(painter, place)
