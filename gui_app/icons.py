"""The few icons of the window, drawn on a square of 24 units, in any colour and size.

They are drawn here because an icon library costs the first sight of the window a third of a second, and loading one
beside the window crashes: Qt's modules must not be imported in a second thread.
"""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

Name = Literal["tick", "down", "cross", "folder", "pictures", "picture"]

UNITS = 24
STROKE, BOLD = 1.8, 3.0


def paint(painter: QPainter, name: Name, colour: str, place: QRect) -> None:
    """Paint an icon into `place`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(place.topLeft())
    painter.scale(place.width() / UNITS, place.height() / UNITS)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _ICONS[name](painter, QColor(colour))
    painter.restore()


def _pen(colour: QColor, width: float = STROKE) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _lines(*points: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points])


def _tick(painter: QPainter, colour: QColor) -> None:
    painter.setPen(_pen(colour, BOLD))
    painter.drawPolyline(_lines((4.5, 12.5), (10, 18), (20, 6.5)))


def _down(painter: QPainter, colour: QColor) -> None:
    painter.setPen(_pen(colour))
    painter.drawPolyline(_lines((7, 10), (12, 15), (17, 10)))


def _cross(painter: QPainter, colour: QColor) -> None:
    painter.setPen(_pen(colour))
    painter.drawLine(6, 6, 18, 18)
    painter.drawLine(18, 6, 6, 18)


def _folder_shape() -> QPainterPath:
    body = QPainterPath()
    body.addRoundedRect(QRectF(2, 6, 20, 14), 2, 2)
    tab = QPainterPath()
    tab.addRoundedRect(QRectF(2, 4, 9, 8), 2, 2)
    return body.united(tab)


def _mountains(left: float, bottom: float, size: float) -> QPainterPath:
    path = QPainterPath()
    points = ((0, 0), (0.3, -0.45), (0.48, -0.2), (0.68, -0.6), (1, 0))
    path.addPolygon(_lines(*((left + size * x, bottom + size * y) for x, y in points)))
    path.closeSubpath()
    return path


def _folder(painter: QPainter, colour: QColor) -> None:
    painter.fillPath(_folder_shape(), colour)


def _pictures(painter: QPainter, colour: QColor) -> None:
    painter.fillPath(_folder_shape().subtracted(_mountains(6.5, 17, 11)), colour)


def _picture(painter: QPainter, colour: QColor) -> None:
    painter.setPen(_pen(colour))
    painter.drawRoundedRect(QRectF(3.5, 3.5, 17, 17), 2, 2)
    painter.fillPath(_mountains(6, 17, 12), colour)


_ICONS: dict[Name, Callable[[QPainter, QColor], None]] = {
    "tick": _tick,
    "down": _down,
    "cross": _cross,
    "folder": _folder,
    "pictures": _pictures,
    "picture": _picture,
}
