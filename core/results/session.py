"""The whole of one run: plan written, network trained, best epoch scored on the test images, all recorded."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError

from core.base.errors import UserError
from core.base.events import Event, Finished, Stop, Warned, never
from core.base.folders import Folders
from core.data.folder.scan import Scan
from core.data.images import printable
from core.data.reading import require_there
from core.results.crossval import cross_validate
from core.results.metrics import Evaluation, Judged, evaluate
from core.results.predict import Predictor
from core.results.runs import RunWriter, save_cross_validation, save_evaluation
from core.results.scoring import judge, said_of
from core.train.costs import chosen, costs, needs_measuring
from core.train.pace import Pace
from core.train.plan import RunPlan, with_digest
from core.train.run import SCORE, begin, memory_told, run, stages

Result = TypeVar("Result")


def train(plan: RunPlan, folder: Path, folders: Folders, stop: Stop = never) -> Iterator[Event]:
    """Do the run and record it in `folder`; yield its events, of which the last is `Finished` with the score.

    When stopped, the best epoch so far is kept and scored. Raises UserError for what the user can mend.
    """
    plan = with_digest(plan, folders)
    network = begin(plan, folders)
    with memory_told(plan):
        measured = costs(plan, folders, network) if needs_measuring(plan) else None
    plan = chosen(plan, measured)
    writer = RunWriter(folder, plan)
    pace = Pace(stages(plan, measured))
    try:
        for note in plan.dataset.notes:
            writer.add(Warned(f"Left out: {note}"))
            yield Warned(f"Left out: {note}")
        for event in run(plan, network, folder, folders, _unpaused(stop, pace), pace):
            scored = isinstance(event, Finished) and event.best_epoch > 0
            if isinstance(event, Finished) and scored:
                event = yield from _scored_or_kept(event, writer, _scored(event, plan, folder, folders, pace))
            writer.add(event)  # before the folds, which take long: the run is whole without them
            if scored:
                yield from _recorded(writer, _cross_validated(plan, folder, folders, stop))
            yield event
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"The run could not be kept in “{folder}”: {error}.", "Make room there and train again."
        ) from error
    finally:
        writer.close()


def _scored_or_kept(
    finished: Finished, writer: RunWriter, scoring: Generator[Event, None, Finished]
) -> Generator[Event, None, Finished]:
    """Score; a run that is left or fails in the middle of it has ended all the same, only without a score."""
    try:
        return (yield from _recorded(writer, scoring))
    except (GeneratorExit, UserError):
        writer.add(finished)
        raise


def _recorded(writer: RunWriter, events: Generator[Event, None, Result]) -> Generator[Event, None, Result]:
    """Pass events on and keep them; return what their generator returns."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            result: Result = end.value
            return result
        writer.add(event)
        yield event


def _unpaused(stop: Stop, pace: Pace) -> Stop:
    """Return `stop` such that the time for which it blocks, which is a pause, is not counted as work."""

    def asked() -> bool:
        begun = time.monotonic()
        answer = stop()
        pace.leave_out(time.monotonic() - begun)
        return answer

    return asked


def _scored(
    finished: Finished, plan: RunPlan, folder: Path, folders: Folders, pace: Pace
) -> Generator[Event, None, Finished]:
    """Score the network as it was saved, so that the number is that of the file which will be used."""
    images = plan.dataset.part("test")
    if not images:
        return finished
    pace.enter(SCORE)
    predictor = Predictor.load(folder, plan.device)
    judged: list[Judged] = []
    for image, said in zip(images, said_of(predictor, plan, images, folders), strict=True):
        if said.problem:
            require_there(plan.dataset.root)
            yield Warned(f"Not scored: {said.problem}")
        else:
            judged.append(judge(image.path, image.label, said.probabilities))
        progress = pace.advance(1)
        if progress:
            yield progress
    if not judged:
        return finished
    evaluation: Evaluation = evaluate(plan.dataset.root, plan.dataset.classes, judged)
    save_evaluation(folder, evaluation)
    return replace(
        finished,
        seconds=pace.seconds,
        accuracy=evaluation.accuracy,
        macro_f1=evaluation.macro_f1,
        n_test=evaluation.n,
    )


def _cross_validated(plan: RunPlan, folder: Path, folders: Folders, stop: Stop) -> Generator[Event, None, None]:
    """Add the score of all folds, if that was wished; the run has its own score in any case."""
    if plan.config.folds is None or stop():
        return
    try:
        evaluation = yield from cross_validate(plan, plan.config.folds, folders, stop)
    except UserError as problem:
        yield Warned(str(problem))
        return
    if evaluation is not None:
        save_cross_validation(folder, evaluation)
    elif stop():
        yield Warned("Cross-validation was stopped before its end: there is no score of all folds.")


def evaluate_folder(predictor: Predictor, scan: Scan) -> tuple[Evaluation, tuple[str, ...]]:
    """Score a model on labelled images; return the score and what a person should know about it.

    Of a folder with parts, the test part is scored if there is one. Raises UserError if a class is unknown to the
    model, or nothing can be scored.
    """
    unknown = [name for name in scan.classes if name not in predictor.classes]
    if unknown:
        raise UserError(
            f"The model knows no class called “{printable(unknown[0])}”.",
            f"It knows {', '.join(printable(name) for name in predictor.classes)}.",
        )
    chosen = [image for image in scan.usable if image.part == "test"] or list(scan.usable)
    labels = {name: label for label, name in enumerate(predictor.classes)}
    said = predictor.predict([scan.root / image.path for image in chosen])
    pairs = list(zip(chosen, said, strict=True))
    judged = [judge(image.path, labels[image.class_name], row.probabilities) for image, row in pairs if not row.problem]
    if not judged:
        raise UserError(f"None of the images in “{printable(str(scan.root))}” could be read.", "Choose another folder.")
    warnings = [f"Left out: “{printable(image.path)}”: {image.problem}." for image in scan.unreadable]
    warnings += [f"Left out: {row.problem}" for _, row in pairs if row.problem]
    learned = {image.sha256 for image in predictor.plan.dataset.images if image.part != "test"}
    n_seen = sum(image.sha256 in learned for image in chosen)
    if n_seen:
        warnings.append(f"{n_seen} of these images were used in training: the score is too good.")
    return evaluate(scan.root, predictor.classes, judged), tuple(warnings)
