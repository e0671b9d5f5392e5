import dataclasses
import json
import os
from pathlib import Path

import pytest

from core.base.config import RunConfig, Setting, make_config, settings
from core.base.errors import UserError
from core.base.events import EpochDone, Progress, record
from core.base.files import sha256, write_bytes, write_json, write_through
from core.base.registry import Registry


@dataclasses.dataclass(frozen=True)
class Fruit:
    key: str


@pytest.fixture
def fruits() -> Registry[Fruit]:
    registry = Registry[Fruit]("fruit", lambda fruit: fruit.key)
    for key in ("pear", "apple"):
        registry.add(Fruit(key))
    return registry


def test_a_registry_keeps_the_order_and_finds_by_key(fruits: Registry[Fruit]) -> None:
    assert fruits.keys() == ("pear", "apple") == tuple(fruit.key for fruit in fruits)
    assert (fruits["apple"], len(fruits), "apple" in fruits, "fig" in fruits) == (Fruit("apple"), 2, True, False)


def test_a_registry_refuses_twins(fruits: Registry[Fruit]) -> None:
    with pytest.raises(ValueError, match="two entries of the fruit registry have the key 'pear'"):
        fruits.add(Fruit("pear"))


def test_a_registry_lists_what_exists(fruits: Registry[Fruit]) -> None:
    with pytest.raises(UserError) as caught:
        fruits["fig"]
    assert str(caught.value) == "There is no fruit called “fig”. Choose one of: pear, apple."


def test_an_error_without_a_hint_is_its_message() -> None:
    assert str(UserError("The disk is full.")) == "The disk is full."


def test_files_are_written_whole_with_their_folder(tmp_path: Path) -> None:
    write_bytes(tmp_path / "new" / "a.bin", b"one")
    write_bytes(tmp_path / "new" / "a.bin", b"two")
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"two"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.bin"]
    assert sha256(tmp_path / "new" / "a.bin") == "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"


def test_json_is_readable(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"name": "Käfer"})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "Käfer" in text and text.endswith("}\n") and json.loads(text) == {"name": "Käfer"}


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    file = tmp_path / "a.bin"
    write_bytes(file, b"old")

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    def write(temporary: Path) -> None:
        temporary.write_bytes(b"half of the n")
        if failing == "write":
            fail()

    with monkeypatch.context() as patch:
        if failing == "fsync":
            patch.setattr(os, "fsync", fail)
        if failing == "replace":
            patch.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="No space left"):
            write_through(file, write)
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_an_event_is_recorded_with_its_name_and_fields() -> None:
    assert record(Progress("Reading", 1, 4, 0.25))["event"] == "progress"
    line = record(EpochDone(1, "head", 0.5, 0.8, 0.6, 0.7, True, 1.5))
    assert (line["event"], line["epoch"], line["is_best"]) == ("epoch_done", 1, True)
    assert json.loads(json.dumps(line)) == line


def test_every_setting_says_what_it_is() -> None:
    assert [setting.name for setting in settings()] == list(RunConfig.model_fields)
    for setting in settings():
        assert setting.label and setting.help.endswith("."), setting.name
        assert setting.kind in (int, float, str) and setting.level in ("plain", "expert")
    labels = [setting.label for setting in settings()]
    assert len(labels) == len(set(labels))


def test_every_default_fits_its_own_range() -> None:
    for setting in settings():
        assert setting.default is not None or setting.optional, setting.name
    assert make_config(**{setting.name: setting.default for setting in settings()}) == RunConfig()


def wrong_values() -> list[tuple[Setting, object]]:
    """Return values that no setting may have, from the table that also makes the form."""
    wrong: list[tuple[Setting, object]] = []
    for setting in settings():
        wrong.append((setting, ["a list"]))
        if setting.kind is not str:
            wrong += [(setting, "three"), (setting, float("nan"))]
            wrong += [(setting, setting.minimum - 1)] if setting.minimum is not None else []
            wrong += [(setting, setting.maximum + 1)] if setting.maximum is not None else []
        if setting.choices:
            wrong.append((setting, "something else"))
        if not setting.optional:
            wrong.append((setting, None))
    return wrong


@pytest.mark.parametrize(("setting", "value"), wrong_values(), ids=lambda value: getattr(value, "name", repr(value)))
def test_a_wrong_value_is_refused_by_its_label(setting: Setting, value: object) -> None:
    with pytest.raises(UserError, match=r"^A setting does not fit\.") as caught:
        make_config(**{setting.name: value})
    assert setting.label in caught.value.message
    assert caught.value.hint == "Correct it and start again."


@pytest.mark.parametrize("setting", [setting for setting in settings() if setting.choices], ids=lambda s: s.name)
def test_every_choice_is_accepted(setting: Setting) -> None:
    for choice in setting.choices:
        assert getattr(make_config(**{setting.name: choice}), setting.name) == choice


@pytest.mark.parametrize("setting", [s for s in settings() if s.kind is int], ids=lambda s: s.name)
def test_the_ends_of_a_range_are_accepted(setting: Setting) -> None:
    for end in (setting.minimum, setting.maximum):
        assert end is not None
        assert getattr(make_config(**{setting.name: int(end)}), setting.name) == end


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UserError, match="epoch"):
        make_config(epoch=3)


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().epochs = 3
