"""Which device is chosen, and what is said of it."""

import pytest
import torch

from core.base.errors import UserError
from core.models.device import choose_device


def without_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("shutil.which", lambda name: None)


def test_processor_is_taken_when_wished_for() -> None:
    choice = choose_device("cpu")
    assert (choice.kind, choice.reason) == ("cpu", "You chose it.")
    assert choice.memory_mb > 100


def test_auto_says_why_it_is_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    without_cards(monkeypatch)
    choice = choose_device("auto")
    assert choice.kind == "cpu"
    assert choice.reason == "There is no NVIDIA graphics card. The processor computes instead."


def test_card_that_torch_cannot_reach_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    without_cards(monkeypatch)
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "torch was installed without support for it" in choose_device("auto").reason
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert "torch cannot reach it; its driver may be too old" in choose_device("auto").reason


def test_card_that_does_not_work_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("no kernel image is available\nlong explanation")

    without_cards(monkeypatch)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", broken)
    reason = choose_device("auto").reason
    assert reason.startswith("The NVIDIA graphics card does not work with this torch: no kernel image is available.")


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ("cuda", "There is no NVIDIA graphics card. Choose “auto” or “cpu” to compute on the processor."),
        ("mps", "There is no Apple graphics processor. Choose “auto” or “cpu” to compute on the processor."),
        ("tpu", "There is no device called “tpu”. Choose auto, cpu, cuda or mps."),
    ],
)
def test_wished_card_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch, wish: str, message: str) -> None:
    without_cards(monkeypatch)
    with pytest.raises(UserError) as caught:
        choose_device(wish)
    assert str(caught.value) == message


def test_working_card_is_taken() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no graphics card")
    choice = choose_device("auto")
    assert (choice.kind, choice.name) == ("cuda", torch.cuda.get_device_name())
    assert choice.memory_mb > 1000
