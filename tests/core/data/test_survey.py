"""What follows from the images and from what was decided about them, put together."""

from dataclasses import replace

from core.data.decisions import Decisions
from core.data.folder.listing import FoundImage
from core.data.survey import Known, Survey, survey
from tests.core.data.conftest import as_scan, found


def many(name: str, n: int) -> list[FoundImage]:
    return [found(f"{number:03d}", name) for number in range(n)]


def parts(made: Survey) -> dict[str, str]:
    return {image.path: image.part for image in made.dataset.images} if made.dataset else {}


def keys(made: Survey) -> set[str]:
    return {finding.key for finding in made.findings}


def test_a_guess_that_nobody_made_is_not_kept_as_a_decision() -> None:
    plain = as_scan(*many("ants", 20), *many("bees", 20))
    first = survey(plain, ())
    assert (first.grouping, first.decisions.grouping) == ("none", "")
    grouped = [replace(image, group=f"patient {number // 2}") for number, image in enumerate(plain.images)]
    again = survey(as_scan(*grouped), (), Known(decisions=first.decisions))
    assert (again.grouping, again.decisions.grouping) == ("given", "given")


def test_a_guess_is_kept_once_it_was_used_though_it_convinces_no_more() -> None:
    patients = [found(f"p{number // 3}_{number}", name) for name in ("ants", "bees") for number in range(30)]
    first = survey(as_scan(*patients), ())
    assert first.grouping == "name: the name before the first “_”"
    more = as_scan(*patients, *(found(f"wasp{number}", "wasps") for number in range(4)))
    again = survey(more, (), Known(decisions=first.decisions))
    assert again.grouping == first.grouping
    sides: dict[str, set[str]] = {}
    for path, part in parts(again).items():
        sides.setdefault(path.split("_")[0], set()).add(part)
    assert all(len(each) == 1 for name, each in sides.items() if "wasp" not in name)


def test_a_move_is_used_and_what_was_drawn_is_remembered() -> None:
    scan = as_scan(*many("ants", 20), *many("bees", 20))
    path = next(path for path, part in parts(survey(scan, ())).items() if part == "train")
    made = survey(scan, (), Known({(path, "part"): "test"}))
    assert parts(made)[path] == "test"
    assert made.drawn == replace(survey(scan, ()).drawn, notes=())  # type: ignore[type-var]


def test_groups_of_a_table_on_two_sides_are_told() -> None:
    images = [replace(image, group=f"{image.class_name} {number % 2}") for number, image in enumerate(many("ants", 20))]
    images += [
        replace(image, group=f"{image.class_name} {number % 2}") for number, image in enumerate(many("bees", 20))
    ]
    made = survey(as_scan(*images, layout="table"), ())
    finding = next(each for each in made.findings if each.key == "group-across")
    assert (finding.severity, finding.count) == ("warn", 4)
    assert "group-across" not in keys(survey(as_scan(*many("ants", 20), *many("bees", 20)), ()))


def test_an_image_between_two_sides_is_told_and_noted() -> None:
    scan = as_scan(*many("ants", 20), *many("bees", 20))
    sides = parts(survey(scan, ()))
    train = next(path for path, part in sides.items() if part == "train" and path.startswith("ants"))
    test = next(path for path, part in sides.items() if part == "test" and path.startswith("ants"))
    new = found("new", "ants")
    made = survey(as_scan(*scan.images, new), ((train, test, new.path),), Known(parts=sides))  # type: ignore[arg-type]
    finding = next(each for each in made.findings if each.key == "between")
    assert finding.images == (new.path,)
    assert made.dataset is not None and new.path in made.dataset.notes[0]


def test_what_cannot_be_read_is_noted() -> None:
    broken = found("broken", "ants", "", problem="the file is empty")
    made = survey(as_scan(*many("ants", 20), *many("bees", 20), broken), ())
    assert made.dataset is not None
    assert made.dataset.notes == ("1 image cannot be read. “ants/broken”: the file is empty.",)


def test_a_confirmed_choice_stays() -> None:
    patients = [found(f"p{number // 3}_{number}", name) for name in ("ants", "bees") for number in range(30)]
    made = survey(as_scan(*patients), (), Known(decisions=Decisions(grouping="none", confirmed=True)))
    assert made.grouping == "none"
