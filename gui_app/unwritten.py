"""What a person said of single images, on its way into the project: a few words at once, many beside the window."""

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.data.store.project import Project
    from gui_app.correcting import Said
    from gui_app.image_table import ImageTable

FEW = 500
"""So many corrections are written while the window waits: a few milliseconds."""


class Unwritten:
    """Corrections in the order in which they were said. Any thread may write them; none is written twice."""

    def __init__(self) -> None:
        self._said: deque[Said] = deque()
        self._writing = threading.Lock()

    def add(self, said: "Said") -> None:
        """Take corrections that are to be written."""
        self._said.append(said)

    @property
    def few(self) -> bool:
        """Whether what waits is soon written."""
        return sum(map(len, self._said)) <= FEW

    def write(self, project: "Project", table: "ImageTable | None") -> None:
        """Write all that waits; what cannot be written waits no longer. Raises UserError."""
        from core.data.corrections import Correction, words_of

        with self._writing:
            while self._said:
                said = self._said[0]
                try:
                    known = table.found(path for path, _ in said) if table is not None else {}
                    project.correct(words_of((Correction(*key, value) for key, value in said.items()), known))
                finally:
                    self._said.popleft()
