"""The line above the images while some are selected: how many, and what can be done with them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QCursor, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QLineEdit, QMenu, QPushButton, QWidget

from gui_app.class_dialog import ClassDialog
from gui_app.split_slider import PARTS
from gui_app.theme import SPACE
from gui_app.widgets import link_button, text_label
from gui_app.words import count, images_in_words, part_name

MOST_IN_MENU = 100
"""More classes than this are chosen in a list with a field to type into."""


class SelectionBar(QWidget):
    """Offers what can be done with the selected images, as links and as a menu."""

    label = Signal(str)
    leave_out = Signal()
    moved = Signal(str)
    group = Signal(str)
    clear = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._classes: Sequence[str] = ()
        self._keys: Mapping[str, int] = {}
        self._count = text_label(role="strong", name="selected_count")
        self._label = self._link(self.tr("Label ▾"), "selected_label", self._offer_classes)
        self._leave = self._link(self.tr("Leave out"), "selected_leave_out", self.leave_out.emit)
        self._part = self._link(self.tr("Part ▾"), "selected_part", lambda: self._pop(self._part_menu(), self._part))
        self._group = self._link(self.tr("Group…"), "selected_group", self._ask_group)
        self._more = self._link(self.tr("More ▾"), "selected_more", lambda: self._pop(self._more_menu(), self._more))
        self._clear = self._link(self.tr("Clear"), "selected_clear", self.clear.emit)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACE.m)
        self._row.addWidget(self._count)
        for link in (self._label, self._leave, self._part, self._group, self._more, self._clear):
            self._row.addWidget(link)
        self._row.insertStretch(self._row.count() - 1, 1)
        self.setMinimumWidth(1)

    def show_classes(self, classes: Sequence[str], keys: Mapping[str, int]) -> None:
        """Know which classes images can be given, some of them by a key."""
        self._classes, self._keys = classes, keys

    def show_selected(self, number: int, *, all_left_out: bool) -> None:
        """Show how many are selected."""
        self._number = number
        words = self.tr("Take back") if all_left_out else self.tr("Leave out")
        self._leave.setText(words)
        self._leave.setAccessibleName(words)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put what does not fit into a menu."""
        super().resizeEvent(event)
        self._arrange()

    def pop_menu(self) -> None:
        """Offer everything at the mouse."""
        menu = QMenu(self)
        self._fill_classes(menu.addMenu(self.tr("Label")))
        self._fill_leave(menu)
        self._fill_more(menu)
        self._show_menu(menu, QCursor.pos())

    def _link(self, text: str, name: str, act: Callable[..., object]) -> QPushButton:
        link = link_button(text, name)
        link.clicked.connect(lambda: act())
        return link

    def _arrange(self) -> None:
        """Show as much as fits: what is rare goes into a menu first, then the words of the number, then leaving out."""
        rare, whole, short = (self._part, self._group), self.tr("{n} selected"), "{n}"
        for shown, words in (
            ((self._label, self._leave, *rare), whole),
            ((self._label, self._leave, self._more), whole),
            ((self._label, self._leave, self._more), short),
            ((self._label, self._more), short),
        ):
            self._count.setText(words.format(n=count(self._number)))
            parts = (self._count, *shown, self._clear)
            if sum(part.sizeHint().width() + SPACE.m for part in parts) <= self.width():
                break
        for link in (self._label, self._leave, *rare, self._more):
            link.setVisible(link in shown)

    def _offer_classes(self) -> None:
        if len(self._classes) > MOST_IN_MENU:
            self._ask_class()
        else:
            menu = QMenu(self)
            self._fill_classes(menu)
            self._pop(menu, self._label)

    def _fill_classes(self, menu: QMenu) -> None:
        menu.setObjectName("label_menu")
        for name in self._classes[:MOST_IN_MENU]:
            action = menu.addAction(name.replace("&", "&&"), partial(self.label.emit, name))
            action.setObjectName(f"label_{name}")
            if name in self._keys:
                action.setText(f"{action.text()}\t{self._keys[name]}")
        menu.addSeparator()
        menu.addAction(self.tr("Another class…"), self._ask_class).setObjectName("label_other")
        menu.addAction(self.tr("No class"), partial(self.label.emit, "")).setObjectName("label_none")

    def _part_menu(self) -> QMenu:
        menu = QMenu(self)
        self._fill_parts(menu)
        return menu

    def _fill_parts(self, menu: QMenu) -> None:
        menu.setObjectName("part_menu")
        for part in PARTS:
            menu.addAction(part_name(part), partial(self.moved.emit, part)).setObjectName(f"part_{part}")
        menu.addSeparator()
        menu.addAction(self.tr("As the split has it"), partial(self.moved.emit, "")).setObjectName("part_none")

    def _more_menu(self) -> QMenu:
        menu = QMenu(self)
        if self._leave.isHidden():
            self._fill_leave(menu)
        self._fill_more(menu)
        return menu

    def _fill_leave(self, menu: QMenu) -> None:
        menu.addAction(self._leave.text(), self.leave_out.emit).setObjectName("menu_leave_out")

    def _fill_more(self, menu: QMenu) -> None:
        self._fill_parts(menu.addMenu(self.tr("Part")))
        menu.addAction(self.tr("Group…"), self._ask_group).setObjectName("menu_group")

    def _pop(self, menu: QMenu, link: QPushButton) -> None:
        self._show_menu(menu, link.mapToGlobal(QPoint(0, link.height() + SPACE.xs)))

    def _show_menu(self, menu: QMenu, place: QPoint) -> None:
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _ask_class(self) -> None:
        words = self.tr("Class of {images}, a new one or one of these:")
        dialog = ClassDialog(words.format(images=images_in_words(self._number)), self._classes, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self.label)
        dialog.open()

    def _ask_group(self) -> None:
        words = self.tr("{images} that belong together stay on one side of the split. Name of the group:")
        dialog = self._ask(self.tr("Group"), words, "ask_group")
        dialog.setTextEchoMode(QLineEdit.EchoMode.Normal)
        dialog.textValueSelected.connect(lambda text: self.group.emit(text.strip()))
        dialog.open()

    def _ask(self, title: str, words: str, name: str) -> QInputDialog:
        dialog = QInputDialog(self.window())
        dialog.setObjectName(name)
        dialog.setWindowTitle(title)
        dialog.setLabelText(words.format(images=images_in_words(self._number)))
        dialog.setOkButtonText(self.tr("OK"))
        dialog.finished.connect(dialog.deleteLater)
        return dialog
