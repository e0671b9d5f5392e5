"""A column of cards beside the main one; it scrolls when it is higher than the window."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gui_app.theme import SPACE


class SideColumn(QScrollArea):
    """Cards one below the other, each as high as it needs to be."""

    def __init__(self, name: str, title: str, width_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setFixedWidth(width_px)
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        inner.setMinimumWidth(1)  # a long word is cut; it does not push the ends of all lines out of sight
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE.m)
        self._column.addStretch(1)
        self.setWidget(inner)

    def add(self, card: QWidget) -> None:
        """Add a card at the foot. What is in it must not want to grow in height."""
        self._column.insertWidget(self._column.count() - 1, card)
