"""What is loaded and found out beside the window once it stands: which weights are here, and what to compute on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.base.errors import UserError
from core.base.events import Stop
from core.base.folders import Folders
from gui_app import interpreter

if TYPE_CHECKING:
    from core.models.device import DeviceChoice


@dataclass(frozen=True)
class WeightsReady:
    """The keys of all backbones whose weights are on this computer."""

    keys: frozenset[str]


@dataclass(frozen=True)
class DeviceFound:
    """What to compute on."""

    device: "DeviceChoice"


@dataclass(frozen=True)
class NoDevice:
    """There is nothing to compute on as wished, and why."""

    problem: str


def ready_weights(folders: Folders) -> WeightsReady:
    """Look which weights are here."""
    from core.models.backbones import BACKBONES
    from core.models.weights import WeightStore

    store = WeightStore(folders.weights)
    return WeightsReady(frozenset(backbone.key for backbone in BACKBONES if store.ready(backbone)))


def find_device(wish: str) -> DeviceFound | NoDevice:
    """Return the device for a wish, or why there is none."""
    from core.models.device import choose_device

    try:
        return DeviceFound(choose_device(wish))
    except UserError as error:
        return NoDevice(str(error))


def warm_up(folders: Folders, wish: str, stop: Stop) -> Iterator[object]:
    """Load what the pages will need, in the order in which a person can come to need it; torch comes last.

    Nothing of Qt may be loaded here: importing its modules beside the running window crashes now and then.
    """
    import core.data.folder.scan
    import core.data.store.project
    import core.train.plan

    yield ready_weights(folders)
    yield find_device(wish)
    if not stop():
        import matplotlib.backends.backend_agg  # noqa: F401 - so that the curves of the first run are drawn at once

        import core.results.session  # noqa: F401 - so that the first run starts at once
    interpreter.pass_over()
