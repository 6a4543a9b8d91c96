# SPDX-License-Identifier: MIT
"""The paths of the project's files in a checkout and in a wheel, and atomic writing of a file."""

import os
from contextlib import suppress

PACKAGE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(PACKAGE)  # the folder that contains the packages conformance and refimpl
NEW = ".new"  # suffix of a file that is not complete yet


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


def write_whole(path: str, text: str) -> None:
    """Write a complete file, or keep the existing one; write to a device, a pipe or a link such
    as /dev/stdout directly.
    """
    data = text.encode("utf-8")
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    plain = not os.path.lexists(path) or (os.path.isfile(path) and not os.path.islink(path))
    written = path + NEW if plain else path
    try:
        with open(written, "wb") as file:
            file.write(data)
        if plain:
            os.replace(written, path)
    except BaseException as error:
        if plain:
            with suppress(OSError):
                os.remove(written)
        if isinstance(error, OSError):
            error.filename = path  # a full disk names no file
        raise
