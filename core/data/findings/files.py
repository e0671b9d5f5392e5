"""What to know about the files: which are left aside and why, and what they tell about people."""

from collections import Counter, defaultdict

from core.data.corrections import Correction
from core.data.findings.finding import Evidence, Finding, listed, paths, plural, quoted

_FEW = 3
"""So many unreadable files are named one by one."""


def reading(evidence: Evidence) -> Finding | None:
    """What to check about how the folder was read."""
    doubts = evidence.scan.doubts
    if not doubts:
        return None
    title = plural(len(doubts), "thing to check in how the folder was read", "things to check in how it was read")
    return Finding("reading", "warn", len(doubts), title, " ".join(doubts))


def unreadable(evidence: Evidence) -> Finding | None:
    """Files that cannot be read, with the reason."""
    bad = [image for image in evidence.kept if image.problem]
    if not bad:
        return None
    if len(bad) <= _FEW:
        told = [f"{quoted(image.path)}: {image.problem}" for image in bad]
    else:
        by_reason: dict[str, list[str]] = defaultdict(list)
        for image in bad:
            by_reason[image.problem].append(image.path)
        commonest = sorted(by_reason.items(), key=lambda item: -len(item[1]))
        told = [f"{len(names)}: {reason} ({listed([quoted(n) for n in names[:1]])})" for reason, names in commonest]
    return Finding(
        "unreadable", "bad", len(bad), "can’t be read", f"Left out of training. {listed(told, '; ')}.", paths(bad)
    )


def missing(evidence: Evidence) -> Finding | None:
    """Files that a table names and the folder lacks."""
    names = evidence.scan.missing
    if not names:
        return None
    advice = f"The table names {plural(len(names), 'it', 'them')}: {listed([quoted(name) for name in names])}."
    return Finding("missing", "warn", len(names), plural(len(names), "file is missing", "files are missing"), advice)


def empty(evidence: Evidence) -> Finding | None:
    """Class folders without any image."""
    names = evidence.scan.empty
    if not names:
        return None
    title = plural(len(names), "folder without images", "folders without images")
    advice = f"Not a class until there are some: {listed([quoted(name) for name in names])}."
    return Finding("empty", "warn", len(names), title, advice)


def unlabelled(evidence: Evidence) -> Finding | None:
    """Images without a class."""
    images = [image for image in evidence.readable if not image.class_name]
    if not images:
        return None
    advice = "Label them with the keys 1–9 on the Data page, or leave them: they are not used for training."
    return Finding("unlabelled", "info", len(images), "unlabelled", advice, paths(images))


def left_out_by_hand(evidence: Evidence) -> Finding | None:
    """Images that a person left out, here or in a table."""
    images = [image for image in evidence.scan.images if image.left_out]
    if not images:
        return None
    # not None, "as the folder has it": a table may be what leaves it out
    again = tuple(Correction(image.path, "left_out", "no") for image in images)
    advice = "Used for nothing. The files are as they were."
    return Finding("left-out", "info", len(images), "left out", advice, paths(images), "Use them again", again)


def outside(evidence: Evidence) -> Finding | None:
    """Files and folders that belong to no class."""
    names = evidence.scan.outside
    if not names:
        return None
    advice = f"Left out: {listed([quoted(name) for name in names])}."
    return Finding("outside", "info", len(names), "not in a class folder", advice)


def personal(evidence: Evidence) -> Finding | None:
    """Files that tell about people: positions, names, serial numbers."""
    images = [image for image, facts in evidence.measured if facts.personal]
    if not images:
        return None
    kinds = Counter(kind for _, facts in evidence.measured for kind in facts.personal)
    counted = ", ".join(f"{kind} in {count}" for kind, count in kinds.most_common())
    title = plural(len(images), "image with personal data in its file", "images with personal data in their files")
    advice = f"{counted[0].upper()}{counted[1:]}. Graft keeps none of it; think of it before you pass the files on."
    return Finding("personal", "info", len(images), title, advice, paths(images))
