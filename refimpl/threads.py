# SPDX-License-Identifier: MIT
"""Locks and threads, also on a Python that has none, such as a build for WebAssembly.

`_thread` is used, because `threading` takes a millisecond to load (bench, process).
"""

from typing import Any


def has_threads() -> bool:
    """Return whether this Python has the module for threads."""
    try:
        import _thread  # noqa: F401
    except ImportError:
        return False
    return True


class NoLock:
    """The lock of a Python without threads, where nothing else can hold it."""

    def acquire(self, blocking: bool = True) -> bool:
        """Return True."""
        return True

    def release(self) -> None:
        """Do nothing."""

    __enter__ = acquire

    def __exit__(self, *error: object) -> None:
        self.release()


def new_lock() -> Any:
    """Return a reentrant lock."""
    if not has_threads():
        return NoLock()
    import _thread

    return _thread.RLock()
