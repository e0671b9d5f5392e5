"""The Model page: choosing a network and a strategy, wrong values, and weights that are not here."""

import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from core.base.events import Progress
from core.data.store.project import Project
from core.models.backbones import BACKBONES
from gui_app import estimating, job
from gui_app.models_table import ModelsTable, millions
from gui_app.transfer import LayerPicture, StrategyCard
from gui_app.window import MainWindow
from tests.gui.helpers import WAIT_MS, click, draw_classes, find, read, write


@pytest.fixture
def page(opened: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window on its Model page."""
    click(qtbot, opened, "data_next")
    assert read(opened, "model_title") == "Model"
    return opened


def titles(window: MainWindow) -> list[str]:
    return [backbone.title for backbone in find(window, "models_table", ModelsTable).rows.backbones]


def choose(qtbot: QtBot, window: MainWindow, key: str, *, chip: bool = False) -> None:
    """Click a model, or the chip that says whether its weights are here."""
    table = find(window, "models_table", ModelsTable)
    row = [backbone.key for backbone in table.rows.backbones].index(key)
    table.scrollTo(table.rows.index(row, 0))
    place = table.chip_rect(row).center() if chip else table.visualRect(table.rows.index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))  # type: ignore[no-untyped-call]


def chosen(window: MainWindow) -> tuple[str, str]:
    config = window.session.state.config
    return config.backbone, config.strategy


def test_recommended_models_are_shown_and_all_on_request(page: MainWindow, qtbot: QtBot) -> None:
    recommended = [backbone.title for backbone in BACKBONES if backbone.recommended]
    assert titles(page) == [*recommended, "Tiny"]
    click(qtbot, page, "model_show_all")
    assert len(titles(page)) == len(BACKBONES)
    write(qtbot, page, "model_search", "convnext b")
    assert titles(page) == ["ConvNeXt base"]
    write(qtbot, page, "model_search", "nothing of the kind")
    assert read(page, "model_nothing") == "No model is called “nothing of the kind”."


def test_choosing_a_model_plans_with_it_and_is_kept(page: MainWindow, qtbot: QtBot) -> None:
    assert find(page, "model_train", QPushButton).isEnabled()
    choose(qtbot, page, "resnet18")
    assert page.session.state.config.backbone == "resnet18"
    assert read(page, "note_title") == "ResNet-18"
    assert not find(page, "model_train", QPushButton).isEnabled()
    assert "not on this computer" in find(page, "model_train", QPushButton).toolTip()
    assert read(page, "model_share").endswith("weights learn")
    project = page.session.state.project
    assert project is not None
    page.session.close(WAIT_MS)
    again = Project.open(project.folder)
    assert again.config().backbone == "resnet18"
    again.close()


def test_arrows_choose_models_and_strategies(page: MainWindow, qtbot: QtBot) -> None:
    table = find(page, "models_table", ModelsTable)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Up)  # type: ignore[no-untyped-call]
    assert chosen(page) == ("vit_b_16", "feature-extraction")
    card = find(page, "strategy_feature-extraction", StrategyCard)
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Down)  # type: ignore[no-untyped-call]
    assert chosen(page) == ("vit_b_16", "fine-tune-last")


def test_the_picture_shows_what_learns(page: MainWindow, qtbot: QtBot) -> None:
    picture = find(page, "layer_picture", LayerPicture)
    assert picture.accessibleName().endswith("Learns: your classes")
    click(qtbot, page, "strategy_fine-tune-all")
    assert picture.accessibleName().startswith("Kept: nothing")
    plan = page.session.state.plan
    assert plan is not None
    words = f"{millions(plan.trained_parameters)} of {millions(plan.total_parameters)} weights learn"
    assert read(page, "model_share") == f"{words}, slower the deeper they lie"


def test_a_wrong_value_is_said_beside_its_field_and_not_used(page: MainWindow, qtbot: QtBot) -> None:
    write(qtbot, page, "setting_epochs", "0")
    assert read(page, "problem_epochs") == "Enter a whole number from 1 to 1000, or nothing."
    assert epochs(page) is None
    assert read(page, "model_problem") == "Correct first: Epochs"
    assert "Correct first: Epochs" in find(page, "model_train", QPushButton).toolTip()
    write(qtbot, page, "setting_epochs", "12")
    assert read(page, "problem_epochs") == ""
    assert epochs(page) == 12
    assert find(page, "model_train", QPushButton).isEnabled()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": None, "reading": Progress("reading", 3, 9, 0.3)}, ["The images are being read."]),
        ({"dataset": None}, ["The images must be read first."]),
        ({"dataset": None, "data_problem": "“lonely” has one image."}, ["“lonely” has one image."]),
        ({"device": None}, ["Looking at this computer …"]),
        (
            {"dataset": None, "data_problem": "“lonely” has one image.", "device": None},
            ["“lonely” has one image.", "Looking at this computer …"],
        ),
    ],
)
def test_the_page_says_why_training_cannot_begin(
    page: MainWindow, changes: dict[str, object], words: list[str]
) -> None:
    page.session.store.update(**changes)
    assert read(page, "model_problem").splitlines() == words
    assert not find(page, "model_train", QPushButton).isEnabled()


def test_a_wrong_value_in_closed_settings_is_said_on_the_page(page: MainWindow, qtbot: QtBot) -> None:
    click(qtbot, page, "more_settings")
    write(qtbot, page, "setting_weight_decay", "many")
    click(qtbot, page, "more_settings")
    assert read(page, "model_problem").startswith("Correct first: ")


def test_a_wrong_value_does_not_follow_into_another_project(page: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    write(qtbot, page, "setting_epochs", "0")
    session = page.session
    session.new_project(draw_classes(tmp_path / "others", {"rows": 12, "columns": 12}))
    qtbot.waitUntil(lambda: session.state.page == "data" and job.running() == 0, timeout=WAIT_MS)
    session.change_config({"backbone": "tiny", "device": "cpu"})
    session.go("model")
    assert find(page, "setting_epochs", QLineEdit).text() == ""
    assert read(page, "problem_epochs") == ""
    assert find(page, "model_train", QPushButton).isEnabled()


def epochs(window: MainWindow) -> int | None:
    return window.session.state.config.epochs


def test_what_is_left_open_shows_what_was_decided(page: MainWindow, qtbot: QtBot) -> None:
    assert find(page, "setting_epochs", QLineEdit).placeholderText() == "60 (decided for you)"
    assert _choice(page) == "none (decided for you)"
    click(qtbot, page, "strategy_fine-tune-all")
    assert _choice(page) == "light (decided for you)"
    assert "15 epochs" in read(page, "plan_summary")


def _choice(window: MainWindow) -> str:
    return find(window, "setting_augmentation", QComboBox).currentText()


def test_expert_settings_are_there_when_opened(page: MainWindow, qtbot: QtBot) -> None:
    assert not find(page, "setting_learning_rate", QLineEdit).isVisible()
    click(qtbot, page, "more_settings")
    write(qtbot, page, "setting_learning_rate", "0,01")
    assert page.session.state.config.learning_rate == 0.01
    box = find(page, "setting_fit", QComboBox)
    qtbot.keyClicks(box, "pad")  # type: ignore[no-untyped-call]
    box.activated.emit(box.currentIndex())
    assert page.session.state.config.fit == "pad"


def test_a_device_that_is_not_there_is_told(page: MainWindow, qtbot: QtBot) -> None:
    page.session.change_config({"device": "mps"})
    qtbot.waitUntil(lambda: bool(page.session.state.plan_problem) and job.running() == 0, timeout=WAIT_MS)
    assert not find(page, "model_train", QPushButton).isEnabled()
    assert read(page, "model_problem") == page.session.state.plan_problem


def test_weights_of_another_network_are_refused_in_words(
    page: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.core.models.tiny import write_weights

    wrong = write_weights(tmp_path / "wrong.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *words: (str(wrong), ""))
    choose(qtbot, page, "resnet18")
    click(qtbot, page, "note_add")
    qtbot.waitUntil(lambda: bool(read(page, "message_text")) and job.running() == 0, timeout=WAIT_MS)
    assert "ResNet-18" in f"{read(page, 'message_text')} {read(page, 'message_hint')}"
    assert "resnet18" not in page.session.state.weights_ready


def test_a_download_without_network_fails_in_words(
    page: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach_for(monkeypatch, "resnet18", "http://127.0.0.1:9/none.pth")  # nothing listens on port 9
    choose(qtbot, page, "resnet18", chip=True)
    qtbot.waitUntil(lambda: bool(read(page, "message_text")) and job.running() == 0, timeout=WAIT_MS)
    assert "ResNet-18" in read(page, "message_text")
    assert page.session.state.download is None
    assert find(page, "note_download", QPushButton).isVisible()


def test_a_download_shows_how_far_it_is_and_can_be_cancelled(
    page: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_server = SlowServer()
    try:
        reach_for(monkeypatch, "resnet18", with_server.url)
        choose(qtbot, page, "resnet18")
        click(qtbot, page, "note_download")
        qtbot.waitUntil(lambda: read(page, "note_progress").endswith("of 8.0 MB"), timeout=WAIT_MS)
        assert read(page, "status_doing").startswith("Downloading")
        click(qtbot, page, "note_cancel")
        with_server.go_on.set()
        qtbot.waitUntil(lambda: page.session.state.download is None and job.running() == 0, timeout=WAIT_MS)
        assert "resnet18" not in page.session.state.weights_ready
        assert read(page, "message_text") == ""
    finally:
        with_server.close()


def reach_for(monkeypatch: pytest.MonkeyPatch, key: str, url: str) -> None:
    """Let the weights of a backbone come from `url`."""
    monkeypatch.setitem(BACKBONES._entries, key, replace(BACKBONES[key], url=url))


class SlowServer:
    """Sends half a file of 8 MB, and the rest once `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        go_on = self.go_on

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "8000000")
                self.end_headers()
                try:
                    self.wfile.write(b"x" * 4_000_000)
                    go_on.wait(WAIT_MS / 1000)
                    self.wfile.write(b"x" * 4_000_000)
                except OSError:
                    pass

            def log_message(self, format: str, *words: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/weights.pth"

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def test_what_a_run_takes_is_measured_for_the_plan_that_is_shown(page: MainWindow, qtbot: QtBot) -> None:
    assert read(page, "plan_estimate") == "Measuring how fast this computer is …"
    qtbot.waitUntil(lambda: page.session.state.estimate is not None, timeout=WAIT_MS)
    told = read(page, "plan_estimate")
    assert told.startswith("At most ")
    assert re.search(r" on the disk · computed in b?float(32|16)$", told)
    first = page.session.state.estimate
    find(page, "strategy_fine-tune-all", StrategyCard).click()
    assert page.session.state.estimate is None
    assert read(page, "plan_estimate") == "Measuring how fast this computer is …"
    qtbot.waitUntil(lambda: page.session.state.estimate is not None, timeout=WAIT_MS)
    assert page.session.state.estimate != first


def test_a_choice_that_is_not_carried_out_says_so_beneath(page: MainWindow, qtbot: QtBot) -> None:
    page.session.change_config({"averaging": "on", "augmentation": "none", "weight_decay": 0.01})
    told = find(page, "overruled_averaging", QLabel).text()
    assert told == "Not so here: Only the head learns, on stored features."
    assert not find(page, "overruled_averaging", QLabel).isHidden()
    assert find(page, "overruled_weight_decay", QLabel).isHidden()
    assert find(page, "overruled_augmentation", QLabel).isHidden()
    find(page, "strategy_fine-tune-all", StrategyCard).click()
    assert find(page, "overruled_averaging", QLabel).isHidden()


def test_no_estimate_is_made_for_a_page_that_is_not_looked_at(opened: MainWindow, qtbot: QtBot) -> None:
    assert opened.session.state.plan is not None
    qtbot.wait(2 * estimating.WAIT_MS)
    assert opened.session.state.estimate is None
    assert not job.running()
