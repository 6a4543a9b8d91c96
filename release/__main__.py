# SPDX-License-Identifier: MIT
"""`python3 -m release DEST`: write the files of a release into a new folder.

The files are the source distribution, the wheels of `refimpl` and of the suite, the single file,
the zipapp, the cases as JSON, a bill of materials and SHA256SUMS. No step uses a network, and
another run writes the same bytes. The time in archives is SOURCE_DATE_EPOCH, or that of the last
commit. It needs the packages `build` and `setuptools`.
"""

import argparse
import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Dict, Mapping, Sequence, TextIO

from conformance.cases.load import load_cases
from conformance.cases.scenarios import scenario_cases
from refimpl.errors import Error, UsageError
from release import cases, sbom
from release.archives import tar_gz
from release.packages import package_files
from release.source import ROOT, changed_files, copy_files, time_of

SUMS = "SHA256SUMS"


def release_files(root: Path, work: Path, time: int) -> Dict[str, bytes]:
    """Return all files by name. work: a new folder;  time: seconds since 1970"""
    source = copy_files(work / "source", time, root)
    files = package_files(source, work / "packages", time)
    packed = cases.case_files([*load_cases(), *scenario_cases()])
    files[cases.NAME + ".tar.gz"] = tar_gz(cases.NAME, packed, time)
    files[sbom.NAME] = sbom.bill_of_materials(files, time)
    files[SUMS] = checksums(files)
    return files


def checksums(files: Mapping[str, bytes]) -> bytes:
    """Return the lines that `sha256sum --check` reads."""
    lines = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    return "".join(sorted(lines, key=lambda line: line[66:])).encode("ascii")


def main(arguments: Sequence[str], stdout: TextIO, stderr: TextIO) -> int:
    """Run the command, and return its exit code: 0, or 2 with one line of explanation."""
    parser = argparse.ArgumentParser(prog="release", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("destination", metavar="DEST", help="new folder")
    text = "release files that differ from the last commit, to try this command"
    parser.add_argument("--allow-changes", action="store_true", help=text)
    options = parser.parse_args(arguments)
    try:
        _release(Path(options.destination), options.allow_changes, stdout)
    except Error as error:
        stderr.write(f"release: {error}\n")
        return 2
    except OSError as error:
        stderr.write(f"release: {error.filename or ''}: {error.strerror}\n")
        return 2
    return 0


def _release(destination: Path, allow_changes: bool, stdout: TextIO) -> None:
    if os.path.lexists(str(destination)):
        raise UsageError(f"{destination} exists", expected="a new folder")
    changed = changed_files()
    if changed and not allow_changes:
        raise UsageError(
            "some files differ from the last commit",
            expected="a clean checkout, or --allow-changes",
            actual=", ".join(changed[:3]),
        )
    time = time_of(os.environ)
    destination.parent.mkdir(parents=True, exist_ok=True)
    # A folder next to the destination, so that the rename at the end is on one file system.
    with tempfile.TemporaryDirectory(dir=str(destination.parent), prefix=".release-") as work:
        files = release_files(ROOT, Path(work), time)
        made = Path(work) / "files"
        made.mkdir()
        for name, data in files.items():
            (made / name).write_bytes(data)
            (made / name).chmod(0o644)
        made.rename(destination)
    stdout.write(files[SUMS].decode("ascii"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))
