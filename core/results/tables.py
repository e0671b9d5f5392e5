"""Predictions as rows for a spreadsheet."""

from collections.abc import Iterable, Sequence

from core.results.predict import Predicted


def prediction_rows(predictions: Iterable[Predicted], classes: Sequence[str]) -> list[list[str]]:
    """Return a header and a row for each file: name, class, certainty (0 to 1), problem, then every class."""
    rows = [["file", "class", "certainty", "problem", *classes]]
    for said in predictions:
        if said.probabilities:
            best = max(range(len(classes)), key=said.probabilities.__getitem__)
            numbers = [f"{probability:.6f}" for probability in said.probabilities]
            rows.append([str(said.path), classes[best], numbers[best], "", *numbers])
        else:
            rows.append([str(said.path), "", "", said.problem, *("" for _ in classes)])
    return rows
