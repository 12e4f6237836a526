"""How often somebody came within a stretch of time, counted in this process's memory."""

import threading
from collections import Counter
from collections.abc import Hashable
from math import ceil


class Counted:
    """Counts by key within stretches of `seconds`; what it holds is forgotten with each stretch."""

    def __init__(self, *, most: int, seconds: int) -> None:
        self._most, self._seconds = most, seconds
        self._stretch, self._counts = 0, Counter[Hashable]()
        self._lock = threading.Lock()

    def wait(self, key: Hashable, *, at: float) -> int:
        """Count one time at a monotonic clock's `at`; return how many seconds to wait first, 0 where none."""
        stretch = int(at // self._seconds)
        with self._lock:
            if stretch != self._stretch:
                self._stretch, self._counts = stretch, Counter()
            self._counts[key] += 1
            if self._counts[key] <= self._most:
                return 0
        return ceil((stretch + 1) * self._seconds - at) or 1

    def clear(self) -> None:
        """Forget what was counted."""
        with self._lock:
            self._counts = Counter()
