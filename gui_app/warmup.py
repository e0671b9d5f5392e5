"""What is found out beside the window once it stands: which weights are here, and what to compute on. Loads torch."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.base.errors import UserError
from core.base.events import Stop
from core.base.folders import Folders


@dataclass(frozen=True)
class WeightsReady:
    """The keys of all backbones whose weights are on this computer."""

    keys: frozenset[str]


def ready_weights(folders: Folders) -> WeightsReady:
    """Look which weights are here."""
    from core.models.backbones import BACKBONES
    from core.models.weights import WeightStore

    store = WeightStore(folders.weights)
    return WeightsReady(frozenset(backbone.key for backbone in BACKBONES if store.ready(backbone)))


@dataclass(frozen=True)
class NoDevice:
    """There is nothing to compute on as wished, and why."""

    problem: str


def find_device(wish: str, stop: Stop) -> Iterator[object]:
    """Yield the DeviceChoice for a wish, or NoDevice."""
    from core.models.device import choose_device

    try:
        yield choose_device(wish)
    except UserError as error:
        yield NoDevice(str(error))


def warm_up(folders: Folders, wish: str, stop: Stop) -> Iterator[object]:
    """Yield WeightsReady, then the DeviceChoice, and load what planning and training will need."""
    yield ready_weights(folders)
    import core.train.plan

    yield from find_device(wish, stop)
    if not stop():
        import core.results.session  # noqa: F401 - so that the first run starts at once
