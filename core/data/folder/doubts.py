"""What a person should check about how a folder was read, in whole sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence

from core.data.folder.label_table import LabelTable, Tables
from core.data.folder.layouts import FolderLayout, InnerLayout, Layout, TableLayout, normal
from core.data.folder.walk import Folder
from core.data.images import printable


def doubts_about(ways: Sequence[Layout], tables: Tables, folders: Sequence[Folder], *, wished: bool) -> tuple[str, ...]:
    """Return the doubts about the first of the ways to read a folder; a person who `wished` it knows the others."""
    return tuple(_doubts(ways, tables, folders, wished))


def tables_further_down(folders: Sequence[Folder]) -> tuple[str, ...]:
    """Return a sentence on a table in a folder below the root, if there is one: those are not read."""
    deeper = sorted("/".join((*folder.names, name)) for folder in folders if folder.names for name in folder.tables)
    if not deeper:
        return ()
    return (f"“{printable(deeper[0])}” was not read: put a table of labels right into the folder that you choose.",)


def _doubts(ways: Sequence[Layout], tables: Tables, folders: Sequence[Folder], wished: bool) -> Iterator[str]:
    layout = ways[0]
    if isinstance(layout, TableLayout):
        yield from layout.table.doubts
        yield from _tables_beside(layout.table, tables, wished)
    elif isinstance(layout, FolderLayout):
        yield from _one_name_twice(layout, folders)
        if not wished:
            yield from map(_not_used, tables.usable)
            yield from (_same_inside(way) for way in ways if isinstance(way, InnerLayout))
    yield from tables.doubts


def _tables_beside(used: LabelTable, tables: Tables, wished: bool) -> Iterator[str]:
    """Tell of tables that are not used: for other images (train.csv beside test.csv), or for the same ones."""
    for other in tables.usable:
        further = sum(bool(row.label) for path, row in other.rows.items() if not _labels(used, path))
        shown = f"“{printable(other.name)}”"
        if further:
            images = "image" if further == 1 else "images"
            without = f"{shown} labels {further} {images} that “{printable(used.name)}” does not, and is not used"
            yield f"{without}: put all rows into one table."
        elif other is not used and not wished:
            but = f"{shown} gives labels too, but “{printable(used.name)}” is used."
            yield f"{but} Choose the other reading if that one is right."


def _labels(table: LabelTable, path: str) -> bool:
    return path in table.rows and bool(table.rows[path].label)


def _not_used(table: LabelTable) -> str:
    but = f"“{printable(table.name)}” labels {table.n_labelled} images, but the folders were used as classes."
    return f"{but} Choose the other reading if the table is right."


def _same_inside(inner: InnerLayout) -> str:
    names = [printable(name) for name in inner.names]
    shown = f"{', '.join(names[:2])} and {len(names) - 2} more" if len(names) > 2 else " and ".join(names)
    return f"Each class folder holds the same folders, {shown}: are those the classes?"


def _one_name_twice(layout: FolderLayout, folders: Sequence[Folder]) -> Iterator[str]:
    """Tell of folders side by side whose names look the same: Unicode writes some letters in two ways."""
    deep = (folder.names for folder in folders if len(folder.names) == layout.depth)
    same = Counter((*names[:-1], normal(names[-1])) for names in deep)
    for names, count in sorted(same.items()):
        if count > 1:
            shown = f"“{printable('/'.join(names))}”"
            yield f"{count} folders look alike in their name, {shown}, and are one class: rename one if they are two."
