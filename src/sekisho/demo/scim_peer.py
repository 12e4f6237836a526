"""The demo's SCIM service: a real scim2-server on a free loopback port, ended with the demo."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

TRIES = 200


class DidNotStart(RuntimeError):
    """The embedded SCIM service gave no answer."""


@contextmanager
def running() -> Iterator[str]:
    """Run the service with an empty store and give its base URL; it ends when the block does."""
    port = _free_port()
    program = Path(sys.executable).with_name("scim2-server")
    command = [str(program), "--hostname", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours, fixed words
    try:
        url = f"http://127.0.0.1:{port}/v2"
        _await_answer(f"{url}/ServiceProviderConfig", process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def _await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(TRIES):
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 - the demo's own loopback
                answer.read()
            return
        except (URLError, ConnectionError):
            try:
                process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            break
    raise DidNotStart(url)
