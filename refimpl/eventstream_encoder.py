# SPDX-License-Identifier: MIT
"""Encoding of event-stream frames (eventstream.py).

It rejects unknown header types and values that do not fit them (EVS-013, EVS-018), duplicate names
(EVS-014), and what is too long (EVS-011, EVS-017, EVS-025).
"""

from struct import Struct
from typing import Any, Callable, Dict, Iterable, List, Tuple

from .checksums import crc32
from .errors import UsageError, require_type, wrong_type
from .eventstream_frames import HEADER_CODES
from .eventstream_layout import (
    FRAME_OVERHEAD,
    MAX_HEADERS_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PAYLOAD_LENGTH,
    MAX_VALUE_LENGTH,
    PRELUDE,
    U32,
)

# EVS-001
_U16 = Struct(">H")

# ---- header types (EVS-013, EVS-018 to EVS-020) -----------------------------------------------

# Raises TypeError or ValueError, which _encode_header() turns into UsageError.
_Write = Callable[[Any], bytes]


def _uuid_bytes(value: object) -> bytes:
    from uuid import UUID  # as for decoding

    if not isinstance(value, UUID):
        raise TypeError
    return value.bytes


def _bytes_of(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError
    return value


def _utf8_of(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError
    return value.encode("utf-8")


def _integer_writer(layout: str) -> _Write:
    # EVS-018
    struct = Struct(layout)
    low, high = -(1 << 8 * struct.size - 1), (1 << 8 * struct.size - 1) - 1

    def write(value: object) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError
        if not low <= value <= high:
            raise ValueError(f"{low} to {high}")
        return struct.pack(value)

    return write


# The code of each type, and how to write a value.
_HEADER_WRITERS: Dict[str, Tuple[int, _Write]] = {
    "boolean": (0, lambda value: b""),  # code 1 for False
    "int8": (2, _integer_writer(">b")),
    "int16": (3, _integer_writer(">h")),
    "int32": (4, _integer_writer(">i")),
    "int64": (5, _integer_writer(">q")),
    "bytes": (6, _bytes_of),
    "string": (7, _utf8_of),
    # EVS-019
    "timestamp": (8, _integer_writer(">q")),
    # EVS-020
    "uuid": (9, _uuid_bytes),
}
HEADER_TYPES = tuple(sorted(_HEADER_WRITERS))


# ---- frames ------------------------------------------------------------------------------------


def encode(headers: Iterable[Tuple[str, str, object]], payload: bytes) -> bytes:
    """Return one frame (EVS-001).

    headers: (name, type, value) triples, such as FrameHeader, which lists the types and values
    payload: at most 24 MiB
    Raises UsageError: `type`, `constraint`, `limit` (EVS-011, EVS-014, EVS-017, EVS-025).
    """
    require_type(payload, bytes, "payload")
    block = encode_headers(headers)
    _check_limit("payload", len(payload), MAX_PAYLOAD_LENGTH, "EVS-025")
    lengths = PRELUDE.pack(FRAME_OVERHEAD + len(block) + len(payload), len(block), 0)[:8]
    # EVS-002, EVS-003
    prelude_crc = crc32(lengths)
    frame = b"".join((lengths, U32.pack(prelude_crc), block, payload))
    return frame + U32.pack(crc32(frame))


def encode_headers(headers: Iterable[Tuple[str, str, object]]) -> bytes:
    """Return the headers block of a frame. Arguments and errors are those of encode()."""
    pieces: Dict[str, bytes] = {}
    for name, type_name, value in _checked_triples(headers):
        # EVS-014
        if name in pieces:
            raise UsageError("duplicate header name", actual=name, rule="EVS-014")
        pieces[name] = _encode_header(name, type_name, value)
    block = b"".join(pieces.values())
    _check_limit("headers", len(block), MAX_HEADERS_LENGTH, "EVS-025")
    return block


def _checked_triples(headers: Iterable[Tuple[str, str, object]]) -> List[Tuple[str, str, object]]:
    try:
        triples = list(headers)
    except (TypeError, ValueError):
        raise wrong_type(headers, "(name, type, value) triples", "headers") from None
    for triple in triples:
        if not isinstance(triple, (tuple, list)) or len(triple) != 3:
            raise wrong_type(triple, "(name, type, value)", "header")
        require_type(triple[0], str, "header name")
    return triples


def _encode_header(name: str, type_name: str, value: object) -> bytes:
    known = _HEADER_WRITERS.get(type_name) if isinstance(type_name, str) else None
    if known is None:
        raise UsageError(
            "unknown header type", expected=" ".join(HEADER_TYPES), actual=type_name, rule="EVS-013"
        )
    code, write = known
    if type_name == "boolean":
        if not isinstance(value, bool):
            raise _wrong_value(name, type_name, value)
        code = 0 if value else 1
    try:
        encoded_name = name.encode("utf-8")
        data = write(value)
    except TypeError:
        raise _wrong_value(name, type_name, value) from None
    except UnicodeEncodeError:
        raise UsageError(
            "a lone surrogate cannot be encoded", expected="UTF-8 text", rule="EVS-015"
        ) from None
    except ValueError as error:
        raise UsageError(
            f"value of header {name!r} is out of range",
            expected=f"{type_name}: {error}",
            actual=value,
            rule="EVS-018",
        ) from None
    # EVS-011
    if not 1 <= len(encoded_name) <= MAX_NAME_LENGTH:
        raise UsageError(
            "header name has the wrong length",
            expected="1 to 255 bytes",
            actual=f"{len(encoded_name)} bytes",
            rule="EVS-011",
        )
    head = bytes((len(encoded_name),)) + encoded_name + bytes((code,))
    if HEADER_CODES[code][1] is not None:
        return head + data
    _check_limit(f"value of header {name!r}", len(data), MAX_VALUE_LENGTH, "EVS-017")
    return head + _U16.pack(len(data)) + data


def _wrong_value(name: str, type_name: str, value: object) -> UsageError:
    return wrong_type(value, type_name, f"value of header {name!r}", "EVS-013")


def _check_limit(what: str, length: int, limit: int, rule: str) -> None:
    if length > limit:
        raise UsageError(
            f"{what} too long",
            kind="limit",
            expected=f"at most {limit} bytes",
            actual=f"{length} bytes",
            rule=rule,
        )
