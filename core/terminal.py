"""How the command line speaks: tables and progress for people on a terminal, JSON lines for programs."""

import io
import json
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from core.base.errors import UserError
from core.base.events import EpochDone, Event, Finished, PhaseStarted, Progress, Warned, record
from core.data.dataset import PARTS

if TYPE_CHECKING:
    from core.data.findings.checks import Finding
    from core.data.survey import Survey
    from core.models.backbones import Backbone
    from core.results.metrics import Evaluation
    from core.results.predict import Predicted
    from core.results.runs import RunRecord
    from core.train.estimate import Estimate
    from core.train.plan import Choice, RunPlan
    from core.train.strategies import Strategy

# no markup: names of files and classes come from outside
out = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
err = Console(markup=False, emoji=False, highlight=False, soft_wrap=True, stderr=True)

_SEVERITIES = {"bad": ("!!", "bold red"), "warn": ("!", "bold yellow"), "info": ("-", "bold")}
_NAMED = 3
"""So many images of a finding are named; JSON names all."""
_NARROWEST = 40


def bear_any_name() -> None:
    """Let the terminal write out characters that it cannot show, instead of ending with an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def line(text: str, quiet: bool = False) -> None:
    """Print one line of plain text."""
    if not quiet:
        out.print(text)


def warning(text: str) -> None:
    """Print a warning to the error stream, where it does not mix with results."""
    err.print(text, style="yellow")


def error(problem: UserError) -> None:
    """Print what went wrong and what to do, in one line."""
    err.print(" ".join(str(problem).split()), style="red")


def as_json(content: object) -> None:
    """Print one JSON object on one line."""
    sys.stdout.write(json.dumps(content) + "\n")  # ASCII: whatever the terminal can show
    sys.stdout.flush()


def duration(seconds: float | None) -> str:
    """Return a duration as people say it: "34 s", "2 min 5 s", "1 h 10 min"."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def percent(share: float) -> str:
    """Return a share as "93.5 %"."""
    return f"{share * 100:.1f} %"


@contextmanager
def bar(quiet: bool = False) -> Iterator[Callable[[Progress], None]]:
    """Show a progress bar while the context lasts, if there is a terminal to show it on."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[left]}"),
    )
    with Bar(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as shown:
        task = shown.add_task("", total=1.0, left="")

        def tell(progress: Progress) -> None:
            left = f"{duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
            shown.update(task, description=progress.stage, completed=progress.fraction, left=left)

        yield tell


@contextmanager
def events(plan: "RunPlan", as_lines: bool) -> Iterator[Callable[[Event], None]]:
    """Show the events of a run: as JSON, one a line, or as a bar and a line per epoch."""
    if as_lines:
        yield lambda event: as_json(record(event))
        return
    for choice in plan.choices:
        _decided(choice)
    with bar() as progress:

        def tell(event: Event) -> None:
            if isinstance(event, Progress):
                progress(event)
            elif isinstance(event, Warned):
                warning(event.message)
            elif isinstance(event, PhaseStarted):
                line(f"{event.title}, up to {event.epochs} epochs")
            elif isinstance(event, EpochDone):
                line(_epoch(event))

        yield tell


def estimated(estimate: "Estimate") -> None:
    """Print what a run will take, and what was chosen when that was measured."""
    _decided(estimate.precision)
    line(
        f"On this computer: at most {duration(estimate.seconds)} at {estimate.images_per_s:.0f} images/s, "
        f"about {estimate.memory_mb:.0f} MB of memory, {estimate.disk_mb:.0f} MB on the disk"
    )


def _decided(choice: "Choice") -> None:
    line(f"{choice.label}: {choice.value}  ({choice.reason})")


def _epoch(event: EpochDone) -> str:
    best = "  best so far" if event.is_best else ""
    return (
        f"epoch {event.epoch:3d}  loss {event.train_loss:.3f}, validation {event.val_loss:.3f}  "
        f"accuracy {percent(event.train_accuracy)}, validation {percent(event.val_accuracy)}{best}"
    )


def finished(end: Finished, record: "RunRecord") -> None:
    """Print how a run ended, and what was kept of it."""
    score, cross_validation = record.evaluation, record.cross_validation
    how = {"completed": "Finished", "early": "Stopped early, as it no longer got better", "stopped": "Stopped"}[
        end.ending
    ]
    best = f"the best was epoch {end.best_epoch}" if end.best_epoch else "no epoch was done, so there is no model"
    line(f"{how} after {end.epochs} epochs and {duration(end.seconds)}; {best}.")
    if record.mirroring.words:
        line(record.mirroring.words)
    if score is None:
        line("There was nothing to score.")
    else:
        evaluation(score, as_lines=False)
    if cross_validation is not None:
        low, high = cross_validation.interval
        share = f"{percent(cross_validation.accuracy)} of {cross_validation.n} images are right"
        line(f"By cross-validation, {share} (95 % confidence: {percent(low)} to {percent(high)}).")


def evaluation(score: "Evaluation", as_lines: bool) -> None:
    """Print a score."""
    if as_lines:
        as_json(score_record(score))
        return
    low, high = score.interval
    line(
        f"{percent(score.accuracy)} of {score.n} images are right (95 % confidence: {percent(low)} to {percent(high)})."
    )
    line(f"Always saying the commonest class would give {percent(score.majority)}.")
    table = Table("class", "found", "right when said", "F1", "images")
    for row in score.per_class:
        table.add_row(row.name, percent(row.recall), percent(row.precision), f"{row.f1:.2f}", str(row.n))
    out.print(table)


def score_record(score: "Evaluation") -> dict[str, Any]:
    """Return a score as the JSON object that `evaluate` prints."""
    return {
        "accuracy": score.accuracy,
        "macro_f1": score.macro_f1,
        "interval": score.interval,
        "majority": score.majority,
        "per_class": [asdict(row) for row in score.per_class],
        "confusion": score.confusion,
        "classes": score.classes,
        "n": score.n,
    }


def prediction(said: "Predicted", classes: Sequence[str], as_lines: bool) -> None:
    """Print what the model says of one image."""
    probabilities = dict(zip(classes, said.probabilities, strict=False))
    best = max(probabilities, key=probabilities.__getitem__, default=None)
    if as_lines:
        as_json({"file": str(said.path), "class": best, "probabilities": probabilities, "problem": said.problem})
    elif best is None:
        warning(said.problem)
    else:
        line(f"{said.path}  {best}  {percent(probabilities[best])}")


def models(backbones: "Sequence[Backbone]", strategies: "Sequence[Strategy]", ready: set[str], as_lines: bool) -> None:
    """Print the pretrained models and the ways to transfer."""
    if as_lines:
        listed = [
            {
                "key": backbone.key,
                "title": backbone.title,
                "parameters": backbone.parameters,
                "file_mb": backbone.file_mb,
                "imagenet_top1": backbone.imagenet_top1,
                "ready": backbone.key in ready,
            }
            for backbone in backbones
        ]
        named = [{"key": strategy.key, "title": strategy.title} for strategy in strategies]
        as_json({"models": listed, "strategies": named})
        return
    table = Table("key", "pretrained model", "weights", "file", "ImageNet", "here")
    for entry in backbones:
        top1 = "—" if entry.imagenet_top1 is None else percent(entry.imagenet_top1)
        here = "ready" if entry.key in ready else ""
        table.add_row(entry.key, entry.title, f"{entry.parameters / 1e6:.1f} M", f"{entry.file_mb:.0f} MB", top1, here)
    out.print(table)
    for strategy in strategies:
        line(f"{strategy.key}: {strategy.summary}")


def check(made: "Survey", as_lines: bool) -> None:
    """Print what is in a folder, how it is split, and what is worth a look."""
    if as_lines:
        as_json(_check_record(made))
        return
    line(f"{len(made.scan.readable)} images in {len(made.scan.classes)} classes. {made.scan.recognised}".strip())
    table = Table("class", "images", "train", "validation", "test")
    for row in _class_rows(made):
        table.add_row(*(str(row.get(key, "")) for key in ("name", "images", *PARTS)))
    out.print(table)
    kept_together(made)
    for finding in made.findings:
        _tell(finding)


def kept_together(made: "Survey", quiet: bool = False) -> None:
    """Print what stays on one side of the split, if anything does."""
    if together := _kept_together(made):
        line(f"Kept together in the split: {together}.", quiet=quiet)


def _tell(finding: "Finding") -> None:
    """Print one finding: a line to see at a glance, below it what to do and the first of its images."""
    from core.data.images import printable

    mark, style = _SEVERITIES[finding.severity]
    out.print()
    out.print(f"{mark:3}{finding.count or ''}{' ' if finding.count else ''}{finding.title}", style=style)
    line(textwrap.indent(textwrap.fill(finding.advice, max(_NARROWEST, out.width - 3)), "   "))
    if finding.remedy:
        line(f"   One click on the Data page: {finding.remedy_title}.")
    named = finding.images[:_NAMED] if finding.count else ()
    for path in named:
        line(f"     {printable(path)}")
    if named and len(finding.images) > _NAMED:
        line(f"     and {len(finding.images) - _NAMED} more")


def _class_rows(made: "Survey") -> list[dict[str, Any]]:
    """Return name, number of images and number in each part of every class."""
    counts: Sequence[Mapping[Any, int]] = made.dataset.counts() if made.dataset else [{} for _ in made.scan.classes]
    images = Counter(image.class_name for image in made.scan.usable)
    return [
        {"name": name, "images": images[name], **parts} for name, parts in zip(made.scan.classes, counts, strict=True)
    ]


def _kept_together(made: "Survey") -> str:
    """Return by what images are kept on one side of the split, or nothing."""
    grouping = next(each for each in made.groupings if each.key == made.grouping)
    kept = ["near-duplicates"] if made.near else []
    return " and ".join([*kept, f"images grouped by {grouping.title}"] if grouping.groups else kept)


def _check_record(made: "Survey") -> dict[str, Any]:
    scan, shortcut = made.scan, made.shortcut
    guesses = shortcut.guesses if shortcut else ()
    return {
        "folder": str(scan.root),
        "layout": scan.layout,
        "recognised": scan.recognised,
        "images": len(scan.readable),
        "classes": _class_rows(made),
        "split": {part: len(made.dataset.part(part)) for part in PARTS} if made.dataset else None,
        "kept_together": _kept_together(made),
        "problem": made.problem,
        "unreadable": [{"file": image.path, "reason": image.problem} for image in scan.unreadable],
        "unlabelled": [image.path for image in scan.readable if not image.class_name],
        "near_duplicates": made.near,
        "shortcut": [{name: value for name, value in asdict(guess).items() if name != "images"} for guess in guesses],
        "findings": [asdict(finding) for finding in made.findings],
    }
