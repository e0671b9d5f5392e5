from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.base.errors import UserError
from core.base.folders import Folders
from core.train.plan import Choice, RunPlan, load_plan, plan
from core.train.strategies import STRATEGIES
from tests.core.conftest import CPU, config, dataset_of, draw, planned


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
    assert (old.class_weights, old.flips, old.mirror) == ((), True, "never")
    assert [(phase.averaging, phase.mixing, phase.norms_frozen) for phase in old.phases] == [(0, "none", False)] * 2
    assert old.dataset.elongation == 1


def choice(made: RunPlan, name: str) -> Choice:
    (found,) = [choice for choice in made.choices if choice.name == name]
    return found


def test_how_much_images_are_varied_has_its_reason(images: Path) -> None:
    tuned, scratch = (
        choice(planned(images, strategy=key), "augmentation") for key in ("fine-tune-all", "from-scratch")
    )
    assert (tuned.value, scratch.value) == ("light", "strong")
    assert "no better" in tuned.reason
    assert "from scratch needs more" in scratch.reason


def test_long_images_are_padded_and_it_is_said_why(tmp_path: Path, folders: Folders) -> None:
    for kind, name in enumerate(("rows", "columns")):
        for seed in range(8):
            file = tmp_path / "images" / name / f"{seed}.png"
            draw(file, kind, seed, size=40)
            with Image.open(file) as image:
                image.crop((0, 0, 40, 20 if seed < 6 else 40)).save(file)
    made = planned(tmp_path / "images")
    assert made.framing.fit == "pad"
    assert "2.0 times as long as wide" in choice(made, "fit").reason
    assert planned(tmp_path / "images", fit="crop").framing.fit == "crop"


def test_square_images_are_cropped(images: Path) -> None:
    assert planned(images).framing.fit == "crop"


def test_rare_classes_count_more_and_it_is_said_why(images: Path) -> None:
    assert planned(images).class_weights == ()
    dataset = dataset_of(images)
    few = [image for image in dataset.part("train") if image.label == 0][2:]
    uneven = replace(dataset, images=tuple(image for image in dataset.images if image not in few))
    made = plan(config(), uneven, CPU, weights_ready=True)
    counts = [parts["train"] for parts in uneven.counts()]
    assert made.class_weights[0] / made.class_weights[1] == pytest.approx((counts[1] / counts[0]) ** 0.5)
    mean = sum(weight * n for weight, n in zip(made.class_weights, counts, strict=True)) / sum(counts)
    assert mean == pytest.approx(1)
    assert f"{counts[1] / counts[0]:.1f} times as many" in choice(made, "balance").reason
    assert plan(config(balance="none"), uneven, CPU, weights_ready=True).class_weights == ()
    assert planned(images, balance="weights").class_weights == pytest.approx((1, 1))


def test_the_mirror_image_is_asked_only_where_images_were_mirrored(images: Path) -> None:
    assert planned(images, strategy="fine-tune-all").mirror == "if it pays"
    assert planned(images, strategy="fine-tune-all", augmentation="none").mirror == "never"
    assert planned(images, strategy="fine-tune-all", flips="always").mirror == "always"
    for how, flips in (("never", False), ("training", True)):
        made = planned(images, strategy="fine-tune-all", flips=how)
        assert (made.mirror, made.flips) == ("never", flips)
    frozen = planned(images, flips="always")
    assert frozen.mirror == "never"
    assert "stored" in choice(frozen, "flips").reason


def test_a_mean_of_the_weights_is_kept_in_long_training(images: Path) -> None:
    assert {phase.averaging for phase in planned(images, strategy="fine-tune-all").phases} == {0}
    long = planned(images, strategy="fine-tune-all", epochs=1000)
    assert 0.5 <= long.phases[-1].averaging < 1
    assert long.phases[0].averaging == 0
    on = planned(images, strategy="fine-tune-all", averaging="on")
    steps = -(-len(on.dataset.part("train")) // on.phases[-1].batch_size)
    assert on.phases[-1].averaging == pytest.approx(1 - 1 / steps)


def test_statistics_stay_where_images_are_few(images: Path) -> None:
    assert planned(images, strategy="fine-tune-all").phases[-1].norms_frozen
    assert not planned(images, strategy="fine-tune-all", norms="learn").phases[-1].norms_frozen
    assert not planned(images, strategy="from-scratch").phases[-1].norms_frozen
    assert not planned(images, strategy="from-scratch", norms="keep").phases[-1].norms_frozen


def learning_from(root: Path, n: int, **values: object) -> RunPlan:
    """Return a plan for a data set of `n` training images and the others."""
    dataset = dataset_of(root)
    first = dataset.part("train")[0]
    many = (replace(first, path=f"{i}.png", sha256=f"{i:064}") for i in range(n))
    made = replace(dataset, images=(*many, *dataset.part("val"), *dataset.part("test")))
    return plan(config(**values), made, CPU, weights_ready=True)


def test_batches_grow_with_the_images_and_rates_with_the_batches(images: Path) -> None:
    few, some, more, many = (
        learning_from(images, n, strategy="fine-tune-all", balance="none") for n in (99, 100, 300, 600)
    )
    assert [[phase.batch_size for phase in made.phases] for made in (few, some, more, many)] == [
        [8, 8],
        [8, 16],
        [16, 16],
        [32, 32],
    ]
    head, every = STRATEGIES["fine-tune-all"].phases
    assert {made.phases[0].rate for made in (few, some, more, many)} == {head.rate}
    assert [made.phases[1].rate / every.rate for made in (few, some, more, many)] == pytest.approx([1, 1.4, 1.4, 2])
    assert "600 training images" in choice(many, "batch_size").reason
    medium = learning_from(images, 200, strategy="fine-tune-all")
    assert [choice(made, "batch_size").reason.split(",")[0] for made in (few, some, medium)] == ["Small"] * 3


def test_a_rate_is_not_raised_for_images_that_are_not_there_nor_from_scratch(images: Path) -> None:
    (_, every) = STRATEGIES["fine-tune-all"].phases

    def rate(n: int, **values: object) -> float:
        return learning_from(images, n, batch_size=4096, **values).phases[-1].rate

    assert rate(16, strategy="fine-tune-all") == pytest.approx(1.4 * every.rate)
    assert rate(2000, strategy="fine-tune-all") == pytest.approx(2 * every.rate)
    assert rate(2000, strategy="from-scratch") == STRATEGIES["from-scratch"].phases[-1].rate
    assert rate(2000, strategy="fine-tune-all", learning_rate=0.5) == 0.5


def test_a_processor_computes_fewer_images_at_once_where_layers_are_large(images: Path) -> None:
    sizes = (96, 128, 256, 512, 1024)
    tiny, small, large, larger, huge = (planned(images, backbone="starter", image_size=size_px) for size_px in sizes)
    at_once = [plan.evaluation_batch for plan in (tiny, small, large, larger, huge)]
    assert at_once == [32, 20, 16, 5, 1]
    assert replace(larger, device=replace(CPU, kind="cuda")).evaluation_batch == 32
    assert replace(large, config=config(batch_size=3)).evaluation_batch == 3


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


def test_a_rate_that_a_person_chose_wins_over_looking_for_one(images: Path) -> None:
    found = planned(images, strategy="fine-tune-all", find_rate="on")
    assert found.finds_rate
    assert choice(found, "find_rate").given
    assert choice(found, "learning_rate").value == "0.003 then a found one"
    chosen = planned(images, strategy="fine-tune-all", find_rate="on", learning_rate=0.02)
    assert not chosen.finds_rate
    assert (choice(chosen, "find_rate").value, choice(chosen, "find_rate").given) == ("off", False)
    assert "You chose a learning rate" in choice(chosen, "find_rate").reason
    assert (choice(chosen, "learning_rate").value, choice(chosen, "learning_rate").given) == ("0.02", True)
    frozen = planned(images, find_rate="on")
    assert not frozen.finds_rate
    assert choice(frozen, "find_rate").value == "off"
    assert choice(frozen, "find_rate").reason.startswith("Only the head learns")
    assert "found" not in choice(frozen, "learning_rate").value
    assert not [each for each in planned(images, strategy="fine-tune-all").choices if each.name == "find_rate"]


@pytest.mark.parametrize(
    ("settings", "name", "value", "reason"),
    [
        ({"flips": "always"}, "flips", "never", "stored as it is"),
        ({"flips": "training", "augmentation": "none", "strategy": "fine-tune-all"}, "flips", "never", "nothing is"),
        (
            {"flips": "always", "augmentation": "none", "strategy": "fine-tune-all"},
            "flips",
            "when it predicts",
            "nothing is varied",
        ),
        ({"norms": "learn"}, "norms", "keep", "Only the head learns"),
        ({"norms": "keep", "strategy": "from-scratch"}, "norms", "learn", "none to keep"),
        ({"averaging": "on"}, "averaging", "off", "Only the head learns"),
        ({"mixing": "mixup"}, "mixing", "none", "Only the head learns"),
        ({"augmentation": "strong"}, "augmentation", "none", "read once"),
        ({"last_blocks": 2}, "last_blocks", "0", "“Feature extraction” leaves no choice"),
        ({"last_blocks": 50, "strategy": "fine-tune-last"}, "last_blocks", "3", "Tiny has no more"),
    ],
)
def test_what_a_run_cannot_do_is_not_said_to_be_done(
    images: Path, settings: dict[str, object], name: str, value: str, reason: str
) -> None:
    told = choice(planned(images, **settings), name)
    assert (told.value, told.given) == (value, False)
    assert reason in told.reason


@pytest.mark.parametrize(
    ("name", "value"),
    [("augmentation", "none"), ("averaging", "off"), ("mixing", "none"), ("norms", "keep"), ("flips", "never")],
)
def test_what_is_done_as_it_was_chosen_is_said_to_be_chosen(images: Path, name: str, value: str) -> None:
    told = choice(planned(images, **{name: value}), name)
    assert (told.value, told.given, told.reason) == (value, True, "You chose it.")
