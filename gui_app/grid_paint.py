"""How one image of a grid is painted: its middle in a rounded frame, its words, and what a person did to it."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui_app import icons, theme
from gui_app.grid_view import SELECTED_ROLE, Index
from gui_app.theme import FADED, FONT, RADIUS, SIZE, SPACE
from gui_app.thumbs import GridItem, PixmapCache


class GridPainter(QStyledItemDelegate):
    """Paints one item."""

    def __init__(self, cache: PixmapCache) -> None:
        super().__init__()
        self._cache = cache
        self.captioned = False

    @property
    def caption_px(self) -> int:
        """Height of the words beneath an image."""
        return FONT.body + 2 * SPACE.s if self.captioned else 0

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the image, then what lies over it."""
        item = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(item, GridItem):
            return
        frame = self._frame(option.rect, index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._draw_image(painter, frame, item)
        selected = bool(index.data(SELECTED_ROLE))
        if selected or option.state & QStyle.StateFlag.State_HasFocus:
            _draw_ring(painter, frame)
        if item.mark:
            _draw_mark(painter, frame, item.mark)
        if selected:
            _draw_tick(painter, frame)
        if item.caption:
            self._draw_caption(painter, frame, item)
        painter.restore()

    def _draw_image(self, painter: QPainter, frame: QRectF, item: GridItem) -> None:
        entry = self._cache.get(item.path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setOpacity(1 - FADED if item.struck else 1.0)
        painter.setBrush(fill(entry, frame) if isinstance(entry, QPixmap) else QColor(theme.palette().track))
        painter.drawRoundedRect(frame, RADIUS.image, RADIUS.image)
        painter.setOpacity(1.0)
        if isinstance(entry, str):
            _draw_unreadable(painter, frame)
        if item.struck:
            _draw_strike(painter, frame)

    def _frame(self, cell: QRect, index: Index) -> QRectF:
        """Return where the image lies: the gaps are shared out so that the outer edges are flush with the view's."""
        columns = index.model().columnCount()
        left = cell.left() + SIZE.thumb_gap * index.column() / columns
        width = cell.width() - SIZE.thumb_gap * (columns - 1) / columns
        return QRectF(left, cell.top(), width, cell.height() - SIZE.thumb_gap - self.caption_px)

    def _draw_caption(self, painter: QPainter, frame: QRectF, item: GridItem) -> None:
        colours = theme.palette()
        painter.setPen(QColor(colours.text if item.tone == "plain" else theme.tone(item.tone).text))
        box = QRectF(frame.left(), frame.bottom(), frame.width(), self.caption_px)
        text = painter.fontMetrics().elidedText(item.caption, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def fill(pixmap: QPixmap, frame: QRectF) -> QBrush:
    """Return a brush that covers the frame with the middle of the image."""
    scale = max(frame.width() / pixmap.width(), frame.height() / pixmap.height())
    brush = QBrush(pixmap)
    shift = QTransform.fromTranslate(
        frame.center().x() - pixmap.width() * scale / 2, frame.center().y() - pixmap.height() * scale / 2
    )
    brush.setTransform(QTransform.fromScale(scale, scale) * shift)
    return brush


def _draw_unreadable(painter: QPainter, frame: QRectF) -> None:
    """Draw a sheet with a torn line: this file has no image to show."""
    side = min(frame.width(), frame.height()) / 3
    sheet = QRectF(0, 0, side * 0.8, side)
    sheet.moveCenter(frame.center())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.palette().muted), SIZE.stroke))
    painter.drawRoundedRect(sheet, SIZE.focus, SIZE.focus)
    painter.drawLine(sheet.bottomLeft(), sheet.topRight())


def _draw_ring(painter: QPainter, frame: QRectF) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.palette().accent), SIZE.focus))
    inset = SIZE.focus / 2
    painter.drawRoundedRect(frame.adjusted(inset, inset, -inset, -inset), RADIUS.image, RADIUS.image)


def _draw_tick(painter: QPainter, frame: QRectF) -> None:
    """Draw the tick of a selected image into its upper left corner."""
    place = QRectF(frame.left() + SPACE.xs, frame.top() + SPACE.xs, SIZE.icon, SIZE.icon)
    painter.setPen(QPen(QColor(theme.palette().on_accent), 1))
    painter.setBrush(QColor(theme.palette().accent))
    painter.drawEllipse(place)
    arm = SPACE.xs
    icons.paint(painter, "tick", theme.palette().on_accent, place.toRect().adjusted(arm, arm, -arm, -arm))


def _draw_strike(painter: QPainter, frame: QRectF) -> None:
    """Draw a line across an image that is left out."""
    inset = QPointF(SPACE.s, SPACE.s)
    painter.setPen(QPen(QColor(theme.palette().muted), SIZE.focus))
    painter.drawLine(frame.topLeft() + inset, frame.bottomRight() - inset)


def _draw_mark(painter: QPainter, frame: QRectF, words: str) -> None:
    """Draw the class that a person gave into the lower left corner."""
    colours = theme.palette()
    painter.save()
    font = painter.font()
    font.setPixelSize(FONT.tiny)
    painter.setFont(font)
    room = int(frame.width()) - 2 * SPACE.xs - 2 * SPACE.s
    text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
    width = painter.fontMetrics().horizontalAdvance(text) + 2 * SPACE.s
    place = QRectF(frame.left() + SPACE.xs, frame.bottom() - SPACE.xs - SIZE.chip, width, SIZE.chip)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.accent_soft))
    painter.drawRoundedRect(place, RADIUS.chip, RADIUS.chip)
    painter.setPen(QColor(colours.accent))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
