"""What to know about copies: one picture that lies in the folder more than once, exactly or nearly."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.data.dataset import PARTS, Part
from core.data.findings.finding import Evidence, Finding, joined, left_out, paths, plural
from core.data.folder.listing import FoundImage

_WORTH: tuple[Part, ...] = ("test", "val", "train")
"""Where one picture is on several sides, the first of these keeps it: a test part stays as it was given."""

_PART_WORDS: dict[Part, str] = {"train": "train", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class _Cluster:
    """Different pictures that are nearly the same, without exact copies in one class and part."""

    images: tuple[FoundImage, ...]
    parts: frozenset[Part]

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(image.class_name for image in self.images)


def near_across_parts(evidence: Evidence) -> Finding | None:
    """Near-duplicates on two sides of the split: the score would be too good."""
    across = [cluster for cluster in _clusters(evidence) if len(cluster.parts) > 1]
    if not across:
        return None
    parts = evidence.parts
    spare = [image.path for cluster in across for image in cluster.images if parts.get(image.path) in _spare(cluster)]
    sides = {part for cluster in across for part in cluster.parts}
    where = joined([_PART_WORDS[part] for part in PARTS if part in sides])
    title = f"{plural(len(spare), 'near-duplicate', 'near-duplicates')} across {where}"
    advice = "They would make the score too good: the model is asked about a picture that it has nearly seen."
    training = all(parts[path] == "train" for path in spare)
    remedy_title = f"Leave {plural(len(spare), 'it', 'them')} out of training" if training else "Leave out the copies"
    images = paths(*(cluster.images for cluster in across))
    return Finding("near-across", "bad", len(spare), title, advice, images, remedy_title, left_out(spare))


def in_two_classes(evidence: Evidence) -> Finding | None:
    """One picture with two labels."""
    same = [images for images in evidence.same_content if len({image.class_name for image in images}) > 1]
    if not same:
        return None
    title = plural(len(same), "same image in two classes", "images that lie in two classes each")
    advice = "One of the classes must be wrong, and the model learns both. Keep the right copy only."
    return Finding("two-classes", "bad", len(same), title, advice, paths(*same))


def near_in_two_classes(evidence: Evidence) -> Finding | None:
    """Nearly one picture with two labels: wrong, or a very fine difference."""
    mixed = [cluster for cluster in _clusters(evidence) if len(cluster.classes) > 1]
    if not mixed:
        return None
    title = plural(len(mixed), "picture nearly the same in two classes", "pictures nearly the same in two classes each")
    advice = "Look at them: is a label wrong, or are the classes so much alike?"
    return Finding("near-two-classes", "warn", len(mixed), title, advice, paths(*(cluster.images for cluster in mixed)))


def in_two_parts(evidence: Evidence) -> Finding | None:
    """One picture in two parts that the folder brings."""
    same = [images for images in evidence.same_content if len({image.part for image in images}) > 1]
    if not same:
        return None
    spare = [image.path for images in same for image in images if image.part != _kept(i.part for i in images if i.part)]
    title = plural(len(same), "same image in two parts", "images that lie in two parts each")
    advice = "They would make the score too good. Only the copy in the test part, or else in validation, is used."
    return Finding(
        "two-parts", "warn", len(same), title, advice, paths(*same), "Leave out the other copies", left_out(spare)
    )


def copies(evidence: Evidence) -> Finding | None:
    """Exact copies in one class and part."""
    same = [images for images in evidence.same_content if len({(i.class_name, i.part) for i in images}) == 1]
    if not same:
        return None
    spare = [image.path for images in same for image in images[1:]]
    title = plural(len(spare), "exact copy of another image", "exact copies of other images")
    advice = "Copies stay on one side of the split, but each counts again. Leave them out if that is not meant."
    remedy_title = plural(len(spare), "Leave out the copy", "Leave out the copies")
    return Finding("copies", "warn", len(spare), title, advice, paths(*same), remedy_title, left_out(spare))


def near_in_one_class(evidence: Evidence) -> Finding | None:
    """Near-duplicates that do no harm: of one class, on one side."""
    alike = [cluster for cluster in _clusters(evidence) if len(cluster.classes) == 1 and len(cluster.parts) <= 1]
    if not alike:
        return None
    extra = sum(len(cluster.images) - 1 for cluster in alike)
    title = plural(extra, "near-duplicate of another image", "near-duplicates of other images")
    advice = "They stay on one side of the split, so the score stays honest."
    return Finding("near", "info", extra, title, advice, paths(*(cluster.images for cluster in alike)))


def _clusters(evidence: Evidence) -> Iterator[_Cluster]:
    """Yield clusters of at least two contents, as far as they are used: exact copies are spoken of by themselves."""
    by_path = {image.path: image for image in evidence.labelled}
    for cluster in evidence.near:
        used = [by_path[path] for path in cluster if path in by_path]
        if evidence.dataset is not None:
            used = [image for image in used if image.path in evidence.parts]
        contents: dict[str, list[FoundImage]] = defaultdict(list)
        for image in used:
            contents[image.sha256 or image.path].append(image)
        if len(contents) > 1:
            sides = {_kept(side) for same in contents.values() if (side := _sides(evidence, same))}
            yield _Cluster(tuple(used), frozenset(sides))


def _sides(evidence: Evidence, images: Iterable[FoundImage]) -> set[Part]:
    return {evidence.parts[image.path] for image in images if image.path in evidence.parts}


def _kept(parts: Iterable[Part]) -> Part:
    return min(parts, key=_WORTH.index)


def _spare(cluster: _Cluster) -> frozenset[Part]:
    return cluster.parts - {_kept(cluster.parts)}
