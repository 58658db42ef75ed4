"""Who is at work in an instance folder: many at a time, or one alone who exchanges what lies in it.

The lock is the kernel's own, on the folder itself: it leaves no file, and ends with its process, however that ends.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class InUse(Exception):
    """Others are at work in the folder. Says what to do."""


@contextlib.contextmanager
def at_work(folder: Path) -> Iterator[None]:
    """Beside others, as servers, workers and commands are. Raises InUse while somebody is to be alone.

    A file system that knows no such lock lets everybody in.
    """
    with _opened(folder) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse(f"A restore is under way in {folder}. Wait for its end, then try again.") from error
        except OSError:
            pass
        yield


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else begins meanwhile. Raises InUse where somebody is at work."""
    with _opened(folder) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse(f"eventsapp is at work in {folder}. Stop its servers and workers, then try again.") from error
        yield


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)
