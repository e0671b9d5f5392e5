"""Brings a file from a server, going on where an earlier try stopped."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import requests

from core.base.errors import UserError
from core.base.events import Progress, Stop

_CHUNK = 1 << 20
_WAIT_S = (10.0, 30.0)
_REST, _NO_REST = 206, 416


def download(url: str, part: Path, what: str, stop: Stop) -> Iterator[Progress]:
    """Append to `part` what it lacks of the file at `url`; progress counts bytes.

    Ends early when stopped, with `part` kept for the next try. A server that cannot send a rest sends all, and `part`
    begins anew. Raises UserError, naming `what`, if the server, the network or the disk does not play along.
    """
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        yield from _fetch(url, part, what, stop)
    except requests.RequestException:
        raise _not_available(what, url, f"{urlsplit(url).hostname} cannot be reached") from None
    except OSError as error:
        raise not_stored(what, part.parent, error) from None


def _not_available(what: str, url: str, reason: str) -> UserError:
    hint = f"Check the network and try again, or download {url} elsewhere and use “Add file”."
    return UserError(f"{what} cannot be downloaded: {reason}.", hint)


def not_stored(what: str, folder: Path, error: Exception) -> UserError:
    """Return the error to raise when the disk refuses a file."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    message = f"{what} cannot be stored in “{folder}”: {reason}."
    return UserError(message, "Make room there, or allow writing, then try again.")


def _fetch(url: str, part: Path, what: str, stop: Stop) -> Iterator[Progress]:
    start = part.stat().st_size if part.exists() else 0
    # Without "identity" a server may compress, and lengths would no longer be those of the file.
    asked = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=asked, stream=True, timeout=_WAIT_S) as response:
        if response.status_code == _NO_REST:
            return  # nothing is left to send; whether `part` is the whole file, its hash shows
        if not response.ok:
            raise _not_available(what, url, f"the server answers {response.status_code}")
        start = start if response.status_code == _REST else 0
        with part.open("ab" if start else "wb") as file:
            try:
                yield from _copy(response, file, start, stop)
            except requests.RequestException:
                hint = "Check the network and try again: it goes on where it stopped."
                raise UserError(f"The download of {what} broke off.", hint) from None


def _copy(response: requests.Response, file: BinaryIO, start: int, stop: Stop) -> Iterator[Progress]:
    total = start + int(response.headers.get("Content-Length", 0))
    began, done = time.monotonic(), start
    for chunk in response.iter_content(_CHUNK):
        file.write(chunk)
        done += len(chunk)
        rate = (done - start) / max(time.monotonic() - began, 1e-3)
        yield Progress("Downloading", done, total, done / max(total, done), max(0, total - done) / rate)
        if stop():
            return
