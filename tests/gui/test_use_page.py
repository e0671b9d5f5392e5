"""The Use page: images go in by drop, paste and dialog; answers are read as a person reads them."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.base.folders import Folders
from core.results.predict import Predicted
from gui_app.drop import DropZone
from gui_app.pages.use import UsePage
from gui_app.predictions import ClassBars
from gui_app.tables import PlainTable
from gui_app.viewer import PictureView
from tests.gui.helpers import save_as
from tests.gui.runs import draw, made_record, made_state


@pytest.fixture
def page(app: QApplication, qtbot: QtBot) -> UsePage:
    page = UsePage()
    qtbot.addWidget(page)
    page.resize(1104, 770)
    page.show()
    qtbot.waitExposed(page)
    return page


@pytest.fixture
def folders(graft_home: Path) -> Folders:
    return Folders.of_user()


@pytest.fixture
def ready(page: UsePage, folders: Folders, tmp_path: Path) -> UsePage:
    """Return the page with a model, which was asked nothing yet."""
    page.show_state(made_state(folders, shown=made_record(tmp_path / "run")))
    return page


def _seen(page: UsePage) -> str:
    QApplication.processEvents()
    labels = [label for label in page.findChildren(QLabel) if label.isVisible()]
    return "\n".join(label.text() for label in labels)


def _button(page: UsePage, name: str) -> QPushButton:
    button = page.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    return button


def _table(page: UsePage) -> PlainTable:
    table = page.findChild(PlainTable, "use_table")
    assert isinstance(table, PlainTable)
    return table


def _picture(page: UsePage) -> PictureView:
    picture = page.findChild(PictureView, "use_picture")
    assert isinstance(picture, PictureView)
    return picture


def _said(tmp_path: Path, *shares: float) -> tuple[Predicted, ...]:
    """Return a prediction for each share of the first class."""
    return tuple(Predicted(draw(tmp_path / f"IMG_{i}.png", i), (share, 1 - share)) for i, share in enumerate(shares))


def test_without_a_model_it_leads_to_one(page: UsePage, qtbot: QtBot, folders: Folders) -> None:
    page.show_state(made_state(folders))
    assert "There is no trained model yet" in _seen(page)
    with qtbot.waitSignal(page.go) as wish:
        QTest.mouseClick(_button(page, "use_choose_model"), Qt.MouseButton.LeftButton)
    assert wish.args == ["model"]
    with qtbot.assertNotEmitted(page.predict_paths):
        QTest.keySequence(page, "Ctrl+V")


def test_the_model_is_named_with_its_score(ready: UsePage) -> None:
    assert "Run 4 · ResNet-18 · 95 % on the test images" in _seen(ready)
    assert "Drop or paste images or a folder" in _seen(ready)


def test_one_image_shows_its_classes_by_probability(
    ready: UsePage, qtbot: QtBot, folders: Folders, tmp_path: Path
) -> None:
    record = made_record(tmp_path / "run")
    ready.show_state(made_state(folders, shown=record, predictions=_said(tmp_path, 0.03)))
    assert "1 done" in _seen(ready)
    bars = ready.findChild(ClassBars, "use_bars")
    assert isinstance(bars, ClassBars)
    rows = [row.accessibleName() for row in bars.findChildren(QWidget) if row.isVisible()]
    assert [row for row in rows if row] == ["bees 97 %", "ants 3 %"]
    for words in ("97 %", "3 %", "IMG_0.png"):
        assert words in _seen(ready)
    assert not _table(ready).isVisible()
    qtbot.waitUntil(lambda: _picture(ready).picture is not None, timeout=10_000)


def test_of_many_classes_the_rest_is_summed(ready: UsePage, qtbot: QtBot, folders: Folders, tmp_path: Path) -> None:
    names = tuple(f"kind {i}" for i in range(9))
    record = made_record(tmp_path / "many", confusion=None, classes=names)
    shares = (0.3, 0.2, 0.15, 0.1, 0.09, 0.06, 0.05, 0.03, 0.02)
    said = Predicted(draw(tmp_path / "a.png"), shares)
    ready.show_state(made_state(folders, shown=record, predictions=(said,)))
    assert "4 others" in _seen(ready)
    assert "16 %" in _seen(ready)
    assert "no score" in _seen(ready)
    qtbot.waitUntil(lambda: _picture(ready).picture is not None, timeout=10_000)


def test_a_row_of_the_table_shows_its_image(ready: UsePage, qtbot: QtBot, folders: Folders, tmp_path: Path) -> None:
    record = made_record(tmp_path / "run")
    bad = Predicted(tmp_path / "torn.png", (), "“torn.png” cannot be read: the file is cut off.")
    ready.show_state(made_state(folders, shown=record, predictions=(*_said(tmp_path, 0.9, 0.2), bad)))
    rows = [[str(_table(ready).model().index(row, column).data()) for column in range(3)] for row in range(3)]
    assert rows == [["IMG_0.png", "ants", "90 %"], ["IMG_1.png", "bees", "80 %"], ["torn.png", "can't be read", ""]]
    assert "3 done · 1 can't be read" in _seen(ready)
    _click_row(ready, 1)
    assert _class(ready) == "bees"
    qtbot.waitUntil(lambda: _picture(ready).picture is not None, timeout=10_000)
    _click_row(ready, 2)
    assert "“torn.png” cannot be read: the file is cut off." in _seen(ready)
    assert _picture(ready).picture is None
    QTest.keyClick(_table(ready), Qt.Key.Key_Up)
    QTest.keyClick(_table(ready), Qt.Key.Key_Up)
    assert _class(ready) == "ants"
    qtbot.waitUntil(lambda: _picture(ready).picture is not None, timeout=10_000)


def _click_row(page: UsePage, row: int) -> None:
    QApplication.processEvents()
    centre = _table(page).visualRect(_table(page).model().index(row, 0)).center()
    QTest.mouseClick(_table(page).viewport(), Qt.MouseButton.LeftButton, pos=centre)


def _class(page: UsePage) -> str:
    label = page.findChild(QLabel, "use_class")
    assert isinstance(label, QLabel)
    return label.text()


def test_rows_are_added_while_it_works_and_the_newest_images_are_shown(
    ready: UsePage, qtbot: QtBot, folders: Folders, tmp_path: Path
) -> None:
    record = made_record(tmp_path / "run")
    said = _said(tmp_path, 0.9, 0.2, 0.1)
    ready.show_state(made_state(folders, shown=record, predictions=said[:1]))
    ready.show_state(made_state(folders, shown=record, predictions=said[:1], predicting=True))
    ready.show_state(made_state(folders, shown=record, predictions=said[:2], predicting=True))
    assert _table(ready).currentIndex().row() == 1
    assert "working…" in _seen(ready)
    assert not _button(ready, "use_clear").isEnabled()
    ready.show_state(made_state(folders, shown=record, predictions=said, predicting=True))
    assert _table(ready).currentIndex().row() == 1, "what a person looks at stays"
    ready.show_state(made_state(folders, shown=record, predictions=said))
    assert _button(ready, "use_clear").isEnabled()
    qtbot.waitUntil(lambda: _picture(ready).picture is not None, timeout=10_000)


def test_clear_and_save_are_wished_by_buttons(ready: UsePage, qtbot: QtBot, folders: Folders, tmp_path: Path) -> None:
    record = made_record(tmp_path / "run")
    ready.show_state(made_state(folders, shown=record, predictions=_said(tmp_path, 0.9)))
    with qtbot.waitSignal(ready.save_csv) as saved:
        save_as(ready, tmp_path / "table")
    assert saved.args == [tmp_path / "table.csv"]
    with qtbot.waitSignal(ready.clear_predictions):
        QTest.mouseClick(_button(ready, "use_clear"), Qt.MouseButton.LeftButton)
    ready.show_state(made_state(folders, shown=record))
    assert "1 done" not in _seen(ready)
    qtbot.waitUntil(lambda: not ready.findChildren(QWidget, "use_side")[0].isVisible())


def test_a_table_is_replaced_only_after_a_question(
    ready: UsePage, qtbot: QtBot, folders: Folders, tmp_path: Path
) -> None:
    ready.show_state(made_state(folders, shown=made_record(tmp_path / "run"), predictions=_said(tmp_path, 0.9)))
    (tmp_path / "table.csv").write_text("kept")
    with qtbot.assertNotEmitted(ready.save_csv):
        assert "table.csv" in save_as(ready, tmp_path / "table", replace=False)
    with qtbot.waitSignal(ready.save_csv) as saved:
        assert "table.csv" in save_as(ready, tmp_path / "table", replace=True)
    assert saved.args == [tmp_path / "table.csv"]


def test_files_and_folders_can_be_dropped(ready: UsePage, qtbot: QtBot, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.png")), QUrl.fromLocalFile(str(tmp_path))])
    with qtbot.waitSignal(ready.predict_paths) as wish:
        ready.dropEvent(_drop(data))
    assert wish.args == [[tmp_path / "a.png", tmp_path]]


def _drop(data: QMimeData) -> QDropEvent:
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    return QDropEvent(QPointF(100, 100), action, data, button, Qt.KeyboardModifier.NoModifier)


def test_a_copied_image_can_be_pasted(ready: UsePage, qtbot: QtBot) -> None:
    image = QImage(8, 6, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 20, 30))
    QGuiApplication.clipboard().setImage(image)
    with qtbot.waitSignal(ready.predict_image) as wish:
        QTest.keyClick(ready, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert wish.args is not None
    assert wish.args[0].size() == image.size()


def test_pasting_text_says_that_it_is_no_image(ready: UsePage, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText("hello")
    with qtbot.assertNotEmitted(ready.predict_image):
        QTest.keyClick(ready, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "What was copied is no image" in _seen(ready)


def test_images_and_folders_can_be_opened(
    ready: UsePage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(tmp_path / "a.png")], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    zone = ready.findChild(DropZone, "use_drop")
    assert isinstance(zone, DropZone)
    with qtbot.waitSignals([ready.predict_paths, ready.predict_paths]):
        QTest.mouseClick(zone, Qt.MouseButton.LeftButton)
        QTest.mouseClick(_button(ready, "use_drop_files"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(ready.predict_paths) as folder:
        QTest.mouseClick(_button(ready, "use_drop_folder"), Qt.MouseButton.LeftButton)
    assert folder.args == [[tmp_path]]


def test_a_long_list_is_shown_at_once(ready: UsePage, qtbot: QtBot, folders: Folders, tmp_path: Path) -> None:
    record = made_record(tmp_path / "run")
    file = draw(tmp_path / "a.png")
    said = tuple(Predicted(file, (0.7, 0.3)) for _ in range(20_000))
    ready.show_state(made_state(folders, shown=record, predictions=said))
    assert "20,000 images" in _seen(ready)
    assert ready.height() == 770
    qtbot.waitUntil(lambda: _picture(ready).picture is not None, timeout=10_000)
