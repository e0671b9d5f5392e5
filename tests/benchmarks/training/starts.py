"""The same starting weights for every trainer: the starter that ships with Graft, or random ones drawn by a seed.

Nothing is downloaded: the speed of a network does not depend on its weights. Random ones are added to a home of the
benchmark's own, through the same store that `graft weights add` fills.
"""

import re
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from core.models.backbones import BACKBONES, Backbone
from core.models.network import ARCHITECTURES, build, last_layer
from core.models.weights import WeightStore
from tests.benchmarks.training.job import Job

STARTER = "starter"
RANDOM = re.compile(r"random-(\d+)")
"""The key of the starter's network with random weights of a seed: a second start for the comparison of accuracies."""


def backbone_of(key: str) -> Backbone:
    """Return a backbone; that of random weights is registered at its first use, as one that is not built in."""
    if RANDOM.fullmatch(key) and key not in BACKBONES:
        BACKBONES.add(replace(BACKBONES[STARTER], key=key, title="Random weights", sha256=""))
    return BACKBONES[key]


def provide(job: Job) -> None:
    """See to it that the store holds the starting weights of the job."""
    backbone, store = backbone_of(job.backbone), WeightStore(job.folders.weights)
    if store.ready(backbone):
        return
    found = RANDOM.fullmatch(job.backbone)
    drawn = build(backbone, 1, None, int(found[1]) if found else 0)
    file = Path(job.work) / f"{backbone.key}.safetensors"
    save_file({name: value.contiguous() for name, value in drawn.state().items()}, file)
    store.add(backbone, file)
    file.unlink()


def started(job: Job) -> nn.Module:
    """Return torchvision's module, or the starter's, with the starting weights and a head for 1,000 classes."""
    backbone = backbone_of(job.backbone)
    module = ARCHITECTURES[backbone.architecture].make(job.size_px or backbone.size_px)
    module.load_state_dict(WeightStore(job.folders.weights).load(backbone), strict=False)
    return module


def with_head(module: nn.Module, n_classes: int) -> tuple[nn.Module, nn.Linear]:
    """Replace the last layer by a new one for the classes, as tutorials do; return the module and the new layer."""
    name, last = last_layer(module)
    head = nn.Linear(last.weight.shape[1], n_classes)
    module.set_submodule(name, head)
    return module, head
