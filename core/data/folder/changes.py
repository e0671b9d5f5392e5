"""What changed in a folder between two scans of it."""

from dataclasses import dataclass

from core.data.folder.listing import FoundImage, Scan


@dataclass(frozen=True)
class Changes:
    """Paths of images; `renamed` holds the old and the new path of a content that only moved."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.added or self.removed or self.changed or self.renamed)


def changes(before: Scan, after: Scan) -> Changes:
    """Compare two scans of one folder, by path and content; a file that appeared with the content of one that went
    away was renamed."""
    old = {image.path: image for image in before.images}
    new = {image.path: image for image in after.images}
    gone = {image.sha256: path for path, image in old.items() if path not in new and image.sha256}
    renamed = []
    for path in new:
        if path not in old and (origin := gone.pop(new[path].sha256, "")):
            renamed.append((origin, path))
    came, left = {path for _, path in renamed}, {path for path, _ in renamed}
    return Changes(
        added=tuple(path for path in new if path not in old and path not in came),
        removed=tuple(path for path in old if path not in new and path not in left),
        changed=tuple(path for path in new if path in old and _content(new[path]) != _content(old[path])),
        renamed=tuple(renamed),
    )


def _content(image: FoundImage) -> tuple[str, str]:
    return image.sha256, image.problem
