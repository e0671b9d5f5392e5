"""Results as JSON lines, each on disk as soon as it is there: what was measured before a stop is not measured again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.training.job import OUTCOME, Outcome

Key = Mapping[str, str | int]
"""What a result belongs to, such as {"backbone": "resnet18", "trainer": "timm", "round": 2}."""


@dataclass(frozen=True)
class Records:
    """The results in one file."""

    file: Path

    def add(self, key: Key, outcome: Outcome) -> None:
        """Append one result."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({**key, **OUTCOME.dump_python(outcome, mode="json")})
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")

    def find(self, **wanted: str | int) -> Iterator[tuple[Key, Outcome]]:
        """Yield all results whose keys have these values, in the order in which they came."""
        for key, outcome in self._all():
            if all(key.get(name) == value for name, value in wanted.items()):
                yield key, outcome

    def _all(self) -> Iterator[tuple[Key, Outcome]]:
        if not self.file.exists():
            return
        for line in self.file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            of_outcome = {name: row.pop(name) for name in OUTCOME_FIELDS}
            yield row, OUTCOME.validate_python(of_outcome)


OUTCOME_FIELDS = tuple(Outcome.__dataclass_fields__)
