from pathlib import Path

import pytest

from core.base.errors import UserError
from core.train.plan import load_plan, plan
from core.train.strategies import STRATEGIES
from tests.core.conftest import CPU, config, dataset_of, planned


@pytest.mark.parametrize("strategy", STRATEGIES.keys())
def test_every_strategy_gives_a_plan_that_decides_everything(images: Path, strategy: str) -> None:
    made = planned(images, strategy=strategy)
    assert made.epochs == STRATEGIES[strategy].epochs
    assert made.phases[0].first_epoch == 1
    assert 0 < made.trained_parameters <= made.total_parameters
    assert all(choice.value and choice.reason for choice in made.choices)


def test_a_strategy_trains_what_its_name_says(images: Path) -> None:
    learning = {key: planned(images, strategy=key).trained_parameters for key in STRATEGIES.keys()}  # noqa: SIM118
    total = planned(images).total_parameters
    assert learning["feature-extraction"] < learning["fine-tune-last"] < learning["fine-tune-all"]
    assert learning["fine-tune-all"] == learning["from-scratch"] == total


def test_what_a_person_chose_is_done_and_said(images: Path) -> None:
    made = planned(
        images, strategy="fine-tune-all", epochs=7, batch_size=5, learning_rate=0.02, image_size=40, fit="pad"
    )
    assert made.epochs == 7
    assert {phase.batch_size for phase in made.phases} == {5}
    assert {phase.rate for phase in made.phases} == {0.02}
    assert (made.framing.size_px, made.framing.fit) == (40, "pad")
    assert {choice.name for choice in made.choices if choice.given} >= {"epochs", "batch_size", "learning_rate", "fit"}


def test_with_fewer_epochs_than_phases_the_main_phase_is_done(images: Path) -> None:
    made = planned(images, strategy="fine-tune-all", epochs=1)
    assert [phase.title for phase in made.phases] == ["everything"]
    assert made.epochs == 1


def test_a_plan_comes_back_from_disk_as_it_was(images: Path, tmp_path: Path) -> None:
    made = planned(images, strategy="fine-tune-last", seed=3)
    made.save(tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == made


def test_a_plan_that_an_older_version_wrote_is_read() -> None:
    old = load_plan(Path(__file__).with_name("plan_of_0_1.json"))
    assert (old.config.seed, old.strategy, old.dataset.classes) == (3, "fine-tune-all", ("ants", "bees"))
    assert old.precision == "float32"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"backbone": "resnet19"}, "no pretrained model called “resnet19”"),
        ({"strategy": "magic"}, "no strategy called"),
    ],
)
def test_an_unknown_choice_lists_what_exists(images: Path, values: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words) as told:
        planned(images, **values)
    assert "starter" in told.value.hint or "fine-tune-all" in told.value.hint


def test_missing_weights_are_said_and_no_other_model_is_taken(images: Path) -> None:
    dataset = dataset_of(images)
    with pytest.raises(UserError, match="weights of ResNet-18 are not on this computer"):
        plan(config(backbone="resnet18"), dataset, CPU, weights_ready=False)
    assert not plan(config(backbone="resnet18", strategy="from-scratch"), dataset, CPU, weights_ready=False).pretrained
