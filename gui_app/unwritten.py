"""What a person said of single images, on its way into the project: a few words at once, many beside the window."""

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.data.corrections import Correction
    from core.data.store.project import Project
    from gui_app.image_table import ImageTable

FEW = 500
"""So many corrections are written while the window waits: a few milliseconds."""


class Unwritten:
    """Corrections in the order in which they were said. Any thread may write them; none is written twice."""

    def __init__(self) -> None:
        self._said: deque[tuple[Correction, ...]] = deque()
        self._writing = threading.Lock()

    def add(self, corrections: "tuple[Correction, ...]") -> None:
        """Take corrections that are to be written."""
        self._said.append(corrections)

    @property
    def few(self) -> bool:
        """Whether what waits is soon written."""
        return sum(map(len, self._said)) <= FEW

    def write(self, project: "Project", table: "ImageTable | None") -> None:
        """Write all that waits; what cannot be written waits no longer. Raises UserError."""
        from core.data.corrections import words_of

        with self._writing:
            while self._said:
                corrections = self._said[0]
                try:
                    known = table.found(each.path for each in corrections) if table is not None else {}
                    project.correct(words_of(corrections, known))
                finally:
                    self._said.popleft()
