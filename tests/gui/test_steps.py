"""The steps of the sidebar: when each is open, which are ticked, and in which language they are shown."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.base.folders import Folders
from core.results.runs import RunSummary
from gui_app.sidebar import RunButton, Sidebar
from gui_app.state import ProjectInfo
from gui_app.steps import STEPS, open_steps
from tests.gui.runs import made_record, made_state


@pytest.fixture
def folders(graft_home: Path) -> Folders:
    return Folders.of_user()


def test_the_curves_of_an_earlier_run_can_be_reached(folders: Folders, tmp_path: Path) -> None:
    assert "train" in open_steps(made_state(folders, shown=made_record(tmp_path)))


def test_only_what_can_be_opened_is_ticked(app: QApplication, qtbot: QtBot, folders: Folders, tmp_path: Path) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    project = ProjectInfo("stripes", tmp_path, tmp_path)
    sidebar.show_state(made_state(folders, project=project, shown=made_record(tmp_path), page="results"))
    spoken = [button.accessibleName() for button in sidebar.steps]
    assert spoken == ["1 Data, done", "2 Model", "3 Train, done", "4 Results, present step", "5 Use"]


def test_a_run_without_an_end_is_not_called_a_shutdown(app: QApplication) -> None:
    run = RunSummary(5, Path("runs/0005"), "ResNet-18", "resnet18", "fine-tune-all", None, 0, None)
    assert "no score: it did not come to its end" in RunButton(run).toolTip()


def test_steps_are_translated_when_they_are_shown(app: QApplication) -> None:
    class German(QTranslator):
        def translate(self, context: str, text: str, note: str | None = None, n: int = -1) -> str:
            return {"Data": "Daten"}.get(text, "")

        def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
            return False

    german = German()
    QCoreApplication.installTranslator(german)
    assert STEPS[0].title == "Daten"
    QCoreApplication.removeTranslator(german)
    assert STEPS[0].title == "Data"
