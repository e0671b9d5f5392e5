"""What to know about shortcuts: whether the class shows in something else than what is meant to be learnt."""

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from core.data.facts import Facts
from core.data.findings.finding import Evidence, Finding, Severity, joined, quoted
from core.data.folder.listing import FoundImage
from core.data.shortcut import NATURAL, STRONG, Family, Guess, brightness

_Pair = tuple[FoundImage, Facts]
_Describe = Callable[[Sequence[_Pair], Sequence[_Pair]], list[str]]
_Value = TypeVar("_Value")
_SUBJECTS: dict[Family, str] = {
    "size": "The image size alone",
    "format": "The file format alone",
    "camera": "The camera named in the file alone",
    "captured": "The date of the photo alone",
    "border": "The border alone",
    "brightness": "The brightness alone",
    "colour": "The mean colour alone",
    "together": "Size, format, camera and date together",
}
_SHORT: dict[Family, str] = {
    "size": "size",
    "format": "format",
    "camera": "camera",
    "captured": "date of the photo",
    "border": "border",
    "brightness": "brightness",
    "colour": "mean colour",
}
_CURES: dict[Family, str] = {
    "size": "Mix sizes in each class, or bring all images to one size from the originals.",
    "format": "Save all images anew in one format, best from the originals.",
    "camera": "Take the images of all classes from the same sources and cameras.",
    "captured": "Take the images of all classes from the same sources and days.",
    "border": "Cut the borders off, or give all images the same.",
    "together": "Treat the images of all classes alike.",
}
_MUCH = 0.3
_COMPARED = 2
"""Classes that are described one by one; of more, the one that is told is described against the rest."""


def shortcut(evidence: Evidence) -> Finding | None:
    """The class shows in what has nothing to do with it: how the images were taken and saved."""
    clear = [guess for guess in _clear(evidence) if guess.family not in NATURAL]
    # What several families say together is of interest only where none of them says it alone.
    alone = [guess for guess in clear if guess.family != "together"] or clear
    if not alone:
        return None
    worst, *others = alone
    too = [f"the {_SHORT[guess.family]} ({_percent(guess.accuracy)})" for guess in others]
    also = f" The same goes for {joined(too)}." if too else ""
    advice = (
        f"{_described(evidence, worst)}{_figures(evidence, worst)}{also} The model may learn this instead of what you "
        f"mean, and fail on other images. {_CURES[worst.family]}"
    )
    severity: Severity = "bad" if worst.strength >= STRONG else "warn"
    return Finding("shortcut", severity, 0, _title(evidence, worst), advice, worst.images)


def natural(evidence: Evidence) -> Finding | None:
    """The class shows in brightness or colour, which may well be right."""
    clear = [guess for guess in _clear(evidence) if guess.family in NATURAL]
    if not clear:
        return None
    worst = clear[0]
    advice = (
        f"{_described(evidence, worst)}{_figures(evidence, worst)} Fine if that belongs to the class, as green does to "
        "leaves. If it comes from lamp or camera, the model may learn this instead of what you mean."
    )
    return Finding("shortcut-light", "info", 0, _title(evidence, worst), advice, worst.images)


def _clear(evidence: Evidence) -> list[Guess]:
    guesses = evidence.shortcut.guesses if evidence.shortcut else ()
    return sorted((guess for guess in guesses if guess.clear), key=lambda guess: -guess.strength)


def _title(evidence: Evidence, guess: Guess) -> str:
    classes = evidence.shortcut.classes if evidence.shortcut else ()
    if guess.class_name:
        what = f"{quoted(guess.class_name)} from the rest"
    elif len(classes) == _COMPARED:
        what = " from ".join(map(quoted, classes))
    else:
        what = f"the {len(classes)} classes apart"
    return f"{_SUBJECTS[guess.family]} tells {what} in {_percent(guess.accuracy)} of cases"


def _figures(evidence: Evidence, guess: Guess) -> str:
    n = evidence.shortcut.n if evidence.shortcut else 0
    low, high, chance = (round(100 * share) for share in (guess.low, guess.high, guess.baseline))
    measured = f"measured on {n} images, each class counting alike, it is {low} to {high} %"
    return f"Blind guessing would reach {chance} %; {measured}."


def _described(evidence: Evidence, guess: Guess) -> str:
    """Return in a sentence what differs, or nothing where there is no short way to say it."""
    classes = evidence.shortcut.classes if evidence.shortcut else ()
    name = guess.class_name or (classes[0] if len(classes) == _COMPARED else "")
    if not name or guess.family not in _DESCRIBE:
        return ""
    pairs = [(image, facts) for image, facts in evidence.measured if image.class_name in classes]
    ours = [pair for pair in pairs if pair[0].class_name == name]
    theirs = [pair for pair in pairs if pair[0].class_name != name]
    if not ours or not theirs:
        return ""
    rest = "the rest" if guess.class_name else quoted(classes[1])
    mine, other = _DESCRIBE[guess.family](ours, theirs)
    return f"{quoted(name)}: {mine}; {rest}: {other}. "


def _sizes(*groups: Sequence[_Pair]) -> list[str]:
    """Return the share of one size where that differs much, and else the sizes in the middle."""
    counts = [Counter((image.width_px, image.height_px) for image, _ in pairs) for pairs in groups]
    (width, height), shares = _most_telling(counts)
    if abs(shares[0] - shares[1]) >= _MUCH:
        return [f"{_percent(share)} {width} × {height} pixels" for share in shares]
    return [
        f"about {median(i.width_px for i, _ in pairs):.0f} × {median(i.height_px for i, _ in pairs):.0f} pixels"
        for pairs in groups
    ]


def _days(*groups: Sequence[_Pair]) -> list[str]:
    days = [sorted(facts.captured[:10] for _, facts in pairs if facts.captured) for pairs in groups]
    shares = [len(dated) / len(pairs) for dated, pairs in zip(days, groups, strict=True)]
    if not all(days) or abs(shares[0] - shares[1]) >= _MUCH:
        return [f"{_percent(share)} with a date" for share in shares]
    return [f"{dated[0]} to {dated[-1]}" for dated in days]


def _words(word: Callable[[Facts], str]) -> _Describe:
    """Return a description by the share of the one word that differs most."""

    def describe(*groups: Sequence[_Pair]) -> list[str]:
        telling, shares = _most_telling([Counter(word(facts) for _, facts in pairs) for pairs in groups])
        return [f"{_percent(share)} {telling}" for share in shares]

    return describe


def _most_telling(counts: Sequence[Counter[_Value]]) -> tuple[_Value, list[float]]:
    """Return the value whose share differs most between two groups, and its shares."""
    shares = {value: [count[value] / count.total() for count in counts] for count in counts for value in count}
    return max(shares.items(), key=lambda item: abs(item[1][0] - item[1][1]))


def _middle(value: Callable[[Facts], float]) -> _Describe:
    """Return a description by the brightness of the image in the middle."""

    def describe(*groups: Sequence[_Pair]) -> list[str]:
        return [f"brightness {100 * median(value(facts) for _, facts in pairs):.0f} of 100" for pairs in groups]

    return describe


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


_DESCRIBE: dict[Family, _Describe] = {
    "size": _sizes,
    "format": _words(lambda facts: f"{facts.format} {facts.mode}"),
    "camera": _words(lambda facts: facts.camera or "without a camera’s name"),
    "captured": _days,
    "border": _middle(lambda facts: brightness(facts.border)),
    "brightness": _middle(lambda facts: brightness(facts.colour)),
}
