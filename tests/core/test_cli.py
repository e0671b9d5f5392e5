"""The command line end to end, through `main()`, as a script would use it."""

import csv
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.base.config import settings
from core.cli import main
from tests.core.conftest import draw

TINY = ["--backbone", "tiny", "--device", "cpu"]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def run(images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["train", str(images), "--out", str(tmp_path / "run"), *TINY, "--epochs", "8"]) == 0
    capsys.readouterr()
    return tmp_path / "run"


def test_models_lists_what_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    listed = lines(capsys.readouterr().out)[0]
    ready = {model["key"]: model["ready"] for model in listed["models"]}
    assert ready["starter"] is True
    assert ready["resnet18"] is False
    assert "fine-tune-all" in [strategy["key"] for strategy in listed["strategies"]]


def test_check_says_what_is_in_a_folder(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (images / "rows" / "broken.jpg").write_text("<html>")
    assert main(["check", str(images), "--json"]) == 0
    said = lines(capsys.readouterr().out)[0]
    assert said["images"] == 40
    assert [(row["name"], row["train"], row["val"], row["test"]) for row in said["classes"]] == [
        ("columns", 14, 3, 3),
        ("rows", 14, 3, 3),
    ]
    assert [row["file"] for row in said["unreadable"]] == ["rows/broken.jpg"]
    assert said["split"] == {"train": 28, "val": 6, "test": 6}
    assert said["recognised"] and said["problem"] == ""
    keys = [finding["key"] for finding in said["findings"]]
    assert keys[0] == "unreadable" and keys[-1] == "ready"


def test_check_tells_people_what_is_worth_a_look_and_what_mends_it(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(5):
        shutil.copy(images / "rows" / "00.png", images / "rows" / f"copy {number}.png")
    assert main(["check", str(images)]) == 0
    said = capsys.readouterr().out
    assert "45 images in 2 classes" in said
    assert "!  5 exact copies of other images" in said
    assert "One click on the Data page: Leave out the copies." in said
    assert "     rows/copy 1.png\n     and 3 more" in said
    assert "-  Ready to train" in said


def test_check_says_what_gives_the_classes_away(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (images / "rows").iterdir():
        with Image.open(path) as image:
            image.convert("RGB").save(path.with_suffix(".jpg"))
        path.unlink()
    assert main(["check", str(images), "--json"]) == 0
    said = lines(capsys.readouterr().out)[0]
    by_format = next(guess for guess in said["shortcut"] if guess["family"] == "format")
    assert by_format["accuracy"] == 1.0 and by_format["baseline"] == 0.5
    assert "shortcut" in [finding["key"] for finding in said["findings"]]


def test_check_tells_why_nothing_can_be_learnt_after_all_that_it_found(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted((images / "rows").iterdir())[1:]:
        path.unlink()
    assert main(["check", str(images), "--json"]) == 1
    printed = capsys.readouterr()
    said = lines(printed.out)[0]
    assert said["split"] is None and said["problem"].startswith("Too few images")
    assert "Too few images: “rows” has 1." in printed.err


def test_train_says_one_event_a_line_and_the_score_last(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(images), "--out", str(tmp_path / "run"), *TINY, "--epochs", "3", "--json"]) == 0
    events = lines(capsys.readouterr().out)
    assert {"phase_started", "step", "epoch_done", "finished"} <= {event["event"] for event in events}
    end = events[-1]
    assert end["event"] == "finished"
    assert {"run", "accuracy", "macro_f1", "n_test", "seconds", "images_per_s"} <= set(end)
    assert end["n_test"] == 6


def test_train_tells_people_the_score_and_its_interval(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(images), "--out", str(tmp_path / "run"), *TINY, "--epochs", "3"]) == 0
    said = capsys.readouterr().out
    assert "of 6 images are right (95 % confidence:" in said
    assert "Always saying the commonest class would give 50.0 %" in said


def test_evaluate_scores_other_images(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, name in enumerate(("rows", "columns")):
        for seed in range(5):
            draw(tmp_path / "other" / name / f"{seed}.png", kind, 500 + seed)
    assert main(["evaluate", str(run), str(tmp_path / "other"), "--json"]) == 0
    said = lines(capsys.readouterr().out)[0]
    assert {"accuracy", "macro_f1", "interval", "per_class", "confusion", "n"} <= set(said)
    assert said["n"] == 10
    assert said["interval"][0] <= said["accuracy"] <= said["interval"][1]


def test_evaluate_passes_unlabelled_images_over(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, name in enumerate(("rows", "columns", "unlabelled")):
        draw(tmp_path / "other" / name / "1.png", kind % 2, 500 + kind)
    assert main(["evaluate", str(run), str(tmp_path / "other"), "--json"]) == 0
    assert lines(capsys.readouterr().out)[0]["n"] == 2


def test_evaluate_on_the_training_images_says_so(run: Path, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), str(images)]) == 0
    assert "34 of these images were used in training" in capsys.readouterr().err


def test_evaluate_with_an_unknown_class_is_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("rows", "discs"):
        draw(tmp_path / "other" / name / "1.png", 0, 1)
    assert main(["evaluate", str(run), str(tmp_path / "other")]) == 1
    assert "knows no class called “discs”" in capsys.readouterr().err


def test_predict_writes_a_table_and_never_replaces_one(
    run: Path, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (images / "rows" / "broken.jpg").write_text("no image")
    table = tmp_path / "said.csv"
    assert main(["predict", str(run), str(images / "rows"), "--csv", str(table)]) == 0
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 21
    assert sum(row["class"] == "rows" for row in rows) >= 16
    assert [Path(row["file"]).name for row in rows if row["problem"]] == ["broken.jpg"]
    assert main(["predict", str(run), str(images / "rows"), "--csv", str(table)]) == 1
    assert "exists already" in capsys.readouterr().err


def test_every_setting_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"--{setting.name.replace('_', '-')}" in said for setting in settings())
    assert "2147483647" in said, "the largest seed, in full"


def one_class(root: Path) -> None:
    for seed in range(4):
        draw(root / "only" / f"{seed}.png", 0, seed)


def single_image(root: Path) -> None:
    one_class(root)
    draw(root / "rare" / "1.png", 1, 1)


def no_images(root: Path) -> None:
    (root / "empty").mkdir(parents=True)


def not_there(root: Path) -> None:
    pass


@pytest.mark.parametrize("make", [one_class, single_image, no_images, not_there])
def test_folders_that_cannot_be_trained_on_give_one_clear_line(
    make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "images")
    assert main(["train", str(tmp_path / "images"), "--out", str(tmp_path / "run"), *TINY]) == 1
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert "Traceback" not in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--backbone", "resnet18"], "weights of ResNet-18 are not on this computer"),
        (["--backbone", "nonsense"], "no pretrained model called “nonsense”"),
        (["--epochs", "0"], "Epochs"),
        (["--learning-rate", "7"], "Learning rate"),
    ],
)
def test_wrong_choices_give_one_clear_line(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert main(["train", str(images), "--out", str(tmp_path / "run"), *options]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [["train"], ["nonsense"], ["train", "x", "--out", "y", "--device", "toaster"]])
def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    assert main(words) == 2


def test_a_run_that_is_no_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(tmp_path), str(tmp_path / "x.png")]) == 1
    assert "holds no run" in capsys.readouterr().err


def test_an_interrupt_keeps_what_was_reached(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import terminal

    def interrupt_at_epoch_five(content: dict[str, Any]) -> None:
        if content.get("epoch") == 5 and content["event"] == "epoch_done":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(terminal, "as_json", interrupt_at_epoch_five)
    assert main(["train", str(images), "--out", str(tmp_path / "run"), *TINY, "--epochs", "500", "--json"]) == 130
    assert (tmp_path / "run" / "best.safetensors").exists()
    assert (tmp_path / "run" / "evaluation.json").exists()


def test_a_name_that_is_too_long_and_a_run_among_the_images_are_told(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(images), "--out", str(tmp_path / ("x" * 300)), *TINY]) == 1
    assert "too long" in capsys.readouterr().err
    assert main(["train", str(images), "--out", str(images / "run"), *TINY]) == 1
    assert "lies among the images" in capsys.readouterr().err
