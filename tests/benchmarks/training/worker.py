"""Does one job in a process of its own, so that its memory is its own: `python -m ….worker JOB_FILE OUTCOME_FILE`.

What every trainer loads at its first step is loaded before, as imports are left out of what is measured.
"""

import importlib
import os
import sys
from dataclasses import replace
from pathlib import Path

from core.base.process import prepare_process
from tests.benchmarks.training.job import JOB, OUTCOME

TRAINERS = {
    "survey": "survey",
    "bound": "bound",
    "graft": "graft",
    "tutorial": "peers.tutorial",
    "fastai": "peers.fastai",
    "timm": "peers.timm",
    "lightning": "peers.lightning",
}
PEERS = ("tutorial", "fastai", "timm", "lightning")


def main(arguments: list[str]) -> None:
    """Do the job in the first file and write its outcome to the second."""
    job = JOB.validate_json(Path(arguments[0]).read_bytes())
    if job.trainer in ("graft", "bound"):  # as the command line does; the others are run as their users would
        prepare_process()
    trainer = importlib.import_module(f"tests.benchmarks.training.{TRAINERS[job.trainer]}")
    warm_up()
    before = cpu_seconds()
    outcome = trainer.train(job)
    outcome = replace(outcome, peak_mb=peak_mb(), cpu_seconds=cpu_seconds() - before)
    Path(arguments[1]).write_bytes(OUTCOME.dump_json(outcome))


def warm_up() -> None:
    """Make one step of a tiny network: the first one in a process loads modules for a second or two."""
    import torch
    from torch import nn

    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8 * 36, 2))
    for kind in (torch.optim.AdamW, torch.optim.SGD):
        optimiser = kind(network.parameters(), lr=1e-3)
        network(torch.rand(2, 3, 8, 8)).sum().backward()
        optimiser.step()


def cpu_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    return sum(os.times()[:4])


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main(sys.argv[1:])
