import pytest

from core.base.process import SPINS, share_the_processor


def waiting(monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, str]:
    """Return how threads will wait if the user has set these variables."""
    environment = dict(given)
    monkeypatch.setattr("os.environ", environment)
    share_the_processor()
    return environment


def test_threads_wait_a_moment_and_then_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting(monkeypatch) == {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": SPINS}


@pytest.mark.parametrize("given", [{"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "PASSIVE"}])
def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    assert waiting(monkeypatch, **given) == given


def test_the_users_own_spin_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting(monkeypatch, GOMP_SPINCOUNT="7")["GOMP_SPINCOUNT"] == "7"
