"""Where Graft keeps what does not belong to a project. Handed in everywhere, so that tests have their own."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """`data` is kept (weights, sample images, recent projects); `cache` may be deleted any time."""

    data: Path
    cache: Path

    @classmethod
    def of_user(cls) -> "Folders":
        """Return the user's folders as the system wants them; GRAFT_HOME, when set, holds both."""
        home = os.environ.get("GRAFT_HOME")
        if home:
            return cls(Path(home) / "data", Path(home) / "cache")
        import platformdirs

        return cls(platformdirs.user_data_path("graft", False), platformdirs.user_cache_path("graft", False))

    @property
    def weights(self) -> Path:
        """Pretrained weights that were downloaded or added."""
        return self.data / "weights"

    @property
    def samples(self) -> Path:
        """The sample images, drawn at first use."""
        return self.data / "samples"

    @property
    def features(self) -> Path:
        """Stored features of frozen networks."""
        return self.cache / "features"

    @property
    def pixels(self) -> Path:
        """Stored squares of images."""
        return self.cache / "pixels"

    @property
    def activations(self) -> Path:
        """What a run cannot hold in memory of what frozen layers make of its images."""
        return self.cache / "activations"
