"""The Data page: which classes there are, the images, what is wrong with them, and how they are split."""

from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QActionGroup, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu, QWidget

from gui_app import correcting, filters
from gui_app.classlist import ClassList
from gui_app.corrections import Corrections
from gui_app.data_actions import DataActions
from gui_app.filters import Filter
from gui_app.findings_list import FindingsList
from gui_app.grid import ImageViewer
from gui_app.groupings_dialog import GroupingsDialog
from gui_app.image_facts import Rows, rows_of
from gui_app.image_table import UNLABELLED, Numbers
from gui_app.images_card import ImagesCard
from gui_app.split_card import SplitCard
from gui_app.state import State
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import Card, PageFrame, inset, link_button, text_label
from gui_app.words import as_tip, count, local_files, shorten

if TYPE_CHECKING:
    from core.data.dataset import Part
    from core.data.folder.listing import FoundImage


LONGEST_STEP = 60
"""So many letters of a remedy name the step in the menu."""


class DataPage(PageFrame):
    """Shows the images of the project and takes corrections of them. All counts come from the state."""

    add_images = Signal(tuple)
    change_folder = Signal(Path)
    rescan = Signal()
    choose_reading = Signal(str)
    correct = Signal(object)
    choose_grouping = Signal(str)
    change_split = Signal(tuple)
    export_labels = Signal(Path)
    write_copy = Signal(Path)
    dismiss_changes = Signal()
    go = Signal(str)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("data", parent)
        self._state: State | None = None
        self._filter = Filter()
        self._unlabelled = False
        self._keys = correcting.LabelKeys()
        self._stepped: frozenset[str] = frozenset()
        self._viewer: ImageViewer | None = None
        self._viewed: tuple[str, ...] = ()
        self._corrections = Corrections(self)
        self._corrections.wished.connect(self.correct)
        self._actions_made = DataActions(self._corrections.stack, self)
        for button in self._actions_made.buttons:
            self.add_action(button)
        self.body.addWidget(self._classes_card())
        self._images = ImagesCard()
        self.body.addWidget(self._images, 1)
        self.body.addWidget(self._findings_card())
        self._connect()
        self.setAcceptDrops(True)

    def show_state(self, state: State) -> None:
        """Show classes, images, findings and split; only what changed is built anew."""
        before, self._state = self._state, state
        other = before is None or state.project != before.project
        if other:
            self._filter = Filter()
            self._corrections.forget()
            self._keys.forget()
            self._stepped = frozenset()
        self._corrections.show_present(state.corrections)
        self._show_header(state)
        self._images.show_reading(state.reading)
        self._images.changes.show_changes(state.changes)
        if before is None or state.scan is not before.scan:
            self._show_classes(state)
            if before is None or state.corrections == before.corrections:
                self._images.grid.read_again()
        if before is None or _split_seen(state) != _split_seen(before):
            self._show_split(state)
        if before is None or _findings_seen(state) != _findings_seen(before):
            self._findings.show_findings(state.findings, state.data_problem, state.reading is not None)
        if before is None or any(now is not then for now, then in zip(_seen(state), _seen(before), strict=True)):
            self._show_images(keep=not other)
            self._show_stepped()
            self._show_viewed()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files and folders, once there is a project to add them to."""
        if local_files(event.mimeData()) and self._state is not None and self._state.project is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Ask what is to be done with them."""
        event.acceptProposedAction()
        self._actions_made.offer_dropped(local_files(event.mimeData()), self.mapToGlobal(event.position().toPoint()))

    def _classes_card(self) -> Card:
        card = Card(self.tr("Classes"))
        card.setFixedWidth(SIZE.card_narrow)
        card.body.setContentsMargins(SPACE.m - SPACE.s, SPACE.m, SPACE.m - SPACE.s, SPACE.m)
        card.body.setSpacing(SPACE.xs)
        card.heading.setIndent(SPACE.s)
        self._recognised = text_label(role="small", wrap=True, name="recognised")
        self._recognised.setContentsMargins(SPACE.s, 0, SPACE.s, 0)
        change = link_button(self.tr("Change…"), "readings_change")
        change.setAccessibleName(self.tr("Change how the folder is read"))
        change.clicked.connect(self._offer_readings)
        self._readings = inset(change)
        self._classes = ClassList()
        self._split = SplitCard()
        card.body.addWidget(self._recognised)
        card.body.addWidget(self._readings)
        card.body.addWidget(self._classes, 1)  # as high as its lines at most; what is left lies beneath the split
        card.body.addWidget(self._split)
        card.body.addStretch()
        return card

    def _findings_card(self) -> Card:
        card = Card()
        card.setFixedWidth(SIZE.card_side)
        card.body.setContentsMargins(SPACE.m - SPACE.s, SPACE.m, SPACE.m - SPACE.s, SPACE.m)
        self._findings = FindingsList()
        card.body.addWidget(self._findings)
        return card

    def _connect(self) -> None:
        actions, images, bar = self._actions_made, self._images, self._images.bar
        for wish in ("add_images", "change_folder", "rescan", "export_labels", "write_copy"):
            getattr(actions, wish).connect(getattr(self, wish))
        actions.refused.connect(self.refused)
        actions.go_on.connect(lambda: self.go.emit("model"))
        self._classes.chosen.connect(lambda name: self._set_filter(self._filter.toggled_class(name)))
        self._classes.left_out_chosen.connect(lambda: self._set_filter(Filter(left_out=not self._filter.left_out)))
        self._classes.label_them.connect(self._label_them)
        self._split.part_chosen.connect(lambda part: self._set_filter(self._filter.toggled_part(part)))
        self._split.change_split.connect(self.change_split)
        self._split.change_grouping.connect(self._offer_groupings)
        self._findings.chosen.connect(self._toggle_finding)
        self._findings.mended.connect(self._mend)
        images.filter_chosen.connect(self._set_filter)
        images.undo.connect(self._corrections.stack.undo)
        self._corrections.stack.undoTextChanged.connect(images.show_undo)
        self._corrections.stepped.connect(self._show_step)
        images.grid.view.selected.connect(self._forget_step)
        images.changes.show_added.connect(lambda: self._set_filter(Filter(added=True)))
        images.changes.dismissed.connect(self.dismiss_changes)
        images.grid.activated.connect(self._open_image)
        images.grid.keyed.connect(self._do_key)
        images.grid.selected.connect(lambda: self._classes.show_keys(bool(images.grid.selection)))
        bar.label.connect(self._label)
        bar.leave_out.connect(self._leave_out)
        bar.moved.connect(lambda part: self._do(correcting.move(images.chosen_images, _part(part))))
        bar.group.connect(lambda name: self._do(correcting.group(images.chosen_images, name)))

    # what is shown

    def _show_header(self, state: State) -> None:
        root = state.project.images_root if state.project else None
        n_images = len(state.scan.images) if state.scan else 0
        n_classes = len(state.scan.classes) if state.scan else 0
        subtitle = self.tr("{images} images in {classes} classes from {folder}").format(
            images=count(n_images), classes=count(n_classes), folder=root.name if root else ""
        )
        self.set_title(self.tr("Data"), subtitle if root and state.scan else "")
        self.subtitle.setToolTip(as_tip(str(root or "")))
        self._actions_made.show_state(there=state.scan is not None, ready=state.dataset is not None)

    def _show_classes(self, state: State) -> None:
        scan = state.scan
        self._recognised.setText(scan.recognised if scan else "")
        self._recognised.setVisible(bool(scan and scan.recognised))
        self._readings.setVisible(bool(scan and len(scan.readings) > 1))
        numbers = state.table.numbers if state.table else Numbers({}, 0)
        self._unlabelled = numbers.unlabelled > 0
        keys = self._keys.of(scan.classes if scan else ())
        self._classes.show_numbers(numbers, keys)
        self._images.bar.show_classes(scan.classes if scan else (), keys)

    def _show_split(self, state: State) -> None:
        self._split.setVisible(state.dataset is not None)
        if state.dataset is not None:
            self._split.show_state(state)

    def _show_images(self, *, keep: bool) -> None:
        state = self._state
        if state is None:
            return
        chosen = filters.still_there(self._filter, state)
        finding = next((each.title for each in state.findings if each.key == chosen.finding), "")
        classes = state.scan.classes if state.scan else ()
        self._images.filters.show_filter(chosen, classes, unlabelled=self._unlabelled, finding=finding)
        self._images.show_images(filters.matching(chosen, state), state, chosen, keep=keep)
        self._classes.choose(chosen)
        self._split.choose(chosen)
        self._findings.choose(chosen.finding)

    def _set_filter(self, chosen: Filter) -> None:
        self._filter = chosen
        self._show_images(keep=False)

    def _toggle_finding(self, key: str) -> None:
        self._set_filter(Filter() if self._filter.finding == key else Filter(finding=key))

    def _label_them(self) -> None:
        """Show what has no class and let keys act on the first of it."""
        self._set_filter(Filter(class_name=UNLABELLED))
        self._images.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        self._images.grid.go_to(0)

    def _offer_readings(self) -> None:
        scan = self._state.scan if self._state else None
        menu = QMenu(self)
        menu.setObjectName("readings_menu")
        group = QActionGroup(menu)
        for place, reading in enumerate(scan.readings if scan else ()):
            action = menu.addAction(reading.title.replace("&", "&&"))
            action.setObjectName(f"reading_{reading.key}")
            action.setCheckable(True)
            action.setChecked(place == 0)  # the present one comes first
            if place:
                action.triggered.connect(partial(self.choose_reading.emit, reading.key))
            group.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._readings.mapToGlobal(QPoint(0, self._readings.height())))

    def _offer_groupings(self) -> None:
        state = self._state
        if state is not None and state.scan is not None and state.groupings:
            dialog = GroupingsDialog(state.groupings, state.grouping, state.scan.root, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.chosen.connect(self.choose_grouping)
            dialog.open()

    # corrections

    def _show_step(self, paths: frozenset[str]) -> None:
        """Select what a step back or forth concerns, now and once it came about: keys must mean what was changed."""
        self._stepped = paths
        self._images.select(paths)
        place = next((place for place, path in enumerate(self._viewed) if path in paths), -1)
        if self._viewer is not None and place >= 0:
            self._viewer.go_to(place)

    def _show_stepped(self) -> None:
        if not self._stepped:
            return
        shown, waiting = self._images.select(self._stepped), bool(self._corrections.pending)
        if not shown and not waiting:
            self._set_filter(Filter())
            self._images.select(self._stepped)
        if not waiting:
            self._forget_step()

    def _forget_step(self) -> None:
        self._stepped = frozenset()

    def _do(self, step: "correcting.Step") -> None:
        self._forget_step()
        self._corrections.do(*step)

    def _do_key(self, key: int) -> None:
        if key == Qt.Key.Key_Delete:
            self._leave_out()
        elif name := self._class_of_key(key):
            self._label(name)

    def _class_of_key(self, key: int) -> str:
        classes = self._state.scan.classes if self._state and self._state.scan else ()
        number = key - Qt.Key.Key_0
        return next((name for name, own in self._keys.of(classes).items() if own == number), "")

    def _label(self, name: str) -> None:
        step = correcting.label(self._images.chosen_images, name, self._corrections.pending)
        if self._filter.class_name == UNLABELLED:
            self._images.next_one()  # at once, so that the next key means the next image
        self._do(step)

    def _leave_out(self) -> None:
        if self._state is not None and (chosen := self._images.chosen_images):
            self._do(correcting.leave_out(chosen, self._state.corrections))

    def _mend(self, key: str) -> None:
        for finding in self._state.findings if self._state else ():
            if finding.key == key:
                words = finding.remedy_title[:1].lower() + finding.remedy_title[1:]
                said = {(each.path, each.field): each.value for each in finding.remedy}
                self._do((said, shorten(words, LONGEST_STEP)))

    # one image large

    def _open_image(self, position: int) -> None:
        paths = self._viewed = self._images.paths
        viewer = ImageViewer(
            self._images.grid.items,
            position,
            self,
            facts=lambda place: self._facts_of(paths[place]),
            hint=self._keys_in_words(),
        )
        viewer.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        viewer.keyed.connect(lambda key: self._do_key_large(key, paths[viewer.position]))
        viewer.undo.connect(self._corrections.stack.undo)
        viewer.redo.connect(self._corrections.stack.redo)
        viewer.finished.connect(lambda: self._leave_viewer(position, viewer.position))
        viewer.destroyed.connect(self._viewer_gone)
        self._viewer = viewer
        viewer.open()

    def _leave_viewer(self, opened: int, left: int) -> None:
        """Go on among the images where the viewer was left."""
        if left != opened:
            self._images.select(frozenset({self._viewed[left]}))

    def _viewer_gone(self) -> None:
        self._viewer = None

    def _show_viewed(self) -> None:
        if self._viewer is not None:
            self._viewer.show_facts()

    def _do_key_large(self, key: int, path: str) -> None:
        image, state = self._image_at(path), self._state
        if image is None or state is None:
            return
        if key == Qt.Key.Key_Delete:
            self._do(correcting.leave_out([image], state.corrections))
        elif name := self._class_of_key(key):
            self._do(correcting.label([image], name, self._corrections.pending))
            if self._filter.class_name == UNLABELLED and self._viewer is not None:
                self._viewer.go_on()

    def _facts_of(self, path: str) -> Rows:
        image = self._image_at(path)
        return rows_of(image, self._state) if image is not None and self._state is not None else []

    def _image_at(self, path: str) -> "FoundImage | None":
        table = self._state.table if self._state else None
        row = table.rows.get(path) if table is not None else None
        return table.images[row] if table is not None and row is not None else None

    def _keys_in_words(self) -> str:
        classes = self._state.scan.classes if self._state and self._state.scan else ()
        keys = " · ".join(
            f"{key} = {shorten(name)}" for name, key in sorted(self._keys.of(classes).items(), key=itemgetter(1))
        )
        return self.tr("{keys}\nDelete leaves it out, or takes it back.").format(keys=keys)


def _part(name: str) -> "Part | None":
    return cast("Part", name) if name else None


def _seen(state: State) -> tuple[object, ...]:
    """Return what decides which images are shown, to be compared by identity: there may be 100,000."""
    return (state.project, state.scan, state.findings, state.dataset, state.corrections, state.changes)


def _split_seen(state: State) -> tuple[object, ...]:
    return (
        id(state.dataset),
        state.groupings,
        state.grouping,
        state.grouping_confirmed,
        state.shares,
        bool(state.runs),
    )


def _findings_seen(state: State) -> tuple[object, ...]:
    return (state.findings, state.data_problem, state.reading is not None)
