"""How the images are split, changing that, and what belongs together and so stays on one side."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.filters import Filter
from gui_app.painted import PaintedButton
from gui_app.split_slider import PARTS, TONES, Shares, SplitSlider
from gui_app.theme import RADIUS, SIZE, SPACE, Tone
from gui_app.widgets import LINK_EDGE, link_button, text_label
from gui_app.words import count, part_name

if TYPE_CHECKING:
    from gui_app.image_table import ImageTable
    from gui_app.state import State


class PartLine(PaintedButton):
    """One part of the split: its colour, its name and its number of images. A click shows them."""

    def __init__(self, part: str, tone: Tone) -> None:
        super().__init__(f"part_{part}")
        self._tone: Tone = tone
        self._value = ""

    def show_value(self, name: str, value: str) -> None:
        """Show a number or a share."""
        self._value = value
        self.set_words(name, f"{name}, {value}")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of a line."""
        return QSize(SIZE.card_narrow, SIZE.part_item)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint colour, name and number."""
        painter = QPainter(self)
        self.paint_ground(painter)
        area = self.rect().adjusted(SPACE.s, 0, -SPACE.s, 0)
        dot = QRectF(area.left(), (self.height() - SIZE.bar) / 2, SIZE.bar, SIZE.bar)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tone(self._tone).text))
        painter.drawRoundedRect(dot, RADIUS.bar / 2, RADIUS.bar / 2)
        painter.setPen(QColor(theme.palette().text))
        words = area.adjusted(SIZE.bar + SPACE.s, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._value)


class SplitCard(QWidget):
    """The bar of the split with its parts; a question before it is drawn anew; what is grouped."""

    part_chosen = Signal(str)
    change_split = Signal(tuple)
    change_grouping = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: Shares = (0, 0, 0)
        self._runs = False
        self.slider = SplitSlider("split_slider")
        self.slider.clicked.connect(self.part_chosen)
        self.slider.moved.connect(self._show_shares)
        self.slider.released.connect(self._let_go)
        self._lines = [PartLine(part, tone) for part, tone in zip(PARTS, TONES, strict=True)]
        for line, part in zip(self._lines, PARTS, strict=True):
            line.clicked.connect(lambda checked=False, part=part: self.part_chosen.emit(part))
        for line, meaning in zip(self._lines, self._meanings(), strict=True):
            line.setToolTip(meaning)
        self._note = text_label(role="muted", wrap=True, name="split_note")
        self._groups = text_label(role="muted", wrap=True, name="grouping")
        self._change = link_button(self.tr("Change…"), "grouping_change")
        self._change.setAccessibleName(self.tr("Change what stays together"))
        self._change.clicked.connect(self.change_grouping)
        self._question = self._make_question()
        self._lay_out()

    def show_state(self, state: "State") -> None:
        """Show numbers, what may be changed, and what stays together."""
        assert state.table is not None
        parts, brought = state.table.parts, bool(state.table.brought)
        self._numbers = (len(parts["train"]), len(parts["val"]), len(parts["test"]))
        self.slider.show_numbers(self._numbers, handles=not brought)
        self._runs = bool(state.runs)
        self._end_question()
        self._show_numbers()
        self._note.setText(_as_folders_have_it(state.table) if brought else self.tr("Drawn once, then kept."))
        self._show_grouping(state, brought)

    def choose(self, chosen: Filter) -> None:
        """Mark the part that is looked at."""
        for line, part in zip(self._lines, PARTS, strict=True):
            line.chosen = chosen.part == part
            line.update()

    def _lay_out(self) -> None:
        inset = QVBoxLayout()
        inset.setContentsMargins(SPACE.s, 0, SPACE.s, 0)
        inset.setSpacing(SPACE.s)
        inset.addWidget(text_label(self.tr("Split"), "heading"))
        inset.addWidget(self.slider)
        beneath = QVBoxLayout()
        beneath.setContentsMargins(SPACE.s - LINK_EDGE, SPACE.xs, SPACE.s, 0)
        beneath.setSpacing(SPACE.s)
        for words in (self._asked, self._note, self._groups):
            words.setContentsMargins(LINK_EDGE, 0, 0, 0)
        for part in (self._question, self._note, self._groups, self._change):
            beneath.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE.m, 0, 0)
        column.setSpacing(0)
        column.addLayout(inset)
        column.addSpacing(SPACE.xs)
        for line in self._lines:
            column.addWidget(line)
        column.addLayout(beneath)

    def _make_question(self) -> QWidget:
        question = QWidget()
        question.setObjectName("split_question")
        self._asked = text_label(role="muted", wrap=True, name="split_question_text")
        yes = link_button(self.tr("Draw anew"), "split_draw")
        yes.clicked.connect(self._draw)
        no = link_button(self.tr("Keep"), "split_keep")
        no.setAccessibleName(self.tr("Keep the split as it is"))
        no.clicked.connect(self._keep)
        for button in (yes, no):
            button.setAutoDefault(True)  # Enter presses the one that has the focus
        row = QHBoxLayout()
        row.setSpacing(SPACE.m)
        row.addWidget(yes)
        row.addWidget(no)
        row.addStretch(1)
        column = QVBoxLayout(question)
        column.setContentsMargins(0, 0, 0, SPACE.xs)
        column.setSpacing(SPACE.xs)
        column.addWidget(self._asked)
        column.addLayout(row)
        question.hide()
        return question

    def _ask(self) -> None:
        compared = self.tr(" Scores of earlier runs can then not be compared with later ones.")
        self._asked.setText(self.tr("The split will be drawn anew.") + (compared if self._runs else ""))
        self._question.show()
        self._note.hide()

    def _end_question(self) -> None:
        self._question.hide()
        self._note.show()

    def _let_go(self) -> None:
        """Ask, and let Enter answer the person at the keyboard."""
        self._ask()
        if self.slider.hasFocus():
            draw = self._question.findChild(QWidget, "split_draw")
            assert draw is not None
            draw.setFocus(Qt.FocusReason.TabFocusReason)

    def _draw(self) -> None:
        self._end_question()
        self.change_split.emit(self.slider.shares)

    def _keep(self) -> None:
        self._end_question()
        self.slider.forget_wish()
        self._show_numbers()

    def _show_numbers(self) -> None:
        for line, part, number in zip(self._lines, PARTS, self._numbers, strict=True):
            line.show_value(part_name(part), count(number))

    def _show_shares(self, shares: Shares) -> None:
        if not self.slider.wished:
            self._end_question()
            self._show_numbers()
            return
        if self.slider.held:
            self._end_question()
        else:
            self._ask()  # at once: a key that moves a handle leaves nothing half done
        for line, part, share in zip(self._lines, PARTS, shares, strict=True):
            line.show_value(part_name(part), f"{share} %")

    def _meanings(self) -> tuple[str, ...]:
        return (
            self.tr("The model learns from these."),
            self.tr("These tell when to stop and which epoch is best."),
            self.tr("Kept aside for the final score; used for no choice."),
        )

    def _show_grouping(self, state: "State", brought: bool) -> None:
        used = next((each for each in state.groupings if each.key == state.grouping), None)
        self._groups.setVisible(bool(state.groupings) and not brought)
        self._change.setVisible(len(state.groupings) > 1 and not brought)
        if used is None or not used.groups:
            self._groups.setText(self.tr("Each image stands for itself; near-duplicates stay together."))
            return
        guess = "" if state.grouping_confirmed else self.tr(" This is a guess.")
        words = self.tr("Photos of one thing stay together: grouped by {title}.").format(title=used.title)
        self._groups.setText(words + guess)


def _as_folders_have_it(table: "ImageTable") -> str:
    """Say which parts the folders bring, and what was drawn from training because they lack it."""
    drawn, brought = table.drawn, [part for part in PARTS if part in table.brought]
    parts = [_drawn(part, drawn[part], whole=part not in brought) for part in PARTS[1:] if drawn[part]]
    if not parts:
        return _say("As your folders have it.")
    names = _listed([_name(part) for part in brought])
    words = _say("{parts} as your folders have {them}; {drawn} drawn from training.")
    them = _say("them") if len(brought) > 1 else _say("it")
    verb = _say("was") if sum(drawn.values()) == 1 else _say("were")
    return words.format(parts=names[:1].upper() + names[1:], them=them, drawn=f"{_listed(parts)} {verb}")


def _drawn(part: str, number: int, *, whole: bool) -> str:
    if number == 1:
        words = _say("the one {part} image") if whole else _say("1 {part} image")
    else:
        words = _say("the {n} {part} images") if whole else _say("{n} {part} images")
    return words.format(n=count(number), part=_name(part))


def _name(part: str) -> str:
    return {"train": _say("training"), "val": _say("validation"), "test": _say("test")}[part]


def _listed(words: list[str]) -> str:
    return _say(" and ").join(word for word in (", ".join(words[:-1]), words[-1]) if word)


def _say(text: str) -> str:
    return QCoreApplication.translate("split_card", text)
