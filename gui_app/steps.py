"""The five steps: what each is called, when it can be used, and why not if not."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from gui_app.state import PageKey, State


@dataclass(frozen=True)
class Step:
    """One step of the sidebar; its `words` are translated when they are shown."""

    page: PageKey
    words: str

    @property
    def title(self) -> str:
        """What it is called in the language of the window."""
        return _tr(self.words)


def _tr(text: str) -> str:
    return QCoreApplication.translate("steps", text)


STEPS = (
    Step("data", "Data"),
    Step("model", "Model"),
    Step("train", "Train"),
    Step("results", "Results"),
    Step("use", "Use"),
)


def open_steps(state: State) -> frozenset[PageKey]:
    """Return the pages that have something to show or do."""
    usable: dict[PageKey, bool] = {
        "data": state.project is not None,
        "model": state.dataset is not None,
        "train": state.live is not None or state.shown is not None,
        "results": state.shown is not None,
        "use": state.shown is not None,
    }
    return frozenset(page for page, is_open in usable.items() if is_open)


def why_closed(page: PageKey) -> str:
    """Say what is missing before a page can be used."""
    reasons: dict[PageKey, str] = {
        "data": _tr("Choose a folder with your labelled images first"),
        "model": _tr("The images must be read first, with at least two classes"),
        "train": _tr("Choose a model and press Train first"),
        "results": _tr("Train a model first"),
        "use": _tr("Train a model first"),
    }
    return reasons.get(page, "")
