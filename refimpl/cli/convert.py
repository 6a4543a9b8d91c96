# SPDX-License-Identifier: MIT
"""`refimpl convert`: convert the document of a shape to another format.

The formats and the conversion are in convert.py of the package. It rejects documents that are
longer than the bound, after reading one byte more than the bound, and whatever the format rejects.
"""

import argparse

from ..convert import FORMATS, convert
from ..documents.value_format import MAX_DOCUMENT_LENGTH
from ..shapes import DATA_TYPES
from .parser import add_file
from .streams import Streams, read_file, write_text


def add_convert(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `convert`."""
    parser.set_defaults(act=_convert)
    parser.add_argument(
        "--shape",
        required=True,
        metavar="NAME",
        help=f"shape: {', '.join(sorted(DATA_TYPES))} or Error",
    )
    for flag, destination, which in (("--from", "source", "input"), ("--to", "target", "output")):
        parser.add_argument(
            flag,
            dest=destination,
            required=True,
            choices=FORMATS,
            metavar="FORMAT",
            help=f"{which} format: {', '.join(FORMATS)}",
        )
    parser.add_argument(
        "--code", help="error code that the service sent in a header, with --shape Error"
    )
    add_file(parser)


def _convert(options: argparse.Namespace, streams: Streams) -> None:
    size = MAX_DOCUMENT_LENGTH + 1
    document = streams.stdin.read(size) if options.file == "-" else read_file(options.file, size)
    if options.source == "query":
        # The end of the line is not part of the last value.
        document = document.rstrip(b"\r\n")
    converted = convert(options.shape, options.source, options.target, document, options.code)
    write_text(converted, streams.stdout)
