"""The shortcut alarm: what was planted is found and named, and where nothing was planted nothing is said."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.data.facts import Facts
from core.data.findings.checks import Finding, findings
from core.data.folder.scan import FoundImage, Scan
from core.data.shortcut import NATURAL, measure_shortcut
from tests.core.data.conftest import as_scan, found

Plant = Callable[[FoundImage, Facts], FoundImage]
SIZES = ((500, 375), (375, 500), (640, 480), (500, 333))
CAMERAS = ("", "Canon EOS 550D", "Nikon E990")


def photo(rng: np.random.Generator, name: str, class_name: str) -> FoundImage:
    """Return an image as different people take them: nothing about it has to do with its class."""
    colour = np.clip(rng.uniform(0.3, 0.7) + rng.normal(0, 0.06, 3), 0, 1)
    border = np.clip(colour + rng.normal(0, 0.08, 3), 0, 1)
    light = float(colour.mean())
    width, height = SIZES[rng.integers(len(SIZES))]
    facts = Facts(
        format="PNG" if rng.random() < 0.1 else "JPEG",
        mode="RGB",
        dark=light + 0.3,
        bright=light - 0.3,
        colour=(float(colour[0]), float(colour[1]), float(colour[2])),
        border=(float(border[0]), float(border[1]), float(border[2])),
        camera=CAMERAS[rng.integers(len(CAMERAS))],
        captured=f"2020-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}T{rng.integers(8, 18):02d}:30:00",
    )
    image = found(name, class_name, f"{rng.integers(1 << 60):x}", facts=facts)
    return replace(image, width_px=width, height_px=height)


def folder(seed: int, count: int, n_classes: int = 2, plant: Plant | None = None) -> Scan:
    """Return a scan; `plant` changes nine of ten images of the first class."""
    rng = np.random.default_rng(seed)
    images = [photo(rng, f"{index}.jpg", f"class {k}") for k in range(n_classes) for index in range(count)]
    if plant:
        images[:count] = [planted(plant, image) if rng.random() < 0.9 else image for image in images[:count]]
    return as_scan(*images)


def planted(plant: Plant, image: FoundImage) -> FoundImage:
    assert image.facts is not None
    return plant(image, image.facts)


def into(**changes: object) -> Plant:
    return lambda image, facts: replace(image, facts=replace(facts, **changes))  # type: ignore[arg-type]


def lit(image: FoundImage, facts: Facts, change: tuple[float, float, float]) -> FoundImage:
    """Return the image under another light."""
    (r, g, b), (x, y, z), (red, green, blue) = facts.colour, facts.border, change
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    lighter = replace(facts, colour=(r + red, g + green, b + blue), border=(x + red, y + green, z + blue))
    return replace(image, facts=replace(lighter, dark=facts.dark + light, bright=facts.bright + light))


PLANTS: dict[str, Plant] = {
    "size": lambda image, facts: replace(image, width_px=800, height_px=600),
    "format": into(format="PNG"),
    "camera": into(camera="Leica M8"),
    "captured": into(captured="2021-06-14T12:00:00"),
    "border": into(border=(0.0, 0.0, 0.0)),
    "brightness": lambda image, facts: lit(image, facts, (0.3, 0.3, 0.3)),
    "colour": lambda image, facts: lit(image, facts, (0.3, -0.15, 0.0)),
}
WORDS = {
    "size": "The image size alone",
    "format": "The file format alone",
    "camera": "The camera named in the file alone",
    "captured": "The date of the photo alone",
    "border": "The border alone",
    "brightness": "The brightness alone",
    "colour": "The mean colour alone",
}


def alarm(scan: Scan, near: tuple[tuple[str, ...], ...] = ()) -> dict[str, Finding]:
    shortcut = measure_shortcut(scan, near=near)
    told = findings(scan, None, near=near, shortcut=shortcut)
    return {finding.key: finding for finding in told if finding.key.startswith("shortcut")}


@pytest.mark.parametrize("family", PLANTS)
@pytest.mark.parametrize("n_classes", [2, 5])
def test_what_was_planted_is_found_and_named(family: str, n_classes: int) -> None:
    told = alarm(folder(0, 60, n_classes, PLANTS[family]))
    key = "shortcut-light" if family in NATURAL else "shortcut"
    assert told[key].title.startswith(WORDS[family])
    assert "“class 0” from" in told[key].title
    assert len(told[key].images) > 40


@pytest.mark.parametrize(("count", "n_classes"), [(12, 2), (20, 4)])
def test_without_a_shortcut_nothing_is_said_in_19_of_20_folders(count: int, n_classes: int) -> None:
    assert sum(bool(alarm(folder(seed, count, n_classes))) for seed in range(20)) <= 1


def test_the_words_for_a_strong_shortcut() -> None:
    scan = folder(0, 100)
    images = [
        replace(i, facts=replace(i.facts, format="PNG" if i.class_name == "class 0" else "JPEG"))
        for i in scan.images
        if i.facts
    ]
    finding = alarm(replace(scan, images=tuple(images)))["shortcut"]
    assert (finding.severity, finding.count) == ("bad", 0)
    assert finding.title == "The file format alone tells “class 0” from “class 1” in 100 % of cases"
    assert finding.advice.startswith(
        "“class 0”: 100 % PNG RGB; “class 1”: 0 % PNG RGB. Blind guessing would reach 50 %;"
    )
    assert "measured on 200 images, each class counting alike" in finding.advice


def test_brightness_and_colour_are_told_mildly() -> None:
    told = alarm(folder(0, 60, plant=PLANTS["brightness"]))
    assert set(told) == {"shortcut-light"}
    assert (
        told["shortcut-light"].severity == "info"
        and "Fine if that belongs to the class" in told["shortcut-light"].advice
    )


def test_a_border_that_only_follows_the_picture_is_not_blamed() -> None:
    measured = measure_shortcut(folder(0, 60, plant=PLANTS["brightness"]))
    assert measured is not None and "border" not in {guess.family for guess in measured.guesses}


def test_the_interval_holds_the_accuracy_and_the_baseline_is_chance() -> None:
    measured = measure_shortcut(folder(0, 60, 4, PLANTS["size"]))
    assert measured is not None and (measured.n, len(measured.classes)) == (240, 4)
    for guess in measured.guesses:
        assert 0 <= guess.low <= guess.accuracy <= guess.high <= 1
        assert guess.baseline == (0.5 if guess.class_name else 0.25)


def test_near_duplicates_are_one_image_to_the_measure() -> None:
    images, near = [], []
    for k in range(2):
        for index in range(10):
            image = photo(np.random.default_rng(100 * k + index), f"{index}.jpg", f"class {k}")
            copies = [
                replace(
                    planted(into(camera=f"camera {k} {index}"), image),
                    path=f"{k}/{index}/{copy}",
                    sha256=f"{k}{index}{copy}",
                )
                for copy in range(8)
            ]
            images.extend(copies)
            near.append(tuple(copy.path for copy in copies))
    scan = as_scan(*images)
    assert "shortcut" in alarm(scan)
    assert alarm(scan, tuple(near)) == {}


def test_a_class_that_is_one_picture_over_and_over_is_left_aside() -> None:
    scan = folder(0, 30, 3)
    near = [tuple(image.path for image in scan.images if image.class_name == "class 0")]
    measured = measure_shortcut(scan, near=near)
    assert measured is not None and (measured.classes, measured.n) == (("class 1", "class 2"), 60)
    assert measure_shortcut(folder(0, 30), near=[[image.path for image in folder(0, 30).images]]) is None


def test_images_of_one_group_are_one_image_to_the_measure() -> None:
    """Six patients a class, each with a size of their own: no new patient could be told by size."""
    images = [
        replace(
            photo(np.random.default_rng(1000 * k + 10 * patient + index), f"{patient} {index}.jpg", f"class {k}"),
            width_px=300 + 40 * patient + 20 * k,
            group=f"patient {k} {patient}",
        )
        for k in range(2)
        for patient in range(6)
        for index in range(8)
    ]
    assert "shortcut" in alarm(as_scan(*(replace(image, group="") for image in images)))
    assert "shortcut" not in alarm(as_scan(*images))


def test_the_same_scan_gives_the_same_answer_in_any_order() -> None:
    scan = folder(3, 30, 3, PLANTS["camera"])
    turned = replace(scan, images=scan.images[::-1])
    assert measure_shortcut(scan) == measure_shortcut(scan) == measure_shortcut(turned)


def test_too_few_images_say_nothing() -> None:
    assert measure_shortcut(folder(0, 9, plant=PLANTS["size"])) is None


def test_images_that_were_not_measured_are_passed_over() -> None:
    scan = folder(0, 30)
    assert measure_shortcut(replace(scan, images=tuple(replace(image, facts=None) for image in scan.images))) is None


def test_left_out_and_unlabelled_images_do_not_count() -> None:
    scan = folder(0, 30)
    images = (replace(scan.images[0], left_out=True), replace(scan.images[1], class_name=""), *scan.images[2:])
    measured = measure_shortcut(replace(scan, images=images))
    assert measured is not None and measured.n == 58


def test_a_stop_ends_the_measure() -> None:
    assert measure_shortcut(folder(0, 30), stop=lambda: True) is None


def test_of_a_large_folder_a_part_is_looked_at() -> None:
    measured = measure_shortcut(folder(0, 2000))
    assert measured is not None and measured.n == 3000
