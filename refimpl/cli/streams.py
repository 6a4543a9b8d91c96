# SPDX-License-Identifier: MIT
"""The streams of a command: reading files and stdin, writing results to stdout and messages to
stderr.

A command gets its streams, environment and clocks as one `Streams` value, so tests can replace
them. Everything that is written to stdout is flushed at once, so that a reader sees each part when
it arrives.

It rejects files that cannot be read (UsageError).
"""

import time
from typing import (
    Any,
    BinaryIO,
    Callable,
    Dict,
    Iterable,
    Mapping,
    NamedTuple,
    Optional,
    TextIO,
)

from ..errors import UsageError


class Streams(NamedTuple):
    """The environment of a command.

    clock: seconds since 1970 UTC
    monotonic: seconds of a clock that never goes back
    program: the name of the program in messages and help
    """

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO
    environment: Mapping[str, str]
    clock: Callable[[], float]
    monotonic: Callable[[], float] = time.monotonic
    program: str = "refimpl"


_LONGEST_BODY = 64 * 1024 * 1024  # bytes: more than any service accepts


# ---- input -------------------------------------------------------------------------------------


def read_body(text: Optional[str], stdin: BinaryIO) -> bytes:
    """Return the bytes for the value of --body: TEXT, @FILE, `-` for stdin, or None without it.

    Raises UsageError for a file or a stdin that has more than 64 MiB, as a device without an end.
    """
    if text is None and stdin.isatty():
        raise UsageError("no body", expected="--body TEXT, --body @FILE or --body -")
    if text is None or text == "-":
        return _bounded(stdin.read(_LONGEST_BODY + 1))
    if text.startswith("@"):
        return _bounded(read_file(text[1:], _LONGEST_BODY + 1))
    # The bytes of the argument as they were typed, even if they are not UTF-8.
    return text.encode("utf-8", "surrogateescape")


def _bounded(body: bytes) -> bytes:
    if len(body) > _LONGEST_BODY:
        raise UsageError("the body is too long", expected=f"at most {_LONGEST_BODY} bytes")
    return body


def read_file(name: str, size: int = -1) -> bytes:
    """Return the first size bytes of a file, or all of them. Raises UsageError."""
    try:
        with open(name, "rb") as file:
            return file.read(size)
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from None


def unreadable(name: str, error: Exception) -> UsageError:
    """Return the error for a file that cannot be read."""
    reason = getattr(error, "strerror", None) or error
    return UsageError(f"cannot read {name or 'a file without a name'}: {reason}")


def with_file(name: str, streams: Streams, act: Callable[[BinaryIO], None]) -> None:
    """Call act with the file of that name, or with stdin for `-`."""
    if name == "-":
        act(streams.stdin)
        return
    try:
        # Not a with statement: an error of act is not a usage error.
        file = open(name, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from None
    with file:
        act(file)


# ---- output ------------------------------------------------------------------------------------


def write_pieces(pieces: Iterable[bytes], stdout: BinaryIO) -> None:
    """Write each piece as soon as it is known."""
    for piece in pieces:
        stdout.write(piece)
        stdout.flush()


def write_text(text: str, stdout: BinaryIO) -> None:
    """Write text and a line end."""
    write_pieces([text.encode("utf-8") + b"\n"], stdout)


def write_line(document: Dict[str, Any], stdout: BinaryIO) -> None:
    """Write a JSON object as one line."""
    from ..documents.json_format import json_line  # most commands write no JSON

    write_pieces([json_line(document)], stdout)


def say(streams: Streams, text: str) -> None:
    """Write a message to stderr. The text of an error is one line, or several for CRED-002."""
    streams.stderr.write(f"{streams.program}: {text}\n")
    streams.stderr.flush()


def warn(streams: Streams, text: str) -> None:
    """Write a warning to stderr."""
    say(streams, f"warning: {text}")
