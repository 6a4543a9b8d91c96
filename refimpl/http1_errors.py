# SPDX-License-Identifier: MIT
"""The errors of heads, framing and chunks (http1.py): what is wrong with invalid bytes.

A valid response does not load this module. The rules are HTTP-041 to HTTP-048.
"""

from typing import Sequence

from .errors import Error, HttpError, NetworkError, excerpt


def not_a_status_line(line: bytes, is_tls: bool) -> HttpError:
    """Return the error for the first line of a response (HTTP-041)."""
    return HttpError(
        "not an HTTP/1 status line",
        expected="HTTP/1.1 and a status, ended by CRLF",
        actual="TLS; is this an https port?" if is_tls else excerpt(line),
        rule="HTTP-041",
    )


def not_a_header_line(line: bytes) -> HttpError:
    """Return the error for a line of the head (HTTP-047)."""
    return HttpError(
        "not a header line",
        expected="name: value, ended by CRLF",
        actual=excerpt(line),
        rule="HTTP-047",
    )


def too_many_header_lines(count: int, limit: int) -> HttpError:
    """Return the error for a head with too many lines (HTTP-048)."""
    return HttpError(
        "too many header lines", expected=f"at most {limit}", actual=count, rule="HTTP-048"
    )


def too_many_interim_responses(status: int, limit: int) -> HttpError:
    """Return the error for a final response that does not arrive (HTTP-048)."""
    return HttpError(
        "too many interim responses", expected=f"at most {limit}", actual=status, rule="HTTP-048"
    )


def too_long(what: str, limit: int) -> HttpError:
    """Return the error for a line with too many bytes (HTTP-048)."""
    return HttpError(
        f"{what} is too long", expected=f"at most {limit} bytes", actual="more", rule="HTTP-048"
    )


def line_error(line: bytes, what: str, first: bool, limit: int) -> Error:
    """Return the error of a line that is not complete, is too long, or has another end than CRLF.

    what: names the line;  first: whether nothing precedes it;  limit: in bytes
    """
    # HTTP-041
    if not line and first:
        return NetworkError(
            "the peer closed the connection without a response", retryable=True, rule="HTTP-041"
        )
    # HTTP-048
    if len(line) > limit:
        return too_long(what, limit)
    # HTTP-041
    if not line.endswith(b"\n"):
        return HttpError(
            f"the head ends inside or before {what}",
            expected="an empty line",
            actual="the connection's end",
            rule="HTTP-041",
        )
    # HTTP-047
    return HttpError(
        f"{what} ends with a bare LF", expected="CRLF", actual=line[-20:], rule="HTTP-047"
    )


def both_framings(lengths: Sequence[str]) -> HttpError:
    """Return the error for a head with two descriptions of the body's end (HTTP-043)."""
    return HttpError(
        "both Content-Length and Transfer-Encoding",
        expected="one of them",
        actual=", ".join(lengths),
        rule="HTTP-043",
    )


def unsupported_codings(codings: Sequence[str]) -> HttpError:
    """Return the error for a Transfer-Encoding (HTTP-044)."""
    return HttpError(
        "unsupported Transfer-Encoding",
        expected="chunked, in HTTP/1.1",
        actual=", ".join(codings),
        rule="HTTP-044",
    )


def invalid_lengths(lengths: Sequence[str]) -> HttpError:
    """Return the error for a Content-Length (HTTP-042)."""
    return HttpError(
        "invalid Content-Length",
        expected="one number",
        actual=", ".join(lengths),
        rule="HTTP-042",
    )


def not_a_chunk_size(line: bytes) -> HttpError:
    """Return the error for the first line of a chunk (HTTP-045)."""
    return HttpError(
        "not a chunk size",
        expected="hexadecimal digits, ended by CRLF",
        actual=excerpt(line),
        rule="HTTP-045",
    )


def not_the_end_of_a_chunk(found: bytes) -> HttpError:
    """Return the error for the two bytes after a chunk (HTTP-046)."""
    return HttpError("a chunk does not end in CRLF", expected="CRLF", actual=found, rule="HTTP-046")
