"""Whole runs on small real images, through the same call that the window and the command line make."""

import shutil
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.base.errors import UserError
from core.base.events import EpochDone, Event, Finished, PhaseStarted, Progress, Step, Warned
from core.base.folders import Folders
from core.data.store.pixels import PixelStore
from core.models.backbones import BACKBONES, Backbone
from core.models.features import FeatureStore
from core.models.network import Network, build
from core.models.tensor_files import load_tensors
from core.models.weights import WeightStore
from core.results.predict import Predictor
from core.results.runs import list_runs, load_run, new_run_folder
from core.results.session import train
from core.train import activations
from core.train.costs import chosen, costs, needs_measuring
from core.train.strategies import STRATEGIES
from tests.core.conftest import CPU, draw, planned


def of(kind: type, events: Sequence[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("strategy", STRATEGIES.keys())
def test_every_strategy_learns_and_is_scored(images: Path, tmp_path: Path, folders: Folders, strategy: str) -> None:
    plan = planned(images, strategy=strategy, epochs=40, learning_rate=0.01)
    events = list(train(plan, tmp_path / "run", folders))
    end = events[-1]
    assert isinstance(end, Finished)
    assert len(of(Finished, events)) == 1
    assert len(of(PhaseStarted, events)) == len(plan.phases)
    assert of(Step, events)
    assert of(Progress, events)
    assert end.n_test == len(plan.dataset.part("test"))
    assert end.accuracy is not None
    assert end.accuracy >= 0.8, "two kinds of stripes are easy"


def test_the_best_epoch_is_what_is_kept(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=4, flips="training")
    events = list(train(plan, tmp_path / "run", folders))
    epochs = [event for event in events if isinstance(event, EpochDone)]
    best = [event for event in epochs if event.is_best][-1]
    assert min(epochs, key=lambda event: event.val_loss).is_best
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.best_epoch == best.epoch
    predictor = Predictor.load(tmp_path / "run", CPU)
    val = plan.dataset.part("val")
    said = list(predictor.predict([images / image.path for image in val]))
    losses = [-np.log(row.probabilities[image.label]) for image, row in zip(val, said, strict=True)]
    assert abs(np.mean(losses) - best.val_loss) < 1e-3


def test_the_same_seed_gives_the_same_run_bit_for_bit(images: Path, tmp_path: Path, folders: Folders) -> None:
    """Once a computer has chosen a precision: of two that are as fast it may choose either."""
    runs = []
    for name in ("first", "second"):
        plan = planned(images, strategy="fine-tune-all", epochs=3, seed=5)
        steps = [event for event in train(plan, tmp_path / name, folders) if isinstance(event, Step)]
        runs.append((steps, load_tensors(tmp_path / name / "best.safetensors")))
        for kept in (folders.features, folders.pixels):
            shutil.rmtree(kept)
    (steps, tensors), (again, tensors_again) = runs
    assert steps == again
    assert all(torch.equal(tensors[name], tensors_again[name]) for name in tensors)


def test_the_network_is_made_once_and_before_anything_is_drawn(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def noted(backbone: Backbone, n_classes: int, weights: object, seed: int, size_px: int) -> Network:
        made.append(seed)
        return build(backbone, n_classes, None, seed, size_px)

    monkeypatch.setattr("core.train.run.build", noted)
    monkeypatch.setattr("core.train.costs.build", lambda *_: pytest.fail("made again to be measured"))
    state = torch.random.get_rng_state()
    list(train(planned(images, strategy="fine-tune-all", epochs=2, seed=7), tmp_path / "run", folders))
    assert made == [7]
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_second_run_computes_no_feature_again(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, epochs=2)
    first = list(train(plan, tmp_path / "1", folders))
    for image in images.rglob("*.png"):
        image.write_bytes(b"no longer an image")
    second = list(train(plan, tmp_path / "2", folders))
    assert not of(Warned, second)
    assert [event for event in first if isinstance(event, Step)] == [
        event for event in second if isinstance(event, Step)
    ]


def test_stopping_keeps_and_scores_the_best_so_far(images: Path, tmp_path: Path, folders: Folders) -> None:
    seen: list[Event] = []
    plan = planned(images, strategy="fine-tune-all", epochs=50)
    for event in train(plan, tmp_path / "run", folders, stop=lambda: len(of(EpochDone, seen)) >= 12):
        seen.append(event)
    end = seen[-1]
    assert isinstance(end, Finished)
    assert end.ending == "stopped"
    assert end.epochs < 50
    assert end.accuracy is not None
    assert Predictor.load(tmp_path / "run", CPU).classes == ("columns", "rows")


def test_a_run_that_is_left_while_it_is_scored_has_ended_without_a_score(
    images: Path, tmp_path: Path, folders: Folders
) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=1)
    (images / plan.dataset.part("test")[0].path).write_bytes(b"torn")
    events = train(plan, tmp_path / "run", folders)
    assert any(isinstance(event, Warned) and event.message.startswith("Not scored") for event in events)
    assert isinstance(events, Generator)
    events.close()
    finished = load_run(tmp_path / "run").finished
    assert finished is not None
    assert (finished.best_epoch, finished.accuracy) == (1, None)


def test_stopping_before_the_first_epoch_leaves_no_model(images: Path, tmp_path: Path, folders: Folders) -> None:
    events = list(train(planned(images), tmp_path / "run", folders, stop=lambda: True))
    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.ending, end.best_epoch, end.accuracy) == ("stopped", 0, None)
    with pytest.raises(UserError, match="ended before its first epoch"):
        Predictor.load(tmp_path / "run", CPU)


@pytest.mark.parametrize("strategy", ["feature-extraction", "fine-tune-all"])
def test_a_file_that_breaks_is_named_and_left_out(
    images: Path, tmp_path: Path, folders: Folders, strategy: str
) -> None:
    plan = planned(images, strategy=strategy, epochs=2)
    broken = plan.dataset.part("train")[0].path
    (images / broken).write_bytes(b"not an image")
    events = list(train(plan, tmp_path / "run", folders))
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert len(warned) == 1
    assert Path(broken).name in warned[0]
    assert isinstance(events[-1], Finished)


def test_images_that_vanish_end_the_run_with_one_clear_message(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images)
    shutil.rmtree(images)
    with pytest.raises(UserError, match="is no longer there"):
        list(train(plan, tmp_path / "run", folders))


def test_a_rate_that_is_far_too_high_is_told(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, strategy="from-scratch", epochs=3)
    wild = replace(plan, phases=tuple(replace(phase, rate=1e30) for phase in plan.phases))
    with pytest.raises(UserError, match="lower learning rate"):
        list(train(wild, tmp_path / "run", folders))


def test_nothing_is_replaced(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, epochs=1)
    list(train(plan, tmp_path / "run", folders))
    with pytest.raises(UserError, match="is not empty"):
        list(train(plan, tmp_path / "run", folders))


def test_a_record_says_what_happened(images: Path, tmp_path: Path, folders: Folders) -> None:
    runs = tmp_path / "runs"
    folder = new_run_folder(runs)
    plan = planned(images, epochs=3)
    events = list(train(plan, folder, folders))
    record = load_run(folder)
    measured = costs(plan, folders) if needs_measuring(plan) else None
    assert replace(record.plan, weights=plan.weights) == chosen(plan, measured)
    assert record.events == tuple(event for event in events if not isinstance(event, Progress))
    assert record.evaluation
    assert record.finished == events[-1]
    assert [(run.number, run.accuracy) for run in list_runs(runs)] == [(1, record.evaluation.accuracy)]
    assert new_run_folder(runs).name == "0002"


def test_a_run_that_was_cut_off_is_listed_and_readable(images: Path, tmp_path: Path, folders: Folders) -> None:
    folder = new_run_folder(tmp_path / "runs")
    list(train(planned(images, epochs=3), folder, folders))
    file = folder / "metrics.jsonl"
    file.write_bytes(file.read_bytes()[:-40])
    assert [run.ending for run in list_runs(tmp_path / "runs")] == [None]
    assert load_run(folder).finished is None


def test_a_changed_model_file_is_refused(images: Path, tmp_path: Path, folders: Folders) -> None:
    list(train(planned(images, epochs=1), tmp_path / "run", folders))
    file = tmp_path / "run" / "best.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(UserError, match="was changed after it was written"):
        Predictor.load(tmp_path / "run", CPU)


def test_predictions_agree_between_files_and_pictures(images: Path, tmp_path: Path, folders: Folders) -> None:
    list(train(planned(images, epochs=2), tmp_path / "run", folders))
    predictor = Predictor.load(tmp_path / "run", CPU)
    draw(tmp_path / "new.png", 0, 99)
    bad = tmp_path / "bad.png"
    bad.write_text("no image")
    good, problem = predictor.predict([tmp_path / "new.png", bad])
    with Image.open(tmp_path / "new.png") as picture:
        assert predictor.predict_image(picture.convert("RGB")) == pytest.approx(good.probabilities)
    assert sum(good.probabilities) == pytest.approx(1)
    assert problem.probabilities == ()
    assert "bad.png" in problem.problem


def test_a_file_that_changed_since_the_scan_is_left_out(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, epochs=1)
    changed = plan.dataset.part("train")[0].path
    draw(images / changed, 2, 1)
    events = list(train(plan, tmp_path / "run", folders))
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert len(warned) == 1
    assert "has changed since the images were read" in warned[0]


def test_a_cache_that_cannot_be_written_is_told_once_in_all(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activations, "MEMORY_SHARE", 0.0)
    for place in (folders.features, folders.pixels, folders.activations):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("in the way")
    plan = planned(images, strategy="fine-tune-last", epochs=2, last_blocks=1, augmentation="none")
    (warning,) = _warnings(list(train(plan, tmp_path / "run", folders)))
    assert warning.message.startswith("Features cannot be kept")


def test_two_limits_are_two_warnings(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FeatureStore.__init__, "__defaults__", (0,))
    monkeypatch.setattr(PixelStore.__init__, "__defaults__", (0,))
    plan = planned(images, strategy="fine-tune-all", epochs=2)
    features, pixels = _warnings(list(train(plan, tmp_path / "run", folders)))
    assert features.message.startswith("The stored features have reached")
    assert pixels.message.startswith("The decoded images that are kept have reached")


def test_a_pause_is_not_counted_as_work(images: Path, tmp_path: Path, folders: Folders) -> None:
    paused: list[float] = []

    def stop() -> bool:
        if not paused:
            begun = time.monotonic()
            while time.monotonic() - begun < 1.0:
                pass
            paused.append(1.0)
        return False

    begun = time.monotonic()
    end = list(train(planned(images, epochs=2), tmp_path / "run", folders, stop))[-1]
    assert isinstance(end, Finished)
    assert paused
    assert end.seconds < time.monotonic() - begun - 0.9


def test_a_run_remembers_its_weights_and_network(images: Path, tmp_path: Path, folders: Folders) -> None:
    list(train(planned(images, epochs=1), tmp_path / "run", folders))
    plan = load_run(tmp_path / "run").plan
    assert plan.weights == WeightStore(folders.weights).digest(BACKBONES["tiny"])
    assert (plan.network.architecture, plan.network.mean) == ("tiny", (0.5, 0.5, 0.5))


def test_a_full_disk_is_told(images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, tensors: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.train.run.save_tensors", full)
    with pytest.raises(UserError, match="No space left on device"):
        list(train(planned(images, epochs=1), tmp_path / "run", folders))


def test_networks_that_refuse_plain_dictionaries_can_be_trained(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, backbone="mnasnet0_5", strategy="from-scratch", epochs=1, image_size=32)
    assert isinstance(list(train(plan, tmp_path / "run", folders))[-1], Finished)
    assert Predictor.load(tmp_path / "run", CPU).classes == ("columns", "rows")


def test_images_that_vanish_before_the_score_leave_a_run_that_ended(
    images: Path, tmp_path: Path, folders: Folders
) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=2)
    seen: list[Event] = []

    def until_they_vanish() -> None:
        for event in train(plan, tmp_path / "runs" / "0001", folders):
            seen.append(event)
            if len(of(EpochDone, seen)) == 2 and images.exists():
                images.rename(tmp_path / "elsewhere")

    with pytest.raises(UserError, match=r"images” is no longer there") as told:
        until_they_vanish()
    assert "drive" in told.value.hint
    assert [(run.ending, run.accuracy) for run in list_runs(tmp_path / "runs")] == [("completed", None)]
    assert Predictor.load(tmp_path / "runs" / "0001", CPU).classes == ("columns", "rows")


def test_a_run_that_is_left_in_its_cross_validation_is_whole(images: Path, tmp_path: Path, folders: Folders) -> None:
    events = train(planned(images, epochs=2, folds=3), tmp_path / "run", folders)
    assert isinstance(events, Generator)
    for event in events:
        if isinstance(event, Progress) and event.stage.startswith("cross-validation"):
            break
    events.close()
    record = load_run(tmp_path / "run")
    assert record.finished
    assert record.finished.accuracy is not None
    assert record.cross_validation is None


def test_a_cross_validation_that_is_stopped_says_so(images: Path, tmp_path: Path, folders: Folders) -> None:
    told: list[Event] = []

    def stop() -> bool:
        return any(isinstance(event, Progress) and event.stage.startswith("cross-validation") for event in told)

    for event in train(planned(images, epochs=2, folds=3), tmp_path / "run", folders, stop):
        told.append(event)
    assert isinstance(told[-1], Finished)
    assert any("Cross-validation was stopped" in warning.message for warning in _warnings(told))
    assert _warnings(load_run(tmp_path / "run").events) == _warnings(told)


def test_what_could_not_be_scored_is_in_the_record(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, strategy="from-scratch", epochs=1)
    (images / plan.dataset.part("test")[0].path).unlink()
    told = list(train(plan, tmp_path / "run", folders))
    assert any(warning.message.startswith("Not scored") for warning in _warnings(told))
    assert _warnings(load_run(tmp_path / "run").events) == _warnings(told)


def _warnings(events: Sequence[Event]) -> list[Warned]:
    return [event for event in events if isinstance(event, Warned)]


def test_one_image_alone_is_not_learned_from(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, strategy="from-scratch", epochs=1, find_rate="on")
    for image in plan.dataset.part("train")[1:]:
        (images / image.path).unlink()
    with pytest.raises(UserError, match="Only one of the training images could be read"):
        list(train(plan, tmp_path / "run", folders))


def test_memory_that_is_too_small_for_measuring_is_told(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*arguments: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr("core.results.session.costs", too_much)
    with pytest.raises(UserError, match="memory of processor is too small"):
        list(train(planned(images, strategy="fine-tune-all"), tmp_path / "run", folders))
    assert not (tmp_path / "run").exists()


def test_an_image_without_features_sends_no_other_through_the_network(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(images, epochs=1)
    (images / plan.dataset.part("test")[0].path).unlink()
    monkeypatch.setattr(
        Predictor, "_probabilities", lambda self, network, squares: [] if not squares else pytest.fail("computed")
    )
    list(train(plan, tmp_path / "run", folders))
    record = load_run(tmp_path / "run")
    assert record.evaluation
    assert record.evaluation.n == len(plan.dataset.part("test")) - 1


@pytest.mark.parametrize("strategy", ["feature-extraction", "fine-tune-last", "fine-tune-all"])
def test_no_more_images_are_computed_at_once_than_a_person_chose(
    images: Path, tmp_path: Path, folders: Folders, strategy: str
) -> None:
    seen: list[int] = []

    def note(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if isinstance(module, torch.nn.Conv2d):
            seen.append(len(inputs[0]))

    plan = planned(images, strategy=strategy, epochs=2, batch_size=3, flips="always")
    with torch.nn.modules.module.register_module_forward_pre_hook(note):
        list(train(plan, tmp_path / "run", folders))
        list(Predictor.load(tmp_path / "run", CPU).predict(sorted(images.rglob("*.png"))))
    assert max(seen) == 3
    assert planned(images, batch_size=4096).evaluation_batch == planned(images).evaluation_batch == 32


@pytest.mark.parametrize("strategy", ["feature-extraction", "fine-tune-all"])
def test_a_cache_folder_that_cannot_be_used_is_said_once_with_what_to_do(
    images: Path, tmp_path: Path, folders: Folders, strategy: str
) -> None:
    folders.cache.parent.mkdir(parents=True, exist_ok=True)
    folders.cache.write_text("in the way")
    events = list(train(planned(images, strategy=strategy, epochs=2), tmp_path / "run", folders))
    (warning,) = _warnings(events)
    assert f"“{folders.features}”" in warning.message
    assert "Make room there" in warning.message
    assert isinstance(events[-1], Finished)
    assert events[-1].accuracy is not None
