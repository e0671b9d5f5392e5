"""The command line: the same engine without a window, for servers and scripts. Its words are kept stable."""

import inspect
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core import __version__
from core import terminal as show
from core.base.config import Setting, make_config, settings, written
from core.base.errors import UserError
from core.base.events import Finished, Progress, Stop
from core.base.folders import Folders
from core.base.process import prepare_process

if TYPE_CHECKING:
    from core.data.folder.scan import Scan
    from core.data.survey import Survey

app = typer.Typer(
    name="graft",
    help="Teach an image model your own classes. Without a command, the window opens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
weights_app = typer.Typer(help="Add, download or remove the weights of a pretrained model.", no_args_is_help=True)
app.add_typer(weights_app, name="weights")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
ImagesFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder whose subfolders are the classes.")]


def main(argv: list[str] | None = None) -> int:
    """Run one command. Return 0 if done, 1 if the user can mend it, 2 for wrong usage, 130 if interrupted."""
    prepare_process()
    show.bear_any_name()
    try:
        app(argv, prog_name="graft")
    except UserError as error:
        show.error(error)
        return 1
    except OSError as error:  # a name that is too long, a drive that is gone: nothing that a program can mend
        show.error(UserError(f"“{error.filename}”: {error.strerror}.", "Choose another place."))
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        show.line(f"graft {__version__}")
        raise typer.Exit


@app.callback()
def _graft(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def models(json: Json = False) -> None:
    """What can be chosen, and whether its weights are here."""
    from core.models.backbones import BACKBONES
    from core.models.weights import WeightStore
    from core.train.strategies import STRATEGIES

    store = WeightStore(Folders.of_user().weights)
    ready = {backbone.key for backbone in BACKBONES if store.ready(backbone)}
    show.models(list(BACKBONES), list(STRATEGIES), ready, json)


@weights_app.command("add")
def weights_add(key: str, file: Path) -> None:
    """Add a file of weights (.safetensors, .pth) for the pretrained model KEY."""
    from core.models.backbones import BACKBONES
    from core.models.weights import WeightStore

    WeightStore(Folders.of_user().weights).add(BACKBONES[key], file)
    show.line(f"The weights of {BACKBONES[key].title} are ready.")


@weights_app.command("download")
def weights_download(key: str) -> None:
    """Download the weights of the pretrained model KEY; goes on where it was cut off."""
    from core.models.backbones import BACKBONES
    from core.models.weights import WeightStore

    backbone = BACKBONES[key]
    with _interruptible() as stop, show.bar() as bar:
        for progress in WeightStore(Folders.of_user().weights).download(backbone, stop):
            bar(progress)
        if stop():
            raise typer.Exit(130)
    show.line(f"The weights of {backbone.title} are ready.")


@weights_app.command("remove")
def weights_remove(key: str) -> None:
    """Remove the weights of the pretrained model KEY from this computer."""
    from core.models.backbones import BACKBONES
    from core.models.weights import WeightStore

    WeightStore(Folders.of_user().weights).remove(BACKBONES[key])
    show.line(f"The weights of {BACKBONES[key].title} were removed.")


@app.command()
def check(folder: ImagesFolder, json: Json = False) -> None:
    """What is in a folder, what is wrong with it, and how it will be split."""
    from core.data.survey import with_shortcut

    made = with_shortcut(_survey(folder, quiet=json))
    show.check(made, json)
    if made.problem:
        raise UserError(made.problem)


@app.command(hidden=True)
def sample() -> None:
    """Draw the sample images at first use, train the starter on them, and print the score."""
    import tempfile

    from core.data.samples.drawing import SamplesDrawn, draw_samples

    drawn: Path | None = None
    with _interruptible() as stop, show.bar() as bar:
        for event in draw_samples(Folders.of_user().samples, stop=stop):
            if isinstance(event, Progress):
                bar(event)
            if isinstance(event, SamplesDrawn):
                drawn = event.folder
    if drawn is None:
        raise typer.Exit(130)
    show.line(f"Sample images: {drawn}")
    with tempfile.TemporaryDirectory() as folder:
        train(drawn, Path(folder) / "run")


def train(folder: Path, out: Path, json: bool = False, **chosen: Any) -> None:  # noqa: ANN401 - the fields of RunConfig
    """Train a model on the images in FOLDER and score it on test images that training never saw."""
    from core.models.backbones import BACKBONES
    from core.models.device import choose_device
    from core.models.weights import WeightStore
    from core.results.runs import load_run, require_new
    from core.results.session import train as train_session
    from core.train.estimate import estimate
    from core.train.plan import plan

    config = make_config(**{name: value for name, value in chosen.items() if value is not None})
    require_new(out)
    if out.absolute().is_relative_to(folder.absolute()):
        raise UserError(f"“{out}” lies among the images.", "Choose a folder outside of them for the run.")
    backbone, folders = BACKBONES[config.backbone], Folders.of_user()
    made = _survey(folder, quiet=json)
    if made.dataset is None:
        raise UserError(made.problem)
    show.kept_together(made, quiet=json)
    planned = plan(config, made.dataset, choose_device(config.device), WeightStore(folders.weights).ready(backbone))
    with _interruptible() as stop, show.events(planned, json) as tell:
        if not json:
            show.estimated(estimate(planned, folders))
        ended = None
        for event in train_session(planned, out, folders, stop):
            tell(event)
            ended = event
    assert isinstance(ended, Finished)
    if not json:
        show.finished(ended, load_run(out))
    if ended.ending == "stopped":
        raise typer.Exit(130)


def _limits(low: float | None, high: float | None, unit: str) -> str:
    return "" if low is None or high is None else f"{written(low)} to {written(high)} {unit}"


_SEE = dict.fromkeys(("backbone", "strategy"), "see: graft models")


def _option(setting: Setting) -> inspect.Parameter:
    """Return the command-line option of one setting; wrong values are told by the same check as everywhere."""
    kind: Any = Literal[setting.choices] if setting.choices else setting.kind
    limits = _limits(setting.minimum, setting.maximum, setting.unit)
    known = "" if setting.default is None else f"default: {setting.default}"
    facts = ", ".join(fact for fact in (limits.strip(), known, _SEE.get(setting.name, "")) if fact)
    text = f"{setting.help} ({facts})" if facts else setting.help
    option = typer.Option(f"--{setting.name.replace('_', '-')}", help=text, show_default=False)
    annotation = Annotated[kind | None, option]
    return inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _add_train_command() -> None:
    """Give `train` an option for each field of RunConfig."""
    out = Annotated[Path, typer.Option("--out", metavar="RUN", help="A new folder for the run.")]
    fixed = [
        inspect.Parameter("folder", inspect.Parameter.KEYWORD_ONLY, annotation=ImagesFolder),
        inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, annotation=out),
        inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json),
    ]
    parameters = [*fixed, *(_option(setting) for setting in settings())]
    train.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    train.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app.command()(train)


_add_train_command()


@app.command()
def evaluate(run: RunFolder, folder: ImagesFolder, json: Json = False) -> None:
    """Score a trained model on the labelled images in FOLDER."""
    from core.models.device import choose_device
    from core.results.predict import Predictor
    from core.results.session import evaluate_folder

    predictor = Predictor.load(run, choose_device("auto"))
    evaluation, warnings = evaluate_folder(predictor, _scan(folder, quiet=json))
    for warning in warnings:
        show.warning(warning)
    show.evaluation(evaluation, json)


@app.command()
def predict(
    run: RunFolder,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Images, or folders of images.")],
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the predictions here.")] = None,
    json: Json = False,
) -> None:
    """Say which class each image belongs to."""
    from core.base.tables import require_free, write_csv
    from core.data.folder.walk import image_files
    from core.models.device import choose_device
    from core.results.predict import Predictor
    from core.results.tables import prediction_rows

    if csv_file:
        require_free(csv_file)
    predictor = Predictor.load(run, choose_device("auto"))
    files = [file for path in paths for file in image_files(path)]
    predictions = []
    with _interruptible() as stop:
        for predicted in predictor.predict(files, stop):
            predictions.append(predicted)
            if not csv_file:
                show.prediction(predicted, predictor.classes, json)
        interrupted = stop()
    if csv_file:
        write_csv(csv_file, prediction_rows(predictions, predictor.classes))
        show.line(f"{len(predictions)} predictions written to {csv_file}.", quiet=json)
    if interrupted:
        raise typer.Exit(130)


def _scan(folder: Path, quiet: bool) -> "Scan":
    from core.data.folder.scan import Scanned, scan

    with show.bar(quiet) as bar:
        for event in scan(folder):
            if isinstance(event, Progress):
                bar(event)
            if isinstance(event, Scanned):
                return event.scan
    raise AssertionError("a scan ends with what was scanned")


def _survey(folder: Path, quiet: bool) -> "Survey":
    from core.data.near import near_duplicates
    from core.data.survey import survey

    found = _scan(folder, quiet)
    return survey(found, near_duplicates(found.readable))


@contextmanager
def _interruptible() -> Iterator[Stop]:
    """Turn the first Ctrl+C into a wish to stop, so that what was reached is kept; the second one ends at once."""
    asked: list[bool] = []

    def ask(number: int, frame: object) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        show.warning("Stopping and keeping what was reached. Press Ctrl+C again to end at once.")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
