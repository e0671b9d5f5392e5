"""Downloads from a server in a thread: whole, cut off, going on, refused, wrong."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from core.base.errors import UserError
from core.base.events import Progress
from core.base.files import sha256
from core.models import download as module
from core.models.backbones import Backbone
from core.models.network import build
from core.models.weights import WeightStore
from tests.core.models.tiny import register


@dataclass
class Server:
    """What the server sends and how; `ranges` is what it was asked for. `cut` ends each answer after so many bytes."""

    content: bytes
    url: str = ""
    status: int = 0
    knows_ranges: bool = True
    cut: int | None = None
    ranges: list[str | None] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers["Range"]
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.knows_ranges else 0
        status = self.status or (416 if start >= len(self.content) else 206 if start else 200)
        body = self.content[start:] if status < 400 else b""
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: self.cut])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    torch.save(build(register(), 1000, None, seed=3).state(), tmp_path / "served.pth")
    made = Server((tmp_path / "served.pth").read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.answer(self)

        def log_message(self, format: str, *args: object) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{http.server_port}/tiny.pth"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield made
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def tiny(server: Server, tmp_path: Path) -> Backbone:
    return replace(register(), url=server.url, sha256=sha256(tmp_path / "served.pth")[:8])


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightStore:
    monkeypatch.setattr(module, "_CHUNK", 8192)
    return WeightStore(tmp_path / "store")


def part(tmp_path: Path) -> Path:
    return tmp_path / "store" / "tiny.pth.part"


def refused(store: WeightStore, backbone: Backbone) -> UserError:
    with pytest.raises(UserError) as caught:
        list(store.download(backbone))
    assert not store.ready(backbone)
    return caught.value


def test_download_is_checked_stored_and_told(
    store: WeightStore, server: Server, tiny: Backbone, tmp_path: Path
) -> None:
    events = list(store.download(tiny))
    assert torch.equal(store.load(tiny)["conv1.0.weight"], build(tiny, 2, None, seed=3).state()["conv1.0.weight"])
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions) and fractions[-1] == 1 and len(fractions) > 5
    assert events[0] == Progress("Downloading", 8192, len(server.content), events[0].fraction, events[0].seconds_left)
    assert sorted(path.suffix for path in (tmp_path / "store").iterdir() if path.suffix != ".lock") == [
        ".json",
        ".safetensors",
    ]
    with pytest.raises(UserError, match="already here"):
        list(store.download(tiny))


def test_download_goes_on_where_it_was_cut_off(
    store: WeightStore, server: Server, tiny: Backbone, tmp_path: Path
) -> None:
    server.cut = 30_000
    error = refused(store, tiny)
    assert str(error) == (
        "The download of Tiny broke off. Check the network and try again: it goes on where it stopped."
    )
    kept = part(tmp_path).stat().st_size
    assert 0 < kept <= 30_000
    server.cut = None
    events = list(store.download(tiny))
    assert server.ranges == [None, f"bytes={kept}-"]
    assert events[0].done > kept and events[0].total == len(server.content)
    assert store.ready(tiny) and not part(tmp_path).exists()


def test_server_that_knows_no_ranges_sends_all_again(store: WeightStore, server: Server, tiny: Backbone) -> None:
    server.cut = 30_000
    refused(store, tiny)
    server.cut, server.knows_ranges = None, False
    events = list(store.download(tiny))
    assert events[0].done == 8192
    assert store.ready(tiny)


def test_complete_part_needs_no_more(store: WeightStore, server: Server, tiny: Backbone, tmp_path: Path) -> None:
    part(tmp_path).parent.mkdir()
    part(tmp_path).write_bytes(server.content)
    assert [event.stage for event in store.download(tiny)] == ["Checking"]
    assert store.ready(tiny)


def test_wrong_file_is_dropped(store: WeightStore, server: Server, tiny: Backbone, tmp_path: Path) -> None:
    server.content = b"something else" * 1000
    error = refused(store, tiny)
    assert error.message == "What came for Tiny is not the expected file: its checksum is wrong."
    assert error.hint == f"Try again, or download {server.url} elsewhere and use “Add file”."
    assert not part(tmp_path).exists()


def test_stopping_keeps_what_has_come(store: WeightStore, server: Server, tiny: Backbone, tmp_path: Path) -> None:
    asked = iter([False, False, True])
    events = list(store.download(tiny, lambda: next(asked, True)))
    assert len(events) == 3
    assert not store.ready(tiny)
    assert part(tmp_path).stat().st_size == 3 * 8192
    list(store.download(tiny))
    assert server.ranges[-1] == f"bytes={3 * 8192}-"
    assert store.ready(tiny)


def test_refusing_server_and_missing_network_are_told(store: WeightStore, server: Server, tiny: Backbone) -> None:
    server.status = 404
    error = refused(store, tiny)
    assert error.message == "Tiny cannot be downloaded: the server answers 404."
    assert error.hint == f"Check the network and try again, or download {server.url} elsewhere and use “Add file”."
    nowhere = replace(tiny, url="http://127.0.0.1:9/tiny.pth")
    assert refused(store, nowhere).message == "Tiny cannot be downloaded: 127.0.0.1 cannot be reached."


def test_folder_that_cannot_be_written_is_told(server: Server, tiny: Backbone, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    error = refused(WeightStore(tmp_path / "file" / "store"), tiny)
    assert error.message.endswith("/file/store”: Not a directory.")
    assert error.hint == "Make room there, or allow writing, then try again."


def test_second_window_does_not_write_into_the_same_file(store: WeightStore, tiny: Backbone, tmp_path: Path) -> None:
    first = store.download(tiny)
    next(first)
    error = refused(WeightStore(tmp_path / "store"), tiny)
    assert error.message == "Tiny is already being downloaded by another window."
    list(first)
    assert store.ready(tiny)


def test_model_without_an_address_is_told(store: WeightStore) -> None:
    assert str(refused(store, register())) == "There is no download for Tiny. Add its weights from a file."
