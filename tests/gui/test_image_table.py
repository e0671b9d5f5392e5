"""The columns in which 100,000 images are counted and filtered: they say what the images say."""

from pathlib import Path

import pytest

from core.base.folders import Folders
from core.data.dataset import Dataset, LabelledImage
from core.data.findings.checks import Finding
from core.data.folder.changes import Changes
from core.data.folder.listing import FoundImage, Scan
from gui_app.filters import Filter, matching
from gui_app.image_table import UNLABELLED, image_table
from gui_app.state import State

IMAGES = (
    FoundImage("ants/0.png", "ants", "train", 1),
    FoundImage("ants/1.png", "ants", "train", 1, left_out=True),
    FoundImage("ants/2.png", "ants", "train", 1, problem="it is cut"),
    FoundImage("bees/0.png", "bees", "train", 1),
    FoundImage("new/0.png", UNLABELLED, None, 1),
    FoundImage("new/1.png", UNLABELLED, None, 1, left_out=True),
)
SCAN = Scan(Path("insects"), "parts", ("ants", "bees"), IMAGES)
DATASET = Dataset(
    SCAN.root, SCAN.classes, (LabelledImage("ants/0.png", 0, "test", ""), LabelledImage("bees/0.png", 1, "train", ""))
)
FINDING = Finding("cut", "bad", 1, "is cut", "", ("ants/2.png", "gone.png"))


def test_only_what_can_be_learned_from_is_counted() -> None:
    numbers = image_table(SCAN).numbers
    assert numbers.classes == {"ants": 1, "bees": 1, UNLABELLED: 1}
    assert (numbers.unlabelled, numbers.left_out) == (1, 2)


def test_what_was_drawn_is_counted_unless_a_person_moved_it() -> None:
    drawn = image_table(SCAN, DATASET)
    assert (drawn.drawn["test"], drawn.drawn["train"], drawn.brought) == (1, 0, frozenset({"train"}))
    moved = image_table(SCAN, DATASET, corrections={("ants/0.png", "part"): "test"})
    assert moved.drawn["test"] == 0


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        (Filter(), [0, 1, 3, 4, 5]),
        (Filter(class_name="ants"), [0, 1]),
        (Filter(class_name=UNLABELLED), [4]),
        (Filter(left_out=True), [1, 5]),
        (Filter(part="test"), [0]),
        (Filter(class_name="bees", part="test"), []),
        (Filter(finding="cut"), [2]),
        (Filter(finding="other"), []),
        (Filter(added=True), [3]),
        (Filter(class_name="bees", added=True), [3]),
    ],
)
def test_conditions_hold_together(chosen: Filter, shown: list[int], graft_home: Path) -> None:
    table = image_table(SCAN, DATASET, (FINDING,))
    changes = Changes(added=("bees/0.png", "gone.png"))
    state = State(Folders.of_user(), scan=SCAN, table=table, dataset=DATASET, changes=changes)
    assert matching(chosen, state) == shown
