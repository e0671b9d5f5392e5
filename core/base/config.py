"""RunConfig: the one description of a run. The form, the command line and the report are made from its fields."""

from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_args

import annotated_types
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from core.base.errors import UserError

Level = Literal["plain", "expert"]
Augmentation = Literal["none", "light", "strong", "widest"]
Mixing = Literal["none", "mixup", "cutmix"]


def _setting(default: Any, label: str, help: str, *, unit: str = "", level: Level = "expert", **limits: Any) -> Any:  # noqa: ANN401
    return Field(default, title=label, description=help, json_schema_extra={"unit": unit, "level": level}, **limits)


class RunConfig(BaseModel):
    """What a person may choose about a run. None means "decide for me"; `plan()` then decides and says why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str = _setting("starter", "Pretrained model", "The network whose knowledge is used.", level="plain")
    strategy: str = _setting(
        "feature-extraction", "How to transfer", "How much of the network learns your classes.", level="plain"
    )
    epochs: int | None = _setting(
        None, "Epochs", "How often each training image is seen, at most.", level="plain", ge=1, le=1000
    )
    seed: int = _setting(0, "Seed", "The same seed and images give the same result.", ge=0, le=2**31 - 1)
    device: Literal["auto", "cpu", "cuda", "mps"] = _setting(
        "auto", "Compute on", "auto takes the graphics card if there is one.", level="plain"
    )
    learning_rate: float | None = _setting(
        None, "Learning rate", "Size of each step of the optimiser at its peak.", gt=0, le=1
    )
    batch_size: int | None = _setting(None, "Batch size", "Images per step.", unit="images", ge=2, le=4096)
    weight_decay: float | None = _setting(None, "Weight decay", "Pulls weights towards zero.", ge=0, le=1)
    label_smoothing: float | None = _setting(
        None,
        "Label smoothing",
        "Share of each label spread over all classes; against overconfidence.",
        ge=0,
        lt=1,
    )
    patience: int | None = _setting(
        None, "Patience", "Stop after this many epochs without a lower validation loss.", unit="epochs", ge=1, le=1000
    )
    last_blocks: int | None = _setting(
        None, "Blocks to fine-tune", "How many of the last blocks learn, when only the last ones do.", ge=1, le=50
    )
    image_size: int | None = _setting(
        None, "Image size", "Side of the square that the network sees.", unit="px", ge=32, le=1024
    )
    fit: Literal["crop", "pad"] | None = _setting(
        None, "Fit to square", "crop cuts the longer side; pad keeps the whole image and adds a border."
    )
    folds: int | None = _setting(
        None,
        "Cross-validation",
        "Train so many times more, each time tested on other images: a surer score where images are few.",
        level="plain",
        ge=2,
        le=20,
    )
    augmentation: Augmentation | None = _setting(
        None, "Vary the images", "Random flips, crops and colours, new in each epoch.", level="plain"
    )
    flips: Literal["never", "training", "always"] | None = _setting(
        None,
        "Mirror the images",
        "never: left and right differ; training: while learning; always: the mirror image is asked as well.",
    )
    balance: Literal["none", "weights"] | None = _setting(
        None, "Rare classes", "weights: an image of a rare class counts more, one of a frequent class less."
    )
    mixing: Mixing | None = _setting(
        None, "Mix images", "mixup lays two images over one another, cutmix sets a piece of one into the other."
    )
    averaging: Literal["off", "on"] | None = _setting(
        None, "Average the weights", "Keeps a running mean of the weights, which is calmer; for long training."
    )
    norms: Literal["learn", "keep"] | None = _setting(
        None,
        "Batch statistics",
        "learn: mean and spread of the layers follow your images; keep: they stay as they were.",
    )
    find_rate: Literal["off", "on"] = _setting(
        "off", "Find the learning rate", "Tries rising rates for a moment first, and takes one at which the loss falls."
    )


@dataclass(frozen=True)
class Setting:
    """One field of RunConfig, described for a form or a command line. `kind` is int, float or str.

    `optional` says whether None ("decide for me") is allowed; `minimum` and `maximum` are None where there is no limit.
    """

    name: str
    kind: type
    default: Any
    label: str
    help: str
    unit: str
    level: Level
    optional: bool
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None


def settings() -> tuple[Setting, ...]:
    """Return all settings of a run in the order of the form."""
    return tuple(_describe(name, field) for name, field in RunConfig.model_fields.items())


def _describe(name: str, field: FieldInfo) -> Setting:
    options = [kind for kind in _members(field.annotation) if kind is not NoneType]
    choices = tuple(value for kind in options for value in get_args(kind))
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    return Setting(
        name=name,
        kind=str if choices else options[0],
        default=field.default,
        label=field.title or name,
        help=field.description or "",
        unit=str(extra["unit"]),
        level="plain" if extra["level"] == "plain" else "expert",
        optional=NoneType in _members(field.annotation),
        choices=choices,
        minimum=_limit(field, (annotated_types.Ge, "ge"), (annotated_types.Gt, "gt")),
        maximum=_limit(field, (annotated_types.Le, "le"), (annotated_types.Lt, "lt")),
    )


def _members(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any type annotation
    """Return the members of a union, or the one type."""
    return get_args(annotation) if NoneType in get_args(annotation) else (annotation,)


def _limit(field: FieldInfo, *kinds: tuple[type, str]) -> float | None:
    for limit in field.metadata:
        for kind, attribute in kinds:
            if isinstance(limit, kind):
                return float(getattr(limit, attribute))
    return None


def written(number: float) -> str:
    """Return a number as a person writes it: a whole one in full, however large."""
    return f"{number:.0f}" if float(number).is_integer() else f"{number:g}"


def make_config(**values: Any) -> RunConfig:  # noqa: ANN401 - checked by the model
    """Return a RunConfig; raises UserError naming each wrong setting by its label and what is allowed."""
    try:
        return RunConfig(**values)
    except ValidationError as error:
        problems = [
            f"{_label(problem['loc'])}: {problem['msg']}, not {problem['input']!r}" for problem in error.errors()
        ]
        raise UserError(f"A setting does not fit. {'; '.join(problems)}.", "Correct it and start again.") from None


def _label(location: tuple[int | str, ...]) -> str:
    name = str(location[0])
    field = RunConfig.model_fields.get(name)
    return (field.title if field else None) or name
