"""Runs jobs in processes of their own, one at a time, and keeps what they measured."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.training.job import JOB, OUTCOME, Job, Outcome
from tests.benchmarks.training.worker import PEERS

ROOT = Path(__file__).resolve().parents[3]


class FailedError(Exception):
    """A trainer came to no result; the message is the end of what it printed."""


def measure(job: Job) -> Outcome:
    """Return what one job measured; raises FailedError if it did not end well."""
    job.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        order, answer = Path(folder) / "job.json", Path(folder) / "outcome.json"
        order.write_bytes(JOB.dump_json(job))
        command = [sys.executable, "-m", "tests.benchmarks.training.worker", str(order), str(answer)]
        # within that folder, as trainers leave logs where they are started
        done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, errors="replace")
        if done.returncode or not answer.exists():
            raise FailedError(f"{job.trainer}: {done.stderr.strip()[-600:]}")
        return OUTCOME.validate_json(answer.read_bytes())


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def peers_here() -> tuple[str, ...]:
    """Return the peers that are installed; the tutorial's loop needs nothing but torch."""
    return tuple(name for name in PEERS if name == "tutorial" or importlib.util.find_spec(name))
