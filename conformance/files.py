# SPDX-License-Identifier: MIT
"""The project's files in a checkout and in a wheel, bounded reading, and atomic writing of a file.

write_whole() writes a file completely or not at all. It writes to a new file with a random name in
the same folder, so nobody can plant a link there and two writers do not disturb each other, waits
until the data is on the disk, and renames the file.
"""

import os
import stat
from contextlib import suppress
from secrets import token_hex
from typing import Union

PACKAGE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(PACKAGE)  # the folder that contains the packages conformance and refimpl
NEW = ".new"  # suffix of a file that is not complete yet
MAX_INPUT = 64 * 1024 * 1024  # bytes of a file that a command reads completely
_READ_SIZE = 1 << 20


def _packaged(inside: str, beside: str) -> str:
    """Return a path inside the package if the package is installed, and otherwise the path in the
    checkout.
    """
    path = os.path.join(PACKAGE, inside)
    return path if os.path.exists(path) else os.path.join(ROOT, beside)


SPEC_PATH = _packaged(os.path.join("specification", "SPEC.md"), "SPEC.md")


def vectors_folder() -> str:
    """Return the folder of the vectors."""
    return _packaged("vectors", "vectors")


# ---- reading -----------------------------------------------------------------------------------


def read_bounded(path: str, limit: int = MAX_INPUT) -> bytes:
    """Return the content of a file.

    Raises OSError, and UsageError if the file has more than limit bytes, like an endless device.
    """
    with open(path, "rb") as file:
        return read_all(file, limit, path)


def read_all(file: object, limit: int, name: str) -> bytes:
    """Return what is left of an open file. Raises OSError, and UsageError for more than limit."""
    data = bytearray()
    while len(data) <= limit:
        piece = file.read(min(_READ_SIZE, limit + 1 - len(data)))  # type: ignore[attr-defined]
        if not piece:
            return bytes(data)
        data += piece
    # A mutant is loaded before refimpl, and the table of mutants needs this module.
    from refimpl.errors import UsageError, shown

    raise UsageError(f"{shown(name)} is too long", expected=f"at most {limit} bytes")


# ---- writing -----------------------------------------------------------------------------------


def write_whole(
    path: str, content: Union[str, bytes], follow: bool = True, sync: bool = True
) -> None:
    """Write a complete file, or keep the existing one.

    A device, a pipe, or a link to one, such as /dev/stdout, is written directly. If the path is a
    link to a file, that file is replaced and the link stays. If another user owns the link, the new
    file replaces the link.

    follow: False replaces every link
    sync:   False does not wait for the disk, for many small files that can be written again
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    try:
        if os.path.islink(path):
            if not follow or not _is_trusted_link(path):
                _replace(path, data, sync)
            elif _is_open_file(path) or not _is_missing_or_regular(path):
                _write_directly(path, data)
            else:
                _replace(os.path.realpath(path), data, sync)
        elif _is_missing_or_regular(path):
            _replace(path, data, sync)
        else:
            _write_directly(path, data)
    except OSError as error:
        error.filename = path  # a full disk names no file
        raise


def _is_missing_or_regular(path: str) -> bool:
    return not os.path.exists(path) or os.path.isfile(path)


def _is_open_file(path: str) -> bool:
    """Return whether a link names an open file of this process, such as /dev/stdout."""
    return os.path.abspath(path).startswith(("/dev/", "/proc/"))


def _write_directly(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _is_trusted_link(path: str) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    return os.lstat(path).st_uid in (0, os.geteuid())


def _replace(path: str, data: bytes, sync: bool) -> None:
    """Write a file with a random name next to a path, and rename it to the path."""
    folder, name = os.path.split(path)
    # The name may be as long as the file system allows.
    new = os.path.join(folder, f".{name[:80]}.{token_hex(8)}{NEW}")
    try:
        # "x" neither follows a link nor opens an existing file.
        with open(new, "xb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        if os.path.isfile(path) and not os.path.islink(path):
            os.chmod(new, stat.S_IMODE(os.stat(path).st_mode))
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            os.remove(new)
        raise
    if sync:
        _sync_folder(folder or ".")


def _sync_folder(folder: str) -> None:
    """Wait until a rename is on the disk, where the operating system offers that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
