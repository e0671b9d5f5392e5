"""How Python shares its one lock between the window and the threads beside it, so that the window waits briefly.

A full search for objects that only hold on to each other takes half a second over torch and the records of 100,000
images, and no thread goes on meanwhile. And each call into Qt gives the lock away, which a thread that computes then
keeps for a whole switch interval.
"""

import gc
import sys

SWITCH_S = 0.0005
"""A tenth of what is usual: a page that makes a hundred calls into Qt waits for a twentieth of a second at most."""

RARELY = (700, 10, 1000)
"""New objects are searched as usual, old ones after some seven million more, so in truth only by `search`."""


def favour_the_window() -> None:
    """Hand the lock over soon, and leave old objects alone."""
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*RARELY)


def pass_over() -> None:
    """Let no later search go through what is there now: to be called once much was made that stays.

    It is given back all the same when nobody needs it; only a ring of objects that hold each other would stay.
    """
    gc.collect(1)  # what is new and forgotten already goes now
    gc.freeze()


def search() -> None:
    """Give back what only holds on to itself, among all that was made since the last `pass_over`."""
    gc.collect()


def let_go() -> None:
    """Let the end of the program find all objects again: libraries complain there of what seems to be forgotten."""
    gc.unfreeze()
