from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from core.base.errors import UserError
from core.base.events import EpochDone, Stop, never
from core.base.folders import Folders
from core.results.predict import Predictor
from core.results.runs import load_run
from core.results.session import train
from core.train.batches import FeatureBatches
from core.train.mirrored import MIRROR_FILE, Mirroring, load_mirroring
from core.train.mirroring import decide, with_mirror
from core.train.pace import Pace
from core.train.plan import Mirror, RunPlan
from core.train.run import stages
from tests.core.conftest import CPU, planned


class Left(nn.Module):
    """Sees only the left half: a logit of how bright it is, times `sharpness`, against none."""

    def __init__(self, sharpness: float) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(sharpness))

    def forward(self, images: Tensor) -> Tensor:
        bright = images[..., : images.shape[-1] // 2].mean(dim=(1, 2, 3)) * self.sharpness
        return torch.stack([torch.zeros_like(bright), bright], dim=1)


def batches(images: Tensor, labels: list[int]) -> FeatureBatches:
    return FeatureBatches(images, torch.tensor(labels))


def halves(left: list[float], right: list[float]) -> Tensor:
    sides = torch.tensor([left, right]).T.view(-1, 1, 1, 2)
    return sides.repeat_interleave(4, dim=3).expand(-1, 3, 8, 8).clone()


def test_the_mean_of_both_answers_is_given_and_is_the_same_for_the_mirror_image() -> None:
    images = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    network = Left(3.0)
    expected = (network(images).softmax(dim=1) + network(images.flip(-1)).softmax(dim=1)) / 2
    assert torch.allclose(with_mirror(network, images).softmax(dim=1), expected, atol=1e-6)
    assert torch.allclose(with_mirror(network, images.flip(-1)), with_mirror(network, images), atol=1e-6)


def decided_by(plan: RunPlan, validation: FeatureBatches, stop: Stop = never) -> Mirroring:
    deciding = decide(plan, Left(3.0), validation, Pace(stages(plan)), stop)
    try:
        while True:
            next(deciding)
    except StopIteration as end:
        decided: Mirroring = end.value
        return decided


@pytest.mark.parametrize(
    ("left", "right", "pays"),
    [
        ([1.0, -1.0, 0.1, 1.0], [1.0, -1.0, 2.0, 1.0], True),  # the third image is told by its right side only
        ([1.0, -1.0, 2.0, 1.0], [-1.0, 1.0, -2.0, -1.0], False),  # left and right say opposite things
    ],
)
def test_the_validation_images_decide(images: Path, left: list[float], right: list[float], pays: bool) -> None:
    plan = replace(planned(images, strategy="fine-tune-all"), mirror="if it pays")
    decided = decided_by(plan, batches(halves(left, right), [1, 0, 1, 1]))
    assert decided.used is pays
    assert decided.loss is not None
    assert decided.mirrored_loss is not None
    assert (decided.mirrored_loss < decided.loss) is pays
    assert decided.words.startswith(f"The mirror image is {'asked' if pays else 'not asked'} as well: with it the loss")
    assert f"{decided.mirrored_loss:.3f}, without it {decided.loss:.3f}" in decided.words


def rows(images: Tensor) -> list[list[float]]:
    return sorted(image.flatten().tolist() for image in images)


def test_each_image_is_seen_as_it_is_and_mirrored_and_no_more(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []
    see = Left.forward

    def noted(self: Left, shown: Tensor) -> Tensor:
        seen.append(shown)
        return see(self, shown)

    monkeypatch.setattr(Left, "forward", noted)
    plan = replace(planned(images, strategy="fine-tune-all"), mirror="if it pays")
    shown = halves([1.0, -1.0, 2.0], [-1.0, 1.0, 0.5])
    decided_by(plan, batches(shown, [1, 0, 1]))
    assert rows(torch.cat(seen)) == rows(torch.cat([shown, shown.flip(-1)]))


@pytest.mark.parametrize(("mirror", "used"), [("always", True), ("never", False)])
def test_what_was_planned_needs_no_measurement(images: Path, mirror: Mirror, used: bool) -> None:
    plan = replace(planned(images, strategy="fine-tune-all"), mirror=mirror)
    decided = decided_by(plan, batches(halves([1.0], [-1.0]), [1]))
    assert decided == Mirroring(used)
    assert decided.words == ("The mirror image is asked as well, as you chose." if used else "")


def test_the_decision_comes_back_and_older_runs_have_none(tmp_path: Path) -> None:
    assert load_mirroring(tmp_path) == Mirroring(used=False)
    Mirroring(True, 0.5, 0.4).save(tmp_path)
    assert load_mirroring(tmp_path) == Mirroring(True, 0.5, 0.4)
    (tmp_path / MIRROR_FILE).write_text("{")
    with pytest.raises(UserError, match="is damaged"):
        load_mirroring(tmp_path)


def test_a_stopped_measurement_decides_nothing(images: Path) -> None:
    plan = replace(planned(images, strategy="fine-tune-all"), mirror="if it pays")
    stopped = decided_by(plan, batches(halves([1.0], [1.0]), [1]), lambda: True)
    assert stopped == Mirroring(used=False)


def test_the_score_is_that_of_the_network_as_it_will_be_asked(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=2, flips="always", augmentation="light")
    assert any(isinstance(event, EpochDone) for event in list(train(plan, tmp_path / "run", folders)))
    predictor = Predictor.load(tmp_path / "run", CPU)
    assert predictor.mirrored
    assert load_run(tmp_path / "run").mirroring.used
    evaluation = load_run(tmp_path / "run").evaluation
    assert evaluation
    said = list(predictor.predict([images / judged.path for judged in evaluation.judged]))
    assert [max(row.probabilities) for row in said] == [judged.probability for judged in evaluation.judged]
    path = tmp_path / "mirrored.png"
    with Image.open(images / evaluation.judged[0].path) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    (row,) = predictor.predict([path])
    assert row.probabilities == pytest.approx(said[0].probabilities, abs=1e-5)
