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
from ..eventstream import FRAME_OVERHEAD
from ..message_json import message_to_json
from .frames import Frame, frames_of
from .parser import add_file
from .streams import Streams, with_file, write_line, write_pieces

_BYTES_PER_ROW = 16


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
    """Return the rows of a hex dump. Each field of the frame begins a new row."""
    payload_length = len(frame.message.payload)
    headers_length = len(frame.data) - payload_length - FRAME_OVERHEAD
    names = ", ".join(shown(header.name) for header in frame.message.headers)
    lines: List[str] = []
    position = 0
    for name, length in (
        (f"total_length {len(frame.data)}", 4),
        (f"headers_length {headers_length}", 4),
        ("prelude_crc, ok", 4),
        (f"headers: {names}", headers_length),
        ("payload", payload_length),
        ("message_crc, ok", 4),
    ):
        for start in range(0, length, _BYTES_PER_ROW):
            row = frame.data[position + start : position + min(start + _BYTES_PER_ROW, length)]
            lines.append(_hex_row(frame.offset + position + start, row, "" if start else name))
        position += length
    return lines + [""]


def _hex_row(offset: int, data: bytes, name: str) -> str:
    digits = " ".join(f"{byte:02x}" for byte in data)
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
    return f"{offset:8}  {digits:47}  {text:16}  {name}".rstrip()


_FRAME_FORMATS: Dict[str, Callable[[Frame], List[str]]] = {
    "events": _event_line,
    "table": _table_row,
    "hex": _hex_dump,
}
