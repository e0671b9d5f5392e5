"""What is said of the pictures themselves: what stands out from its own folder is named, and nothing else."""

import numpy as np
import pytest

from core.data.facts import Facts
from core.data.findings.checks import Finding, findings
from core.data.folder.scan import FoundImage
from tests.core.data.conftest import as_scan, found

USUAL = {"dark": 0.9, "bright": 0.1, "sharpness": 0.6, "entropy": 7.0}


def photos(count: int, **facts: object) -> list[FoundImage]:
    """Return images whose measures differ a little, as those of photos do, around what is usual."""
    rng = np.random.default_rng(0)
    images = []
    for index in range(count):
        usual = {name: value + rng.normal(0, 0.03) for name, value in USUAL.items()}
        images.append(odd(f"{index:03d}.jpg", **{**usual, **facts}))
    return images


def odd(name: str, **facts: object) -> FoundImage:
    return found(name, "ants", facts=Facts(**{"format": "JPEG", **USUAL, **facts}))  # type: ignore[arg-type]


def told(*images: FoundImage) -> dict[str, Finding]:
    return {finding.key: finding for finding in findings(as_scan(*images), None)}


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("dark", {"dark": 0.2}),
        ("bright", {"bright": 0.97}),
        ("blurred", {"sharpness": 0.2}),
        ("nearly-empty", {"entropy": 1.2}),
        ("odd-one-out", {"format": "GIF"}),
    ],
)
def test_what_stands_out_is_named_alone_and_can_be_left_out(key: str, facts: dict[str, object]) -> None:
    finding = told(*photos(120), odd("odd.jpg", **facts))[key]
    assert (finding.count, finding.images) == (1, ("ants/odd.jpg",))
    assert finding.remedy_title == "Leave it out" and [word.path for word in finding.remedy] == ["ants/odd.jpg"]
    assert "Look at it" in finding.advice


def test_of_photos_nothing_is_said() -> None:
    assert told(*photos(120)) == {}


@pytest.mark.parametrize("facts", [{"dark": 0.2}, {"bright": 0.97}, {"sharpness": 0.2}, {"entropy": 1.2}])
def test_what_a_folder_is_as_a_whole_is_no_finding(facts: dict[str, object]) -> None:
    assert told(*photos(120, **facts)) == {}


def test_an_empty_picture_is_not_called_bright_and_blurred_as_well() -> None:
    assert set(told(*photos(120), odd("odd.jpg", entropy=0.5, bright=0.99, sharpness=0.1))) == {"nearly-empty"}


def test_a_placeholder_of_another_format_is_told_with_its_format() -> None:
    finding = told(*photos(120), odd("imageNotFound.gif", format="GIF"))["odd-one-out"]
    assert finding.advice.startswith("“ants/imageNotFound.gif” is a GIF file. Did it come from elsewhere?")


def test_a_format_that_is_no_rarity_is_no_finding() -> None:
    assert told(*photos(120), *(odd(f"o{index}.gif", format="GIF") for index in range(3))) == {}


def test_an_image_without_the_camera_that_all_others_name() -> None:
    images = photos(120, camera="Nikon E990")
    assert told(*images, odd("web.jpg"))["odd-one-out"].images == ("ants/web.jpg",)
    assert "odd-one-out" not in told(*images, *(odd(f"{index}.jpg") for index in range(10)))


def sized(name: str, width: int, height: int) -> FoundImage:
    image = found(name, "ants")
    return FoundImage(image.path, "ants", None, 1, image.sha256, width, height)


def test_images_of_unusual_size_and_shape() -> None:
    usual = [sized(f"{index:03d}.jpg", 500 + index % 7, 375 + index % 5) for index in range(60)]
    finding = told(*usual, sized("icon.jpg", 64, 48), sized("wide.jpg", 900, 200))["odd-size"]
    assert finding.images == ("ants/icon.jpg", "ants/wide.jpg")
    assert "About 50" in finding.advice
    assert "odd-size" not in told(*usual, sized("a.jpg", 640, 480))


def test_sizes_that_differ_by_nature_are_no_finding() -> None:
    rng = np.random.default_rng(0)
    sides = rng.uniform(200, 900, (80, 2)).astype(int)
    assert told(*(sized(f"{index}.jpg", int(w), int(h)) for index, (w, h) in enumerate(sides))) == {}


def test_an_image_that_was_scaled_from_other_values() -> None:
    usual = photos(30, low=0.0, high=4095.0)
    finding = told(*usual, odd("odd.tif", low=0.0, high=65535.0))["value-range"]
    assert (finding.severity, finding.count, finding.images) == ("info", 1, ("ants/odd.tif",))
    assert "most from about 0 to 4095" in finding.advice
    assert told(*usual, odd("near.tif", low=10.0, high=4000.0)) == {}


def test_images_that_were_left_out_are_not_judged() -> None:
    out = found("odd.jpg", "ants", left_out=True, facts=Facts(entropy=1.0, format="GIF"))
    assert set(told(*photos(120), out)) == {"left-out"}
