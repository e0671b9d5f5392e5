"""What a run decided about mirror images, beside its weights on disk. Read without loading torch."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.base.errors import UserError
from core.base.files import write_bytes

MIRROR_FILE = "mirror.json"


@dataclass(frozen=True)
class Mirroring:
    """The decision, and the two validation losses (nats) on which it rests, where it was left to them."""

    used: bool
    loss: float | None = None
    mirrored_loss: float | None = None

    @property
    def words(self) -> str:
        """Return the decision and its reason in a sentence; empty where nothing out of the ordinary was decided."""
        if self.loss is None or self.mirrored_loss is None:
            return "The mirror image is asked as well, as you chose." if self.used else ""
        what = "asked as well" if self.used else "not asked as well"
        return (
            f"The mirror image is {what}: with it the loss on the validation images is {self.mirrored_loss:.3f}, "
            f"without it {self.loss:.3f}."
        )

    def save(self, folder: Path) -> None:
        """Write the decision beside the network that it belongs to."""
        write_bytes(folder / MIRROR_FILE, _MIRRORING.dump_json(self, indent=1))


NOT_MIRRORED = Mirroring(used=False)
_MIRRORING = TypeAdapter(Mirroring)


def load_mirroring(folder: Path) -> Mirroring:
    """Read the decision of a run; older runs have none and do not mirror. Raises UserError if it is damaged."""
    file = folder / MIRROR_FILE
    if not file.exists():
        return NOT_MIRRORED
    try:
        return _MIRRORING.validate_json(file.read_bytes())
    except ValidationError:
        raise UserError(f"“{file}” is damaged.", "Train again, or choose another run.") from None
