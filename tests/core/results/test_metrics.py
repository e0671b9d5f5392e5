import math
from pathlib import Path

import pytest

from core.results.metrics import Judged, evaluate, wilson


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(57, 60, 0.8630, 0.9829), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval_agrees_with_published_values(right: int, n: int, low: float, high: float) -> None:
    found = wilson(right, n)
    assert math.isclose(found[0], low, abs_tol=5e-4)
    assert math.isclose(found[1], high, abs_tol=5e-4)


def judged(*pairs: tuple[int, int]) -> list[Judged]:
    return [Judged(f"{number}.png", label, said, 0.9) for number, (label, said) in enumerate(pairs)]


def test_a_score_counts_what_was_said() -> None:
    score = evaluate(Path("images"), ("a", "b"), judged((0, 0), (0, 0), (0, 1), (1, 1)))
    assert score.accuracy == 0.75
    assert score.majority == 0.75
    assert score.confusion == ((2, 1), (0, 1))
    assert [(row.name, round(row.recall, 3), row.precision, row.n) for row in score.per_class] == [
        ("a", 0.667, 1.0, 3),
        ("b", 1.0, 0.5, 1),
    ]
    assert math.isclose(score.macro_f1, (0.8 + 2 / 3) / 2)


def test_a_class_without_images_does_not_pull_the_mean_down() -> None:
    score = evaluate(Path("images"), ("a", "b", "c"), judged((0, 0), (1, 1)))
    assert score.macro_f1 == 1.0
    assert score.per_class[2].n == 0
