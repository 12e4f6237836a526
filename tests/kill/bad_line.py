"""A TCP proxy that loses, delays and repeats answers, in a process of its own."""

import multiprocessing
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import c_double
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized

CHUNK = 1 << 16
LONGEST_DELAY = 0.03


@dataclass(frozen=True)
class Proxy:
    """The way in, and how bad it is: the share of answers that meet with something."""

    port: int
    badness: "Synchronized[float]"

    def set(self, badness: float) -> None:
        self.badness.value = badness


@contextmanager
def proxied(port: int, seed: int = 1) -> Iterator[Proxy]:
    """Run a proxy in front of a loopback port."""
    listener = socket.create_server(("127.0.0.1", 0))
    badness = multiprocessing.Value(c_double, 0.0)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener, port, badness, seed))
    process.start()
    try:
        yield Proxy(listener.getsockname()[1], badness)
    finally:
        process.kill()
        process.join()
        listener.close()


def _serve(listener: socket.socket, port: int, badness: "Synchronized[float]", seed: int) -> None:
    dice = random.Random(seed)
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", port))
        except OSError:
            client.close()
            continue
        own = random.Random(dice.random())
        for source, sink, answers in ((client, server, False), (server, client, True)):
            threading.Thread(target=_pump, args=(source, sink, answers, badness, own), daemon=True).start()


def _pump(
    source: socket.socket, sink: socket.socket, answers: bool, badness: "Synchronized[float]", dice: random.Random
) -> None:
    """Carry bytes one way until something is lost; a lost answer closes both ends, as a broken line does."""
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            what = dice.choice(("lose", "delay", "repeat")) if dice.random() < badness.value else "pass"
            if what == "delay":
                threading.Event().wait(dice.uniform(0, LONGEST_DELAY))
            if what == "lose" and (answers or dice.random() < 0.5):
                break
            sink.sendall(chunk)
            if what == "repeat" and answers:
                sink.sendall(chunk)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
