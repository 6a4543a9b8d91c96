# SPDX-License-Identifier: MIT
"""The shared files of this computer: whether they exist, and their bytes.

A client with keys in the environment and without shared files loads only this module of config/.
Reading is bounded. A file is replaced completely or not at all, and only its owner can read it.
"""

import os
import sys
from typing import Mapping, Optional

from .environment import first_set, home_folder

_FILE_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
)


def may_have_shared_files(environment: "Mapping[str, str]") -> bool:
    """Return whether a variable or a file of the home folder makes the shared files count."""
    if first_set(environment, *_FILE_VARIABLES):
        return True
    home = home_of(environment)
    if home is None:
        return False
    folder = os.path.join(home, ".aws")
    return any(os.path.exists(os.path.join(folder, name)) for name in ("config", "credentials"))


def home_of(environment: "Mapping[str, str]") -> "Optional[str]":
    """Return the home folder, or None (CRED-020).

    Only for os.environ it may come from the system's user database, so that another mapping is
    independent of the user who runs the program.
    """
    folder = home_folder(environment, sys.platform == "win32")
    if folder is not None or environment is not os.environ:
        return folder
    home = os.path.expanduser("~")
    return None if home == "~" else home


def read_bounded_file(path: str, limit: int) -> "Optional[bytes]":
    """Return at most limit bytes of a file, or None if it does not exist. Raises OSError."""
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except (FileNotFoundError, NotADirectoryError):
        return None


def replace_file(path: str, data: bytes) -> None:
    """Replace a file by one that only its owner can read. Raises OSError."""
    # A random name cannot be guessed, and O_EXCL follows no link.
    temporary = f"{path}.{os.urandom(8).hex()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
