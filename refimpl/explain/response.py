# SPDX-License-Identifier: MIT
"""From a response to its error: which form of the error code counted, and which message.

`explain_response` takes status, headers and body, and asks the functions that the client uses. It
lists every place that may contain a code, with what it contains, and marks the one that counts.
`read_response` splits the text of a recorded response into these parts.
"""

import re
from typing import List, NamedTuple, Optional, Tuple

from ..documents.header_format import HeaderSequence, header_value
from ..errordocument import error_code_of, parse_error
from ..errors import DocumentError, Error, HttpError, ServiceError, require_type, without_secrets
from ..http1 import parse_header_lines, parse_status_line
from ..operation_response import ERROR_TYPE_HEADER, ResponseReader
from .readings import text_of_bytes

# The mark of a mail program or of `curl -v` before the status line. Its lines before are not the
# response.
_MARKED_START = re.compile(rb"^([<>|] ?)HTTP/[0-9]", re.MULTILINE)
_MAX_BEFORE_START = 64 * 1024  # bytes


class CodePlace(NamedTuple):
    """A place of an error code. value: as it is there;  code: after trimming (HTTP-031)"""

    place: str
    value: str
    code: Optional[str]
    counts: bool


class ResponseExplanation(NamedTuple):
    """The meaning of a response.

    outcome: in a few words;  error: what the client raises, or None for a complete stream
    codes: the places of the code, in the order in which they count (HTTP-030)
    events: the number of events before the error
    """

    outcome: str
    error: Optional[Error]
    codes: Tuple[CodePlace, ...]
    events: int


def read_response(data: bytes) -> Tuple[int, HeaderSequence, bytes]:
    """Return status, headers and body of a response as text, such as the output of `curl -i`.

    The lines of the head may end in CR LF or LF, and begin with the mark of `curl -v` or of a mail
    program. Raises HttpError for another text.
    """
    require_type(data, bytes, "data")
    data = _unmarked(data)
    head, end, body = data.partition(b"\r\n\r\n")
    if b"\n\n" in head or not end:
        head, _, body = data.partition(b"\n\n")
    lines = [line.rstrip(b"\r") + b"\r\n" for line in head.split(b"\n")]
    # HTTP/2 has no reason.
    start = lines[0].replace(b"HTTP/2 ", b"HTTP/1.1 ").replace(b"HTTP/3 ", b"HTTP/1.1 ")
    _, status, _ = parse_status_line(start)
    return status, parse_header_lines(lines[1:]), body


def _unmarked(data: bytes) -> bytes:
    """Return a response without what a program has written before it and before its lines."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        data = text_of_bytes(data).lstrip("\ufeff").encode("utf-8")
    match = _MARKED_START.search(data, 0, _MAX_BEFORE_START)
    if match is None:
        return data
    mark = match.group(1)
    lines = data[match.start() :].split(b"\n")
    # An empty line has the mark without its space.
    marks = (mark, mark.rstrip() + b"\r", mark.rstrip())
    found = [
        next((line[len(one) :] for one in marks if line.startswith(one)), line) for line in lines
    ]
    return b"\n".join(found)


def explain_response(status: int, headers: HeaderSequence, body: bytes) -> ResponseExplanation:
    """Explain a response whose body is complete. Errors of the response are in the result.

    Raises UsageError for arguments of a wrong type.
    """
    events = 0
    error: Optional[Error] = None
    try:
        reader = ResponseReader(status, headers)
        events += len(reader.feed(body))
        reader.close()
    except Error as caught:
        if caught.kind == "type":
            raise
        error = caught
        events += len(caught.events)
    codes = _code_places(headers, body) if isinstance(error, ServiceError) and not events else ()
    return ResponseExplanation(_outcome(error), error, tuple(codes), events)


def _outcome(error: Optional[Error]) -> str:
    if error is None:
        return "a complete event stream"
    if isinstance(error, HttpError):
        return "a response that is not an event stream"
    return f"an error: {type(error).__name__}"


def _code_places(headers: HeaderSequence, body: bytes) -> List[CodePlace]:
    found: List[Tuple[str, str]] = []
    given = header_value(headers, ERROR_TYPE_HEADER)
    if given is not None:
        found.append((f"header {ERROR_TYPE_HEADER}", given))
    try:
        document = parse_error(body)
    except DocumentError:
        document = None
    if document is not None:
        found += [(f"body, code {at + 1}", code) for at, code in enumerate(document.codes)]
    places: List[CodePlace] = []
    for place, value in found:
        code = error_code_of(value)
        counts = code is not None and not any(one.counts for one in places)
        places.append(CodePlace(place, without_secrets(value), code, counts))
    return places
