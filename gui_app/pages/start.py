"""The start page: recent projects, a new one from a folder of images, or the sample images."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.painted import Icon, PaintedButton
from gui_app.state import State
from gui_app.theme import FONT, SIZE, SPACE
from gui_app.widgets import (
    Card,
    PageFrame,
    ShareBar,
    discard,
    plain_button,
    primary_button,
    restyle,
    text_label,
)
from gui_app.words import as_tip


class StartPage(PageFrame):
    """Where everything begins. A folder can be dropped anywhere on it."""

    new_project = Signal(Path)
    open_project = Signal(Path)
    try_samples = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("start", parent)
        self.setAcceptDrops(True)
        self.set_title(
            self.tr("Teach a model your own classes"),
            self.tr("From your own images, on your own computer. Nothing is sent anywhere."),
        )
        self._recent: tuple[Path, ...] | None = None
        self.body.addWidget(self._new_card(), 1)
        self.body.addWidget(self._recent_card())

    def show_state(self, state: State) -> None:
        """Show recent projects, and how far the reading of a new one is."""
        if state.recent != self._recent:
            self._list_recent(state.recent)
        reading = state.reading
        self._reading.setVisible(reading is not None)
        if reading is not None:
            self._reading_text.setText(f"{reading.stage.capitalize()} …")
            self._reading_bar.set_fraction(reading.fraction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take folders only."""
        if _dropped_folder(event) is not None:
            restyle(self._drop, over="true")
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """Look as before."""
        restyle(self._drop, over="false")

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open the folder that was dropped: a project, or images."""
        restyle(self._drop, over="false")
        folder = _dropped_folder(event)
        if folder is not None:
            event.acceptProposedAction()
            wish = self.open_project if folder.suffix == ".graft" else self.new_project
            wish.emit(folder)

    def _new_card(self) -> Card:
        card = Card(self.tr("New project"))
        card.body.addWidget(self._drop_zone(), 1)
        card.body.addSpacing(SPACE.s)
        card.body.addWidget(text_label(self.tr("How the folder should look"), "heading"))
        card.body.addLayout(_folder_picture(self))
        layout_note = self.tr(
            "One folder for each class, named as the class. Folders called train, val and test are understood as well. "
            "Your images are only read: never changed, moved or deleted."
        )
        card.body.addWidget(text_label(layout_note, "muted", wrap=True))
        return card

    def _drop_zone(self) -> QFrame:
        self._drop = QFrame()
        self._drop.setObjectName("start_drop")
        self._drop.setProperty("role", "drop")
        column = QVBoxLayout(self._drop)
        column.setSpacing(SPACE.s)
        column.addStretch(1)
        column.addWidget(Icon("pictures", SIZE.icon_large, "accent"), 0, Qt.AlignmentFlag.AlignHCenter)
        for text, role in (
            (self.tr("Drop the folder with your labelled images here"), "heading"),
            (self.tr("Each subfolder is one class. About 20 images a class are enough to begin."), "muted"),
        ):
            label = text_label(text, role, wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        choose = primary_button(self.tr("Choose a folder…"), "start_new")
        choose.clicked.connect(self._choose_images)
        column.addSpacing(SPACE.xs)
        column.addWidget(choose, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._reading_line())
        column.addStretch(1)
        return self._drop

    def _reading_line(self) -> QWidget:
        self._reading = QWidget()
        row = QHBoxLayout(self._reading)
        row.setContentsMargins(SPACE.l, SPACE.s, SPACE.l, 0)
        self._reading_text = text_label(role="muted", name="start_reading")
        self._reading_bar = ShareBar()
        row.addStretch(1)
        row.addWidget(self._reading_text)
        row.addWidget(self._reading_bar)
        row.addStretch(1)
        return self._reading

    def _recent_card(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(SIZE.card_wide_side)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.m)
        column.addWidget(self._samples_card())
        card = Card(self.tr("Go on with a project"))
        self._nothing_recent = text_label(self.tr("Projects that you open are listed here."), "muted", wrap=True)
        card.body.addWidget(self._nothing_recent)
        card.body.addWidget(self._recent_list(), 1)
        button = plain_button(self.tr("Open another project…"), "start_open")
        button.clicked.connect(self._choose_project)
        card.body.addWidget(button)
        column.addWidget(card, 1)
        return side

    def _samples_card(self) -> Card:
        card = Card(self.tr("Just looking?"))
        text = self.tr("Graft can draw 240 small pictures in four classes, to try everything in a few minutes.")
        card.body.addWidget(text_label(text, "muted", wrap=True))
        button = plain_button(self.tr("Try it with sample images"), "start_samples")
        button.clicked.connect(self.try_samples)
        card.body.addWidget(button)
        return card

    def _recent_list(self) -> QScrollArea:
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        self._recent_column = QVBoxLayout(inner)
        self._recent_column.setContentsMargins(0, 0, 0, 0)
        self._recent_column.setSpacing(0)
        self._recent_column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("start_recent")
        area.setAccessibleName(self.tr("Recent projects"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        return area

    def _list_recent(self, recent: tuple[Path, ...]) -> None:
        self._recent = recent
        self._nothing_recent.setVisible(not recent)
        while self._recent_column.count() > 1:
            item = self._recent_column.takeAt(0)
            old = item.widget() if item is not None else None
            if old is not None:
                discard(old)
        for number, folder in enumerate(recent):
            line = RecentButton(folder, number)
            line.clicked.connect(partial(self.open_project.emit, folder))
            self._recent_column.insertWidget(number, line)

    def _choose_images(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose the folder with your labelled images"))
        if chosen:
            self.new_project.emit(Path(chosen))

    def _choose_project(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Open a project (a folder that ends in .graft)"))
        if chosen:
            self.open_project.emit(Path(chosen))


class RecentButton(PaintedButton):
    """One recent project: its name, and beneath it where it lies, cut in the middle if long."""

    def __init__(self, folder: Path, number: int, parent: QWidget | None = None) -> None:
        super().__init__(f"recent_{number}", parent)
        self._folder = folder
        self.set_words(folder.stem)
        self.setToolTip(as_tip(str(folder)))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of two lines."""
        return QSize(SIZE.card_narrow, SIZE.recent_item)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint both lines."""
        painter = QPainter(self)
        self.paint_ground(painter)
        colours = theme.palette()
        area = self.rect().adjusted(SPACE.s, SPACE.s - 1, -SPACE.s, -SPACE.s + 1)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, name)
        font.setWeight(QFont.Weight.Normal)
        font.setPixelSize(FONT.small)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        place = painter.fontMetrics().elidedText(str(self._folder.parent), Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, place)


def _folder_picture(page: QWidget) -> QGridLayout:
    """Return a small drawing of a folder with one folder a class and images in it."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(SPACE.s)
    grid.setVerticalSpacing(SPACE.xs)
    rows = ((0, page.tr("my insects"), 0), (1, page.tr("ants"), 5), (1, page.tr("bees"), 5), (1, page.tr("wasps"), 4))
    for row, (depth, name, n_images) in enumerate(rows):
        line = QHBoxLayout()
        line.setSpacing(SPACE.xs)
        line.addSpacing(depth * SPACE.l)
        line.addWidget(Icon("folder", SIZE.icon, "accent"))
        line.addWidget(text_label(name, "strong" if depth == 0 else "body"))
        line.addStretch(1)
        grid.addLayout(line, row, 0)
        images = QHBoxLayout()
        images.setSpacing(SPACE.xs)
        for _ in range(n_images):
            images.addWidget(Icon("picture", SIZE.icon, "plain"))
        images.addWidget(text_label("…" if n_images else "", "muted"))
        images.addStretch(1)
        grid.addLayout(images, row, 1)
    grid.setColumnStretch(2, 1)
    return grid


def _dropped_folder(event: QDropEvent) -> Path | None:
    folders = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return folders[0] if len(folders) == 1 and folders[0].is_dir() else None
