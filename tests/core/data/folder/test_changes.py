"""What changed in a folder between two looks at it."""

from core.data.folder.changes import Changes, changes
from tests.core.data.conftest import as_scan, found


def test_nothing_changed() -> None:
    scan = as_scan(found("a", "ants"), found("b", "ants"))
    assert changes(scan, scan) == Changes()
    assert not changes(scan, scan)


def test_added_removed_changed_and_renamed_files() -> None:
    before = as_scan(*(found(name, "ants", sha) for name, sha in (("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"))))
    after = as_scan(*(found(name, "ants", sha) for name, sha in (("a", "1"), ("b", "9"), ("e", "3"), ("f", "5"))))
    assert changes(before, after) == Changes(
        added=("ants/f",), removed=("ants/d",), changed=("ants/b",), renamed=(("ants/c", "ants/e"),)
    )


def test_a_copy_is_added_and_not_renamed() -> None:
    before = as_scan(found("a", "ants", "1"))
    after = as_scan(found("a", "ants", "1"), found("b", "ants", "1"))
    assert changes(before, after) == Changes(added=("ants/b",))


def test_files_without_a_content_are_never_renamed() -> None:
    before = as_scan(found("a", "ants", "", problem="the file is empty"))
    after = as_scan(found("b", "ants", "", problem="the file is empty"))
    assert changes(before, after).renamed == ()
