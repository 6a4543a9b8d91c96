# SPDX-License-Identifier: MIT
"""`refimpl --self-test`: test this copy of the package, without a network.

It compares a single file with its checksum, and runs the vectors of self_test.py of the package. An
edited file is reported and is not an error. A wrong result is a ConfigurationError.
"""

import argparse

from ..errors import ConfigurationError
from ..self_test import checksum_of, self_test
from ..version import VECTORS_VERSION
from .streams import Streams, warn, write_text


def test_this_copy(options: argparse.Namespace, streams: Streams) -> None:
    """Report on the checksum and on each vector with a wrong result."""
    write_text(_checksum_report(streams), streams.stdout)
    results = list(self_test())
    wrong = [f"{case}: {report}" for case, report in results if report]
    for line in wrong:
        warn(streams, line)
    if wrong:
        raise ConfigurationError(
            "this copy computes wrong results", expected="no differences", actual=f"{len(wrong)}"
        )
    write_text(f"vectors    {VECTORS_VERSION}, {len(results)} results as expected", streams.stdout)


def _checksum_report(streams: Streams) -> str:
    try:
        with open(__file__, "rb") as file:
            stated, actual = checksum_of(file.read())
    except OSError:  # for example inside a zip file
        return "checksum   not checked: the file cannot be read"
    if not stated:
        return "checksum   none: not a single file"
    if stated == actual:
        return f"checksum   {actual}, as written"
    warn(streams, "this file was edited after it was written")
    return f"checksum   {actual}, edited (expected {stated})"
