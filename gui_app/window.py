"""The window: sidebar, pages, message bar and status line. Wishes of pages go to the session, its state comes back."""

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer
from PySide6.QtGui import QActionGroup, QCloseEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui_app import theme
from gui_app.notify import MessageBar
from gui_app.session import Session
from gui_app.sidebar import Sidebar
from gui_app.state import PageKey, ProjectInfo, State
from gui_app.statusbar import StatusLine
from gui_app.steps import STEPS, open_steps
from gui_app.theme import SIZE, Scheme

if TYPE_CHECKING:
    from gui_app.pages.data import DataPage

PAGES: dict[PageKey, tuple[str, str]] = {
    "start": ("gui_app.pages.start", "StartPage"),
    "data": ("gui_app.pages.data", "DataPage"),
    "model": ("gui_app.pages.model", "ModelPage"),
    "train": ("gui_app.pages.train", "TrainPage"),
    "results": ("gui_app.pages.results", "ResultsPage"),
    "use": ("gui_app.pages.use", "UsePage"),
}
WISHES: dict[PageKey, tuple[str, ...]] = {
    "start": ("new_project", "open_project", "try_samples"),
    "data": (
        "add_images",
        "change_folder",
        "rescan",
        "choose_reading",
        "correct",
        "choose_grouping",
        "change_split",
        "export_labels",
        "write_copy",
        "dismiss_changes",
        "go",
    ),
    "model": (
        "change_config",
        "add_weights",
        "download_weights",
        "cancel_download",
        "start_training",
    ),
    "train": ("pause", "resume", "stop", "show_run", "go"),
    "results": ("go",),
    "use": ("predict_paths", "predict_image", "stop_predicting", "clear_predictions", "save_csv", "go"),
}
AHEAD: tuple[PageKey, ...] = ("model", "train", "results", "use")
AHEAD_MS = 300
"""These pages are built before they are asked for, so long after each other: it takes a tenth of a second each."""
LEAVE_MS = 20_000
"""How long a run may take to put its best epoch away before the window closes without waiting on."""


class Page(Protocol):
    """What the window asks of a page."""

    def show_state(self, state: State) -> None:
        """Show everything that follows from a state."""


class MainWindow(QMainWindow):
    """Shows the state of a session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("window")
        self.session = session
        self._pages: dict[PageKey, QWidget] = {}
        self._page: PageKey | None = None
        self._project: ProjectInfo | None = None
        self._leaving = False
        self._ahead = QTimer(self, interval=AHEAD_MS)
        self._ahead.timeout.connect(self._build_ahead)
        self._patience = QTimer(self, interval=LEAVE_MS, singleShot=True)
        self._patience.timeout.connect(self.close)
        self._settings = QSettings(str(session.state.folders.data / "window.ini"), QSettings.Format.IniFormat)
        self.sidebar = Sidebar()
        self.message_bar = MessageBar(session.notifier)
        self.status_line = StatusLine()
        self._stack = QStackedWidget()
        self._central = QWidget()
        self._arrange()
        self._connect()
        self._add_shortcuts()
        self.setMinimumSize(*SIZE.window_least)
        self.resize(*SIZE.window)
        geometry = self._settings.value("geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        self.show_state()

    def page(self, key: PageKey) -> QWidget:
        """Return a page; it is imported and built when first asked for."""
        if key not in self._pages:
            module, name = PAGES[key]
            page = cast(QWidget, getattr(import_module(module), name)())
            for wish in WISHES[key]:
                getattr(page, wish).connect(getattr(self.session, wish))
            if key == "data":
                cast("DataPage", page).refused.connect(self.session.notifier.refuse)
            self._stack.addWidget(page)
            self._pages[key] = page
        return self._pages[key]

    def show_state(self) -> None:
        """Show the session's state: the present page, and what lies around it."""
        state = self.session.state
        if state.project != self._project:
            self._project = state.project
            self.message_bar.dismiss()  # what it says is of another project
        if state.page != self._page:
            self._page = state.page
            self._stack.setCurrentWidget(self.page(state.page))
            self.message_bar.dismiss_passing()
        cast(Page, self.page(state.page)).show_state(state)
        if state.device is not None:
            self.page("data")  # ahead of its use: to build it together with the first images would be felt
            if self.isVisible() and self._missing and not self._ahead.isActive():
                self._ahead.start()
        self.sidebar.show_state(state)
        self.status_line.show_state(state)
        self.setWindowTitle(f"{state.project.name} – Graft" if state.project else "Graft")
        if self._leaving and not state.training:
            self.close()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Give the focus to nothing in particular, so that no button wears its ring before Tab was pressed."""
        super().showEvent(event)
        self._central.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Close at once, unless a run is under way: then ask, stop it, and close when its best epoch is safe."""
        if self.session.state.training and not self._leaving:
            stop = self._may_stop()
            if not stop or self.session.state.training:  # it may have ended while the question stood
                event.ignore()
                if stop:
                    self._leave_after_run()
                return
        self._patience.stop()
        self._ahead.stop()
        self._settings.setValue("geometry", self.saveGeometry())
        super().closeEvent(event)

    def _build_ahead(self) -> None:
        if self._missing:
            self.page(self._missing[0])
        else:
            self._ahead.stop()

    @property
    def _missing(self) -> list[PageKey]:
        return [key for key in AHEAD if key not in self._pages]

    def _arrange(self) -> None:
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.message_bar)
        middle.addWidget(self._stack, 1)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self.sidebar)
        upper.addLayout(middle, 1)
        central = self._central
        central.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(upper, 1)
        column.addWidget(self.status_line)
        self.setCentralWidget(central)
        self.sidebar.add_foot(self._appearance_button())

    def _connect(self) -> None:
        self.session.store.changed.connect(self.show_state)
        self.session.place_wanted.connect(self._choose_place)
        self.sidebar.go.connect(self.session.go)
        self.sidebar.show_run.connect(self.session.show_run)

    def _add_shortcuts(self) -> None:
        for number, step in enumerate(STEPS, 1):
            QShortcut(QKeySequence(f"Ctrl+{number}"), self, partial(self._go_if_open, step.page))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Open), self, self._choose_project)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.session.rescan)

    def _go_if_open(self, page: PageKey) -> None:
        if page in open_steps(self.session.state):
            self.session.go(page)

    def _choose_project(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Open a project (a folder that ends in .graft)"))
        if chosen:
            self.session.open_project(Path(chosen))

    def _choose_place(self, images: Path) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Where shall the project be kept?"))
        if chosen:
            self.session.new_project(images, Path(chosen))

    def _appearance_button(self) -> QPushButton:
        button = QPushButton(self.tr("Appearance"))
        button.setObjectName("appearance")
        button.setAccessibleName(self.tr("Appearance: light, dark, or as the system"))
        button.setProperty("kind", "foot")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(button)
        group = QActionGroup(menu)
        names: dict[Scheme, str] = {
            "light": self.tr("Light"),
            "dark": self.tr("Dark"),
            "system": self.tr("As the system"),
        }
        for scheme, name in names.items():
            action = menu.addAction(name)
            action.setObjectName(f"appearance_{scheme}")
            action.setCheckable(True)
            action.setChecked(scheme == theme.scheme())
            action.triggered.connect(partial(self._choose_scheme, scheme))
            group.addAction(action)
        button.setMenu(menu)
        return button

    def _choose_scheme(self, scheme: Scheme) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, scheme)
        self._settings.setValue("appearance", scheme)

    def _may_stop(self) -> bool:
        box = QMessageBox(self)
        box.setObjectName("ask_stop")
        box.setIcon(QMessageBox.Icon.Question)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(self.tr("A training is under way."))
        box.setInformativeText(self.tr("It can be stopped now. The best epoch so far is kept and can be used."))
        stop = box.addButton(self.tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Go on training"), QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is stop

    def _leave_after_run(self) -> None:
        self._leaving = True
        self.session.stop()
        self.session.notifier.info(
            self.tr("Stopping and keeping the best epoch."), self.tr("The window closes when that is done.")
        )
        self.setEnabled(False)
        self._patience.start()


def stored_scheme(session: Session) -> Scheme:
    """Return the look that was chosen last, the system's if none was."""
    settings = QSettings(str(session.state.folders.data / "window.ini"), QSettings.Format.IniFormat)
    stored = str(settings.value("appearance", "system"))
    known: dict[str, Scheme] = {"light": "light", "dark": "dark"}
    return known.get(stored, "system")
