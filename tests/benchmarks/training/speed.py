"""Speed and memory: Graft, the bound and the peers take turns, round after round; medians are compared.

For each network two measurements. Feature extraction: everything from the images to the score, Graft with empty caches
and then once more with what it kept. Fine-tuning: the seconds of an epoch in which all layers learn. Before each round
the folder is surveyed, so that the system has all files in memory for every trainer.
"""

import shutil
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.training.job import Job, Mode, Outcome
from tests.benchmarks.training.records import Records
from tests.benchmarks.training.runner import FailedError, measure
from tests.benchmarks.training.table import markdown, number

AGAIN, SAME_BATCH = "graft again", "tutorial, Graft's batch"
Outcomes = Mapping[str, Sequence[Outcome]]


@dataclass(frozen=True)
class Profile:
    """What is measured: networks, modes with their epochs, and on what.

    Without a precision, the bound computes in the one that Graft chose.
    """

    backbones: tuple[str, ...]
    epochs: Mapping[Mode, int]
    batch_size: int | None = None
    precision: str = ""
    device: str = "cpu"


CPU = Profile(("resnet18", "mobilenet_v3_small"), {"feature-extraction": 10, "fine-tune-all": 4})
GPU = Profile(("resnet50", "vit_b_16"), {"fine-tune-all": 3}, batch_size=256, precision="bfloat16", device="cuda")


def run(images: Path, work: Path, profile: Profile, trainers: Sequence[str], rounds: int, records: Records) -> None:
    """Measure so many more rounds, and print a table of all that are in the records."""
    for backbone in profile.backbones:
        for mode, epochs in profile.epochs.items():
            job = Job("survey", mode, backbone, images, work, epochs, device=profile.device, every_epoch=True)
            job = replace(job, batch_size=profile.batch_size, precision=profile.precision)
            failed: set[str] = set()
            for _ in range(rounds):
                _round(job, trainers, failed, records)
            outcomes = measured(job, records)
            print(f"\n### {backbone}, {mode}, {epochs} epochs, {len(outcomes['survey'])} rounds\n")
            print(table(mode, outcomes), flush=True)


def measured(job: Job, records: Records) -> Outcomes:
    """Return what there is of a network and mode, by trainer."""
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for key, outcome in records.find(**_key(job)):
        outcomes[str(key["trainer"])].append(outcome)
    return outcomes


def _key(job: Job) -> dict[str, str | int]:
    return {"images": job.images.name, "backbone": job.backbone, "mode": job.mode, "epochs": job.epochs}


def _round(job: Job, trainers: Sequence[str], failed: set[str], records: Records) -> None:
    """Let the trainers take turns; one that fails says so and is left out from then on."""
    shutil.rmtree(job.folders.cache, ignore_errors=True)
    for name, turn in _turns(job, trainers, records):
        if name in failed:
            continue
        try:
            records.add({**_key(job), "trainer": name}, measure(turn))
        except FailedError as problem:
            failed.add(name)
            print(f"Left out: {problem}", flush=True)


def _turns(job: Job, trainers: Sequence[str], records: Records) -> Iterator[tuple[str, Job]]:
    """Yield the jobs of one round. The bound takes over the precision that Graft chose last, a tutorial the batch."""
    yield "survey", replace(job, trainer="survey")
    if "graft" in trainers:
        yield "graft", replace(job, trainer="graft")
        if job.mode == "feature-extraction":
            yield AGAIN, replace(job, trainer="graft")
    graft = [outcome for _, outcome in records.find(**_key(job), trainer="graft")][-1:]
    if "graft" in trainers and graft:
        yield "bound", replace(job, trainer="bound", precision=job.precision or graft[-1].precision)
    if "tutorial" in trainers and graft and not job.batch_size:
        yield SAME_BATCH, replace(job, trainer="tutorial", batch_size=graft[-1].batch_size)
    for name in trainers:
        if name != "graft":
            yield name, replace(job, trainer=name)


def seconds_of(mode: Mode, outcome: Outcome) -> float:
    """Return what is compared: the whole training, or an epoch in which all layers learn (the first one warms up)."""
    if mode == "feature-extraction":
        return outcome.seconds
    return statistics.median(outcome.epoch_seconds[1:] or outcome.epoch_seconds)


def table(mode: Mode, outcomes: Outcomes) -> str:
    """Return the medians of all trainers, and their ratios to the bound and to Graft."""
    trainers = {name: of_one for name, of_one in outcomes.items() if name != "survey"}
    medians = {name: _median(seconds_of(mode, each) for each in of_one) for name, of_one in trainers.items()}
    unit = "s" if mode == "feature-extraction" else "s per epoch"
    heading = ("", unit, "÷ bound", "÷ Graft", "whole s", "CPU s", "peak MB", "batch", "precision")
    rows = [_row(name, of_one, medians) for name, of_one in trainers.items()]
    return "\n\n".join([markdown(heading, rows), *_notes(outcomes)])


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _row(name: str, outcomes: Sequence[Outcome], medians: Mapping[str, float]) -> tuple[str, ...]:
    own, last = medians[name], outcomes[-1]
    ratios = (number(own / medians[to]) if to in medians else "–" for to in ("bound", "graft"))
    whole = number(_median(outcome.seconds for outcome in outcomes), 1)
    cpu = number(_median(outcome.cpu_seconds for outcome in outcomes), 1)
    peak = number(_median(outcome.peak_mb for outcome in outcomes), 0)
    return (name, number(own), *ratios, whole, cpu, peak, str(last.batch_size or "–"), last.precision)


def _notes(outcomes: Outcomes) -> Iterator[str]:
    bound = outcomes.get("bound", ())
    if bound:
        parts = {name: _median(outcome.parts[name] for outcome in bound) for name in bound[0].parts}
        yield "The bound: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in parts.items()) + "."
    survey = _median(outcome.seconds for outcome in outcomes["survey"])
    yield f"Graft's survey of the folder, which comes before and is not in its seconds: {survey:.2f} s."
