# SPDX-License-Identifier: MIT
"""`refimpl vendor`: copy the package to a place where nothing can be installed.

The copy is one file, a folder under any package name, or a zipapp. Each is the same, byte for byte,
whenever and wherever it is written. A destination that exists is rejected (UsageError), and so is
one that cannot be written. The copy is written completely or not at all.
"""

import argparse
import io
import os
import pkgutil
import shutil
from typing import Dict, List, Optional, Tuple
from zipfile import ZipFile, ZipInfo

from ..errors import ConfigurationError, UsageError
from ..vendor.parts import PARTS, chosen_parts
from ..vendor.single_file import FILE_NAME, single_file
from .streams import Streams, write_text

_Files = Dict[str, bytes]  # the package: path with slashes -> contents
_FORMS = ("file", "folder", "zipapp")
_MAIN = b"""\
# SPDX-License-Identifier: MIT
from refimpl.cli import run

run()
"""
# A zip file may start with other bytes. Python reads a truncated one as source code, and stops at
# this encoding: "SyntaxError: encoding problem: this-copy-is-incomplete".
_ZIP_START = b"#!/usr/bin/env python3\n# coding: this-copy-is-incomplete\n"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can state


def add_vendor(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `vendor`."""
    parser.set_defaults(act=_vendor)
    parser.add_argument(
        "destination",
        metavar="DEST",
        help=f"new file or folder; an existing folder gets the file {FILE_NAME}",
    )
    parser.add_argument(
        "--form", choices=_FORMS, default="file", help=f"{', '.join(_FORMS)} (default: file)"
    )
    for flag, destination, verb in (
        ("--with", "only", "include"),
        ("--without", "without", "omit"),
    ):
        parser.add_argument(
            flag,
            dest=destination,
            metavar="PARTS",
            help=f"{verb} only these parts of the file: {', '.join(sorted(PARTS))}, or none",
        )
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def _vendor(options: argparse.Namespace, streams: Streams) -> None:
    parts = chosen_parts(_listed(options.only), _listed(options.without))
    if options.form != "file" and (options.only or options.without):
        raise UsageError("only a single file can omit parts", expected="--form file")
    files = _package_files()
    if options.form == "folder":
        path = _write_folder(options.destination, files)
    elif options.form == "zipapp":
        path = _write_file(options.destination, "refimpl.pyz", _zipapp(files), options.force)
    else:
        data = single_file(*_sources(files), parts).encode("utf-8")
        path = _write_file(options.destination, FILE_NAME, data, options.force)
    write_text(path, streams.stdout)


def _listed(text: Optional[str]) -> Optional[List[str]]:
    if text is None:
        return None
    return [part for part in text.replace(" ", "").split(",") if part not in ("", "none")]


# ---- the package -------------------------------------------------------------------------------


def _package_files() -> _Files:
    """Return the files of the package, from a folder or from a zip file."""
    package = __name__.rpartition(".cli.")[0]
    names = [""]
    waiting = [""]
    root = __import__(package, fromlist=["__path__"])
    while waiting:
        parent = waiting.pop()
        places = [os.path.join(place, *parent.split(".")) for place in root.__path__]
        for module in pkgutil.iter_modules(places):
            name = f"{parent}.{module.name}".lstrip(".")
            names.append(name)
            if module.ispkg:
                waiting.append(name)
    files = {"py.typed": b""}
    for name in names:
        path = name.replace(".", "/")
        for candidate in (f"{path}/__init__.py".lstrip("/"), f"{path}.py"):
            data = _data(package, candidate) if candidate != ".py" else None
            if data is not None:
                files[candidate] = data.replace(b"\r\n", b"\n")
                break
        else:
            raise ConfigurationError(f"the source of {package}.{name} is missing")
    return {path: files[path] for path in sorted(files)}


def _data(package: str, path: str) -> Optional[bytes]:
    try:
        return pkgutil.get_data(package, path)
    except OSError:
        return None


def package_sources() -> Tuple[Dict[str, str], List[str]]:
    """Return the text of each module by its dotted name within the package, and the packages.

    Raises ConfigurationError for a package without its sources.
    """
    return _sources(_package_files())


def _sources(files: _Files) -> Tuple[Dict[str, str], List[str]]:
    """Return the text of each module by its dotted name, and the names of the packages."""
    sources, packages = {}, []
    for path, data in files.items():
        if path.endswith(".py"):
            name = path[: -len(".py")].replace("/", ".")
            if name.rpartition(".")[2] == "__init__":
                name = name[: -len("__init__")].rstrip(".")
                packages.append(name)
            sources[name] = data.decode("utf-8")
    return sources, packages


def _zipapp(files: _Files) -> bytes:
    """Return a zipapp. It is not compressed, so that its bytes do not depend on zlib."""
    buffer = io.BytesIO()
    buffer.write(_ZIP_START)
    with ZipFile(buffer, "a") as archive:
        archive.writestr(ZipInfo("__main__.py", _ZIP_TIME), _MAIN)
        for path, data in files.items():
            archive.writestr(ZipInfo("refimpl/" + path, _ZIP_TIME), data)
    return buffer.getvalue()


# ---- the destination ---------------------------------------------------------------------------


def _write_file(destination: str, name: str, data: bytes, force: bool) -> str:
    """Write an executable file. Return its path. Raises UsageError."""
    path = destination
    if os.path.isdir(path) or path.endswith(os.sep):
        path = os.path.join(path, name)
    if os.path.lexists(path) and not force:
        raise UsageError(f"{path} exists", expected="a new file, or --force")
    temporary = f"{path}.{os.urandom(8).hex()}.tmp"
    try:
        try:
            with open(temporary, "xb") as file:
                file.write(data)
            os.chmod(temporary, 0o777 & ~_umask())
            os.replace(temporary, path)
        finally:
            if os.path.lexists(temporary):
                os.unlink(temporary)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    return path


def _write_folder(destination: str, files: _Files) -> str:
    """Write the package as a new folder. Return its path. Raises UsageError."""
    path = destination.rstrip(os.sep) or destination
    if not os.path.basename(path).isidentifier():
        raise UsageError(
            "a folder needs the name of a package",
            expected="letters, digits and underscores",
            actual=os.path.basename(path),
        )
    if os.path.lexists(path):
        raise UsageError(f"{path} exists", expected="a new folder")
    temporary = f"{path}.{os.urandom(8).hex()}.tmp"
    try:
        try:
            for name, data in files.items():
                file_path = os.path.join(temporary, *name.split("/"))
                os.makedirs(os.path.dirname(file_path), exist_ok=True)
                with open(file_path, "xb") as file:
                    file.write(data)
            os.rename(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    return path


def _unwritable(path: str, error: Exception) -> UsageError:
    return UsageError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
