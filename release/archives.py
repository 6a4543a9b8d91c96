# SPDX-License-Identifier: MIT
"""Archives whose bytes depend only on the files in them: sorted, with one time, owner and mode."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Mapping, Tuple

Contents = Mapping[str, bytes]


def tar_gz(top: str, files: Contents, time: int, executable: Tuple[str, ...] = ()) -> bytes:
    """Return a compressed archive of a folder.

    top: the folder's name;  files: contents by path;  time: seconds since 1970
    executable: the files that may be run
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(files):
            entry = tarfile.TarInfo(f"{top}/{path}")
            entry.size, entry.mtime = len(files[path]), time
            entry.mode = 0o755 if path in executable else 0o644
            archive.addfile(entry, io.BytesIO(files[path]))
    compressed = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, compressed, mtime=time) as stream:
        stream.write(packed.getvalue())
    return compressed.getvalue()


def repacked(path: Path, time: int) -> bytes:
    """Return a compressed archive with the same files, of which this program decides the rest."""
    files, executable = {}, []
    with tarfile.open(str(path)) as archive:
        for entry in archive:
            stream = archive.extractfile(entry) if entry.isfile() else None
            if stream is None:
                continue  # a folder
            files[entry.name] = stream.read()
            if entry.mode & 0o100:
                executable.append(entry.name)
    (top,) = {name.split("/")[0] for name in files}
    inside = {name[len(top) + 1 :]: data for name, data in files.items()}
    return tar_gz(top, inside, time, tuple(name[len(top) + 1 :] for name in executable))
