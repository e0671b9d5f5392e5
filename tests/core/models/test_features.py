"""The store of features: round trip, limit, damage, and places that cannot be written."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.models.features import FeatureStore, Vector


def vectors(*names: str, length: int = 256) -> dict[str, Vector]:
    """Return one vector of 1 KB for each name, different for each."""
    return {name: np.full(length, sum(name.encode()), np.float32) for name in names}


def test_vectors_come_back_as_they_were(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    stored = {f"{number:064x}": random.normal(size=7).astype(np.float32) for number in range(1203)}
    FeatureStore(tmp_path).put("a", stored)
    found = FeatureStore(tmp_path).get("a", [*stored, "unknown"])
    assert set(found) == set(stored)
    assert all(np.array_equal(found[name], stored[name]) for name in stored)
    found[f"{0:064x}"][0] = 1  # they may be written to


def test_spaces_are_apart_and_what_is_there_stays(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    store.put("a", vectors("x"))
    store.put("b", vectors("y"))
    store.put("a", {"x": np.zeros(256, np.float32)})
    assert list(store.get("a", ["x", "y"])) == ["x"]
    assert store.get("a", ["x"])["x"][0] == ord("x")
    assert store.get("none", ["x"]) == {} == store.get("a", [])
    assert store.problem == ""


def test_space_used_longest_ago_goes_first(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, limit_bytes=4096)
    for space in ("a", "b", "c"):
        store.put(space, vectors("x"))
    store.get("a", ["x"])
    store.put("d", vectors("x", "y"))
    assert {space for space in "abcd" if store.get(space, ["x"])} == {"a", "c", "d"}
    assert store.problem == ""


def test_deleted_space_leaves_the_disk(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, limit_bytes=1 << 20)
    store.put("large", vectors("x", length=1 << 18))
    before = (tmp_path / "features.db").stat().st_size
    store.put("small", vectors("x"))
    assert before > 1 << 20 > (tmp_path / "features.db").stat().st_size * 4


def test_full_store_keeps_what_it_has_and_says_so(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, limit_bytes=2048)
    store.put("a", vectors("x", "y"))
    store.put("a", vectors("z"))
    assert list(store.get("a", ["x", "y", "z"])) == ["x", "y"]
    assert store.problem == (
        "The stored features have reached 0.0 GB; those of further images are computed in each run."
    )


@pytest.mark.parametrize("damage", [slice(0, 100), slice(4096, 20_000)])
def test_damaged_file_is_begun_anew(tmp_path: Path, damage: slice) -> None:
    store = FeatureStore(tmp_path)
    store.put("a", vectors(*(f"{number}" for number in range(50))))
    content = bytearray((tmp_path / "features.db").read_bytes())
    content[damage] = b"\xa5" * len(content[damage])
    (tmp_path / "features.db").write_bytes(content)
    assert store.get("a", ["1"]) == {}
    store.put("a", vectors("1"))
    assert list(store.get("a", ["1"])) == ["1"]
    assert store.problem == ""


def test_place_that_cannot_be_written_is_as_if_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = FeatureStore(tmp_path / "file")
    store.put("a", vectors("x"))
    assert store.get("a", ["x"]) == {}
    assert store.problem.startswith(f"Features cannot be kept for the next run in “{tmp_path / 'file'}")


def test_locked_file_is_not_taken_for_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.base.disposable._WAIT_S", 0.01)
    store = FeatureStore(tmp_path)
    store.put("a", vectors("x"))
    other = sqlite3.connect(tmp_path / "features.db")
    other.execute("BEGIN IMMEDIATE")
    store.put("a", vectors("y"))
    other.close()
    assert "locked" in store.problem
    assert list(FeatureStore(tmp_path).get("a", ["x", "y"])) == ["x"]


def test_after_a_failure_nothing_more_is_tried_as_each_time_would_wait_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.base.disposable._WAIT_S", 0.01)
    store = FeatureStore(tmp_path)
    store.put("a", vectors("x"))
    other = sqlite3.connect(tmp_path / "features.db")
    other.execute("BEGIN IMMEDIATE")
    store.put("a", vectors("y"))
    other.close()
    store.put("a", vectors("z"))
    assert list(FeatureStore(tmp_path).get("a", ["x", "y", "z"])) == ["x"]
