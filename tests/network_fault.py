"""A TCP proxy that loses, delays, repeats and cuts what passes, by a seed.

It sits before a real server (slapd, PostgreSQL), so that the client meets a bad network and the server a
client that vanished. A fault strikes one direction at one byte count, so a test can walk through every
point of a conversation; `random_fault` draws them from a seed.
"""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

CHUNK = 65536


class Kind(StrEnum):
    """What happens once `after` bytes have passed in the fault's direction."""

    NONE = "none"
    CUT = "cut"
    """Both ends are closed at exactly that byte."""
    LOSE = "lose"
    """The rest in this direction vanishes; the connection stays open and silent."""
    DELAY = "delay"
    """The chunk in which the byte stands waits for `seconds`, then everything goes on."""
    REPEAT = "repeat"
    """The chunk in which the byte stands is sent twice."""


class Way(StrEnum):
    """Which way the bytes go."""

    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, striking each connection while `times` lasts over all connections."""

    kind: Kind
    way: Way = Way.TO_CLIENT
    after: int = 0
    seconds: float = 0.0
    times: int = 1


def random_fault(seed: int, *, most_bytes: int = 20_000) -> Fault:
    """Return the fault of a seed."""
    dice = random.Random(seed)  # noqa: S311  a test that fails must fail again
    kind = dice.choice([Kind.CUT, Kind.CUT, Kind.LOSE, Kind.DELAY, Kind.REPEAT])
    return Fault(kind, dice.choice(list(Way)), dice.randrange(most_bytes), dice.uniform(0.01, 0.3))


@dataclass
class Proxy:
    """A running proxy. `passed` counts the bytes of each way, over all connections."""

    port: int
    fault: Fault = field(default_factory=lambda: Fault(Kind.NONE))
    struck: int = 0
    passed: dict[Way, int] = field(default_factory=lambda: dict.fromkeys(Way, 0))
    _ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: list[socket.socket] = field(default_factory=list)

    def break_by(self, fault: Fault) -> None:
        """Strike connections made from now on."""
        with self._lock:
            self.fault, self.struck = fault, 0

    def heal(self) -> None:
        self.break_by(Fault(Kind.NONE))

    def cut_all(self) -> None:
        """Close every connection there is."""
        with self._lock:
            for one in self._open:
                _close(one)
            self._open.clear()

    def _take(self) -> bool:
        """Tell whether the fault may strike once more."""
        with self._lock:
            if self.struck >= self.fault.times:
                return False
            self.struck += 1
            return True

    def _pump(self, source: socket.socket, sink: socket.socket, way: Way, fault: Fault) -> None:
        """Carry bytes one way until either end is closed, and be struck by the fault on the way."""
        carried, mine = 0, fault.kind is not Kind.NONE and fault.way is way
        with suppress(OSError):
            while chunk := source.recv(CHUNK):
                point = fault.after - carried
                carried += len(chunk)
                self.passed[way] += len(chunk)
                if not (mine and 0 <= point < len(chunk) and self._take()):
                    sink.sendall(chunk)
                    continue
                mine = False
                self._strike(fault, sink, chunk, point)
                if fault.kind is Kind.CUT:
                    break
                if fault.kind is Kind.LOSE:
                    _drain(source)
        _close(source)
        _close(sink)

    def _strike(self, fault: Fault, sink: socket.socket, chunk: bytes, point: int) -> None:
        if fault.kind is Kind.DELAY:
            self._ended.wait(fault.seconds)
        if fault.kind in {Kind.CUT, Kind.LOSE}:
            chunk = chunk[:point]
        sink.sendall(chunk)
        if fault.kind is Kind.REPEAT:
            sink.sendall(chunk)

    def _serve(self, door: socket.socket, target: tuple[str, int]) -> None:
        while not self._ended.is_set():
            try:
                client, _ = door.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(target, timeout=10)
                server.settimeout(None)
            except OSError:
                _close(client)
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open += [client, server]
                fault = self.fault
            for source, sink, way in ((client, server, Way.TO_SERVER), (server, client, Way.TO_CLIENT)):
                threading.Thread(target=self._pump, args=(source, sink, way, fault), daemon=True).start()


def _drain(source: socket.socket) -> None:
    """Swallow what still comes, so that the sender notices nothing."""
    while source.recv(CHUNK):
        pass


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def proxy(port: int, *, host: str = "127.0.0.1") -> Iterator[Proxy]:
    """Run a proxy before the server at `port`; it listens on a free port of the loopback."""
    door = socket.create_server(("127.0.0.1", 0))
    running = Proxy(port=int(door.getsockname()[1]))
    accepting = threading.Thread(target=running._serve, args=(door, (host, port)), daemon=True)
    accepting.start()
    try:
        yield running
    finally:
        running._ended.set()
        _close(door)
        running.cut_all()
        accepting.join(timeout=5)
