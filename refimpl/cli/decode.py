# SPDX-License-Identifier: MIT
"""`refimpl decode`: show the frames of a recorded event stream as JSON lines, a table or a hex
dump.

Each frame is written as soon as it is complete. The first frame that is rejected is written as
well, with its offset and the rule that it breaks, and ends the command.
"""

import argparse
import json
from typing import BinaryIO, Callable, Dict, List

from ..errors import FrameError, excerpt, shown
from ..message_json import message_to_json
from .frames import Frame, frames_of
from .parser import add_file
from .streams import Streams, with_file, write_line, write_pieces


def add_decode(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `decode`."""
    parser.set_defaults(act=_decode)
    add_file(parser)
    parser.add_argument(
        "--format",
        choices=sorted(_FRAME_FORMATS),
        default="events",
        help="output format: events (default), one JSON line per frame; table, one row per frame; "
        "hex, the bytes field by field",
    )


def _decode(options: argparse.Namespace, streams: Streams) -> None:
    with_file(options.file, streams, lambda file: _show(file, options.format, streams.stdout))


def _show(file: BinaryIO, output_format: str, stdout: BinaryIO) -> None:
    lines_of_frame = _FRAME_FORMATS[output_format]
    try:
        for frame in frames_of(file):
            text = "".join(line + "\n" for line in lines_of_frame(frame))
            write_pieces([text.encode("utf-8")], stdout)
    except FrameError as error:
        if output_format == "events":
            document = {"offset": error.offset, "status": error.kind, "rule": error.rule}
            write_line(dict(document, message=str(error)), stdout)
        else:
            stdout.write(f"{error.offset:>8}  {error}\n".encode("utf-8", "replace"))
        raise


def _event_line(frame: Frame) -> List[str]:
    document = {"offset": frame.offset, "total_length": len(frame.data), "status": "ok"}
    return [json.dumps(dict(document, **message_to_json(frame.message)), separators=(",", ":"))]


def _table_row(frame: Frame) -> List[str]:
    headers = " ".join(
        f"{shown(header.name)}={shown(header.value, 60)}" for header in frame.message.headers
    )
    payload = frame.message.payload
    size = f"{frame.offset:8}  {len(frame.data):6} bytes"
    return [f"{size}  {headers}  | {len(payload)}: {excerpt(payload)}"]


def _hex_dump(frame: Frame) -> List[str]:
    from ..explain.frames import fields_of_frame  # optional; the other formats do not need it
    from .hexdump import rows_of_fields

    return [*rows_of_fields(fields_of_frame(frame.data, frame.message, frame.offset)), ""]


_FRAME_FORMATS: Dict[str, Callable[[Frame], List[str]]] = {
    "events": _event_line,
    "table": _table_row,
    "hex": _hex_dump,
}
