# SPDX-License-Identifier: MIT
"""The rows of a hex dump for the fields of frames, for `decode` and `explain frames`."""

from typing import Iterable, List

from ..explain.frames import ExplainedFrame, FrameField
from ..explain.signing import printable

_BYTES_PER_ROW = 16


def rows_of_fields(
    fields: Iterable[FrameField], max_rows: int = 0, with_rules: bool = False
) -> List[str]:
    """Return the rows of fields: offset, bytes, characters, and the field's name and value.

    Each field begins a new row. max_rows: of one field, or 0 for all;  with_rules: name the rules
    """
    lines: List[str] = []
    for field in fields:
        rule = f"  [{field.rule}]" if with_rules else ""
        title = f"{field.name} {field.value}{rule}"
        starts = range(0, len(field.data), _BYTES_PER_ROW)
        for row, start in enumerate(starts):
            if max_rows and row >= max_rows:
                lines.append(f"{'':8}  ... {len(field.data) - start} more bytes")
                break
            piece = field.data[start : start + _BYTES_PER_ROW]
            lines.append(_hex_row(field.offset + start, piece, "" if start else title))
    return lines


def lines_of_frame(explained: ExplainedFrame, max_rows: int = 0) -> List[str]:
    """Return the lines for a frame, or for an error with the facts about it, and a blank line.

    max_rows: of one field, or 0 for all
    """
    lines = []
    if explained.found_again:
        lines.append(f"{explained.offset:8}  found again by searching; a decoder stops before")
    lines += rows_of_fields(explained.fields, max_rows, with_rules=True)
    if explained.error is not None:
        error = printable(str(explained.error))
        lines.append(f"{explained.offset:8}  {explained.error.kind}: {error}")
        lines += [f"{'':8}  {printable(fact)}" for fact in explained.facts]
    return [*lines, ""]


def _hex_row(offset: int, data: bytes, name: str) -> str:
    digits = " ".join(f"{byte:02x}" for byte in data)
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
    return f"{offset:8}  {digits:47}  {text:16}  {name}".rstrip()
