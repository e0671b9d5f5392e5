"""What is measured before a run begins, and what it decides."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from time import sleep

import pytest
import torch

from core.base.folders import Folders
from core.models.device import Precision
from core.models.inference import Frozen
from core.models.speed import Speed, Trial
from core.train import costs as costs_module
from core.train.costs import Costs, chosen, costs, needs_measuring
from core.train.run import begin, stages
from tests.core.conftest import planned


def test_each_part_that_computes_is_measured_once(
    images: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=3)
    measured = costs(plan, folders)
    assert measured.features.seconds > 0
    head, everything = measured.phases
    assert 0 < head.seconds < everything.seconds

    def measure_again(*arguments: object) -> None:
        raise AssertionError("it is noted")

    monkeypatch.setattr(costs_module, "best", measure_again)
    assert costs(plan, folders) == measured
    with pytest.raises(AssertionError, match="noted"):
        costs(replace(plan, augmentation="none"), folders)


@pytest.mark.parametrize("norms", ["learn", "keep"])
def test_what_is_measured_is_divided_as_it_will_be_in_the_run(
    images: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch, norms: str
) -> None:
    from core.train.replicas import Replicas

    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    parts: list[int] = []
    there = Replicas.there

    def noted(self: Replicas, inputs: torch.Tensor) -> list[torch.Tensor]:
        made = there(self, inputs)
        parts.append(len(made))
        return made

    monkeypatch.setattr(Replicas, "there", noted)
    costs(planned(images, strategy="fine-tune-all", epochs=3, batch_size=16, norms=norms), folders)
    assert set(parts) == {2}
    assert "parts of a batch of 16" in (folders.cache / "speeds.json").read_text()


@pytest.mark.parametrize(("kernel", "stride", "images_seen"), [(3, 1, 8), (1, 2, 8), (1, 1, 32)])
def test_a_few_images_say_what_a_batch_costs_but_not_of_convolutions_of_one_pixel(
    images: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch, kernel: int, stride: int, images_seen: int
) -> None:
    plan = planned(images, strategy="feature-extraction")
    network = begin(plan, folders)
    network.trunk.layer2 = torch.nn.Conv2d(16, 16, kernel, stride)
    seen: list[int] = []
    monkeypatch.setattr(costs_module, "_waited_for", lambda frozen, shown: seen.append(len(shown)))
    told: list[int] = []

    def best(trials: Mapping[Precision, Trial], n: int, *_: object) -> Speed:
        told.append(n)
        for trial in trials.values():
            trial()
        return Speed("float32", 1.0)

    monkeypatch.setattr(costs_module, "best", best)
    assert plan.evaluation_batch == 32
    costs(plan, folders, network)
    assert set(seen) == {images_seen}
    assert told[0] == images_seen * torch.get_num_threads()  # each core computes as many


def test_every_core_computes_while_precisions_are_compared(
    images: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Barrier(4)
    begun: list[Frozen] = []

    def together(frozen: Frozen, shown: torch.Tensor) -> None:
        if len(begun) < busy.parties:
            begun.append(frozen)
            busy.wait(timeout=20)
        sleep(0.01)

    monkeypatch.setattr(costs_module, "precisions", lambda kind: ("float32", "bfloat16"))
    monkeypatch.setattr(costs_module, "_waited_for", together)
    threads = torch.get_num_threads()
    torch.set_num_threads(busy.parties)
    try:
        costs(planned(images, strategy="feature-extraction"), folders)
    finally:
        torch.set_num_threads(threads)
    assert sorted(begun.count(frozen) for frozen in set(begun)) == [2, 2]


def test_measuring_leaves_the_network_of_the_run_as_it_is(images: Path, folders: Folders) -> None:
    plan = planned(images, strategy="fine-tune-last", epochs=3)
    network = begin(plan, folders)
    before = {name: tensor.clone() for name, tensor in network.state().items()}
    learning = [parameter.requires_grad for parameter in network.parameters()]
    measured = costs(plan, folders, network)
    assert measured.phases[-1].seconds > 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state().items())
    assert [parameter.requires_grad for parameter in network.parameters()] == learning
    assert all(parameter.grad is None for parameter in network.parameters())


def test_measuring_leaves_no_trace_in_the_random_numbers(images: Path, folders: Folders) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    costs(planned(images, strategy="fine-tune-all", epochs=3), folders)
    assert torch.equal(torch.rand(3), expected)


def test_a_run_that_only_reads_features_in_one_precision_is_not_held_up(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: tuple[str, ...] = ("float32",)
    monkeypatch.setattr(costs_module, "precisions", lambda kind: there)
    assert needs_measuring(planned(images, strategy="fine-tune-all"))
    assert not needs_measuring(planned(images, strategy="feature-extraction"))
    there = ("float32", "bfloat16")
    assert needs_measuring(planned(images, strategy="feature-extraction"))


def test_the_precision_that_a_plan_names_stays(images: Path) -> None:
    measured = Costs(Speed("bfloat16", 0.1), (Speed("float32", 0.01), Speed("float16", 0.1)), (0.0, 0.0))
    plan = planned(images, strategy="fine-tune-all")
    decided = chosen(plan, measured)
    assert (decided.features_precision, decided.precision) == ("bfloat16", "float16")
    (told,) = [choice for choice in decided.choices if choice not in plan.choices]
    assert (told.label, told.given) == ("Computed in", False)
    named = replace(plan, precision="float32", features_precision="float32")
    assert chosen(named, measured) == named


@pytest.mark.parametrize(
    ("strategy", "speed", "value", "reason"),
    [
        ("fine-tune-all", Speed("bfloat16", 0.1, 2.26), "bfloat16", "2.3 times as fast as float32"),
        ("fine-tune-all", Speed("float32", 0.1, 1.12), "float32", "16 bits are 1.1 times as fast, which is too little"),
        ("fine-tune-all", Speed("float32", 0.1, 3.0), "float32", "too little to compute for 16 bits"),
        ("feature-extraction", Speed("float32", 0.1), "float32", "The only precision"),
    ],
)
def test_the_plan_says_in_what_the_network_computes_and_why(
    images: Path, strategy: str, speed: Speed, value: str, reason: str
) -> None:
    plan = planned(images, strategy=strategy)
    head = Speed("float16", 1.0, 9.0)
    phases = (head,) if strategy == "feature-extraction" else (head, speed)
    network = Costs(speed, phases, tuple(0.0 for _ in phases))
    told = chosen(plan, network).choices[-1]
    assert (told.name, told.value) == ("precision", value)
    assert reason in told.reason
    alone = chosen(plan, None)
    assert (alone.precision, alone.features_precision, alone.choices[-1].value) == ("float32", "float32", "float32")


@pytest.mark.parametrize("strategy", ["fine-tune-all", "fine-tune-last"])
def test_frozen_layers_that_compute_in_another_precision_are_told(images: Path, strategy: str) -> None:
    frozen, learning = Speed("bfloat16", 0.1, 2.26), Speed("float32", 0.1, 1.12)
    plan = planned(images, strategy=strategy)
    told = chosen(plan, Costs(frozen, (learning, learning), (0.0, 0.0))).choices[-1]
    assert told.value == "frozen layers bfloat16, learning float32"
    assert told.reason == (
        "Frozen layers, measured here: 2.3 times as fast as float32. "
        "Learning, measured here: 16 bits are 1.1 times as fast, which is too little to be worth it."
    )
    scratch = planned(images, strategy="from-scratch")
    assert chosen(scratch, Costs(frozen, (learning,), (0.0,))).choices[-1].value == "float32"


def test_frozen_layers_are_measured_anew_for_another_batch_or_precision(
    images: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(images, strategy="fine-tune-last", epochs=6, last_blocks=1)
    monkeypatch.setattr(costs_module, "best", lambda *_: Speed("float32", 1.0))
    costs(plan, folders)
    monkeypatch.setattr(costs_module, "best", lambda *_: Speed("float32", 2.0))
    again = costs(plan, folders)
    assert (again.phases[-1].seconds, again.before[-1]) == (1.0, 1.0)
    other = costs(replace(plan, features_precision="bfloat16"), folders)
    assert (other.phases[-1].seconds, other.before[-1]) == (2.0, 2.0)
    fewer = replace(plan, config=plan.config.model_copy(update={"batch_size": 4}))
    assert fewer.evaluation_batch < plan.evaluation_batch
    assert costs(fewer, folders).before[-1] == 2.0


def test_notes_are_not_used_with_another_torch_or_other_threads(
    images: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=3)
    monkeypatch.setattr(costs_module, "best", lambda *_: Speed("float32", 1.0))
    first = costs(plan, folders)
    monkeypatch.setattr(costs_module, "best", lambda *_: Speed("float32", 2.0))
    assert costs(plan, folders) == first
    with monkeypatch.context() as another:
        another.setattr("torch.get_num_threads", lambda: 100)
        assert costs(plan, folders).features.seconds == 2
    with monkeypatch.context() as another:
        another.setattr("torch.__version__", "9.9")
        assert costs(plan, folders).features.seconds == 2


def test_all_that_a_run_does_is_one_of_its_stages(images: Path) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=3, find_rate="on")
    known = {
        stage.name: stage
        for stage in stages(plan, Costs(Speed("float32", 0.1), (Speed("float32", 0.5),) * 2, (0.0, 0.0)))
    }
    assert list(known) == [
        "reading images",
        "head only",
        "loading pixels",
        "looking for the learning rate",
        "everything",
        "asking for mirror images",
        "scoring test images",
    ]
    looking, mirroring = known["looking for the learning rate"], known["asking for mirror images"]
    assert (looking.images, looking.seconds) == (80 * plan.phases[1].batch_size, 0.5)
    assert (mirroring.images, mirroring.seconds) == (2 * len(plan.dataset.part("val")), 0.1)
    plain = [stage.name for stage in stages(planned(images, strategy="fine-tune-all", epochs=3, flips="always"))]
    assert plain == [name for name in known if name not in (looking.name, mirroring.name)]


def test_stages_carry_what_was_measured(images: Path) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=3)
    n_train, n_val = len(plan.dataset.part("train")), len(plan.dataset.part("val"))
    measured = Costs(Speed("float32", 0.1), (Speed("float32", 0.01), Speed("float32", 0.5)), (0.0, 0.0))
    known = {stage.name: stage for stage in stages(plan, measured)}
    assert known["head only"].seconds == 0.01
    learning = known["everything"]
    assert learning.seconds == pytest.approx(0.5 + 0.1 * n_val / n_train)
    assert learning.images == n_train * plan.phases[1].epochs
    assert known["reading images"].seconds == 0.1
    assert all(stage.seconds is None for stage in stages(plan))
