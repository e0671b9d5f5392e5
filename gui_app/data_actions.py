"""The buttons at the right of the Data page's header, and the small menu for what is rare."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QUndoStack
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from gui_app.theme import SPACE
from gui_app.widgets import plain_button, primary_button
from gui_app.words import images_in_words, usable


class DataActions(QObject):
    """Makes the buttons and their menus; the signals carry what is wished, with files and folders chosen already."""

    add_images = Signal(tuple)
    change_folder = Signal(Path)
    rescan = Signal()
    export_labels = Signal(Path)
    write_copy = Signal(Path)
    go_on = Signal()
    refused = Signal(str)

    def __init__(self, stack: QUndoStack, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._add = plain_button(self.tr("Add images…"), "data_add")
        self._add.clicked.connect(self._offer_adding)
        self._change = plain_button(self.tr("Change folder…"), "data_change_folder")
        self._change.clicked.connect(self._choose_folder)
        self._again = plain_button(self.tr("Read again"), "data_rescan")
        self._again.setToolTip(self.tr("Look for images that were added, changed or removed (F5)"))
        self._again.clicked.connect(self.rescan)
        self._more = plain_button("…", "data_more")
        self._more.setAccessibleName(self.tr("More"))
        self._more.setToolTip(self.tr("Undo, redo, export"))
        self._next = primary_button(self.tr("Choose a model"), "data_next")
        self._next.clicked.connect(self.go_on)
        menu = self._make_menu(stack)
        self._more.clicked.connect(lambda: self._pop(menu, self._more))

    @property
    def buttons(self) -> Sequence[QPushButton]:
        """The buttons from left to right."""
        return (self._add, self._change, self._again, self._more, self._next)

    def show_state(self, *, there: bool, ready: bool) -> None:
        """Show what can be done: with a scan that is `there`, and once training could begin (`ready`)."""
        self._next.setEnabled(ready)
        self._next.setToolTip("" if ready else self.tr("Once the images are read and can be learned from"))
        for action in (self._labels, self._copy):
            action.setEnabled(there)

    def offer_dropped(self, dropped: list[Path], place: QPoint) -> None:
        """Ask what is to be done with files and folders that were dropped at a place of the screen; what cannot be
        used is named.
        """
        files, problem = usable(dropped)
        if not files:
            self.refused.emit(problem)
            return
        menu = QMenu(self._page)
        menu.setObjectName("dropped_menu")
        folders = [file for file in files if file.is_dir()]
        one = folders[0] if len(files) == 1 and folders else None
        words = self._dropped_in_words(files, folders)
        menu.addAction(words, lambda: self._add_dropped(files, problem)).setObjectName("dropped_add")
        if one is not None:
            name = one.name.replace("&", "&&")
            text = self.tr("Open “{name}” as a new project").format(name=name)
            menu.addAction(text, lambda: self.change_folder.emit(one)).setObjectName("dropped_open")
        menu.addSeparator()
        menu.addAction(self.tr("Do nothing")).setObjectName("dropped_nothing")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _add_dropped(self, files: list[Path], problem: str) -> None:
        self.add_images.emit(tuple(files))
        if problem:
            self.refused.emit(self.tr("The others were added. {problem}").format(problem=problem))

    def _dropped_in_words(self, files: list[Path], folders: list[Path]) -> str:
        if not folders:
            return self.tr("Add {images} to this project").format(images=images_in_words(len(files)))
        if len(files) == 1:
            return self.tr("Add its images to this project")
        return self.tr("Add them to this project")

    def _make_menu(self, stack: QUndoStack) -> QMenu:
        menu = QMenu(self._more)
        menu.setObjectName("data_more_menu")
        undo, redo = _StepAction(self.tr("Undo"), menu), _StepAction(self.tr("Redo"), menu)
        undo.triggered.connect(stack.undo)
        redo.triggered.connect(stack.redo)
        stack.undoTextChanged.connect(undo.show_step)
        stack.redoTextChanged.connect(redo.show_step)
        undo.setShortcuts([QKeySequence(QKeySequence.StandardKey.Undo)])
        redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        undo.setObjectName("data_undo")
        redo.setObjectName("data_redo")
        for action in (undo, redo):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._page.addAction(action)
            action.setShortcutVisibleInContextMenu(True)
            menu.addAction(action)
        menu.addSeparator()
        self._labels = self._action(menu, self.tr("Export labels as CSV…"), "data_export", self._choose_table)
        self._copy = self._action(
            menu, self.tr("Write a corrected copy of the folder…"), "data_copy", self._choose_copy
        )
        return menu

    def _action(self, menu: QMenu, text: str, name: str, act: Callable[..., object]) -> QAction:
        action = menu.addAction(text)
        action.setObjectName(name)
        action.triggered.connect(lambda: act())
        return action

    def _offer_adding(self) -> None:
        menu = QMenu(self._add)
        menu.setObjectName("data_add_menu")
        self._action(menu, self.tr("Image files…"), "data_add_files", self._choose_files)
        self._action(menu, self.tr("A folder…"), "data_add_folder", self._choose_more)
        menu.aboutToHide.connect(menu.deleteLater)
        self._pop(menu, self._add)

    def _pop(self, menu: QMenu, button: QPushButton) -> None:
        """Show a menu beneath a button, within the window."""
        window = button.window()
        most = window.mapToGlobal(QPoint(window.width() - menu.sizeHint().width() - SPACE.s, 0)).x()
        place = button.mapToGlobal(QPoint(0, button.height() + SPACE.xs))
        menu.popup(QPoint(min(place.x(), most), place.y()))

    def _choose_files(self) -> None:
        from core.data.images import SUFFIXES

        kinds = self.tr("Images ({})").format(" ".join(f"*{suffix}" for suffix in sorted(SUFFIXES)))
        files, _ = QFileDialog.getOpenFileNames(self._page, self.tr("Add images"), "", kinds)
        if files:
            self.add_images.emit(tuple(Path(file) for file in files))

    def _choose_more(self) -> None:
        self._choose(self.tr("Add the images of a folder"), lambda folder: self.add_images.emit((folder,)))

    def _choose_folder(self) -> None:
        self._choose(self.tr("Choose the folder with your labelled images"), self.change_folder.emit)

    def _choose_copy(self) -> None:
        self._choose(self.tr("Choose an empty folder for the copy"), self.write_copy.emit)

    def _choose_table(self) -> None:
        kinds = self.tr("Tables (*.csv)")
        file, _ = QFileDialog.getSaveFileName(self._page, self.tr("Export labels"), "labels.csv", kinds)
        if file:
            self.export_labels.emit(Path(file))

    def _choose(self, title: str, act: Callable[..., object]) -> None:
        folder = QFileDialog.getExistingDirectory(self._page, title)
        if folder:
            act(Path(folder))


class _StepAction(QAction):
    """Takes a step back, or again: says which one, and can be chosen while there is one."""

    def __init__(self, what: str, menu: QMenu) -> None:
        super().__init__(what, menu)
        self._what = what
        self.setEnabled(False)

    def show_step(self, step: str) -> None:
        """Name the step; an empty name means that there is none."""
        self.setText(self.tr("{what}: {step}").format(what=self._what, step=step) if step else self._what)
        self.setEnabled(bool(step))
