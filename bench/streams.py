# SPDX-License-Identifier: MIT
"""The bytes that are decoded and sent: bare.py's profiles, and the same with one header that varies.

A stream of a profile is eight frames over and over; its name is a, b or c, by the size of their payloads. A body's name,
`a-1000-frame` or `a-1000-64k`, says how many of them, and how they are cut into HTTP chunks: one for each frame, or one for
each 64 KiB whatever lies in them.
"""

import random
from typing import Callable, List

from refimpl.eventstream import encode

CHUNK = 65536
SIZES = {"a": 64, "b": 8192, "c": 1 << 20}  # bytes of payload
HEADERS = [
    (":message-type", "string", "event"),
    (":event-type", "string", "PayloadPart"),
    (":content-type", "string", "application/octet-stream"),
]


def frames(profile: str, count: int) -> List[bytes]:
    """Return the first count frames of a profile."""
    source = random.Random(7)
    piece = min(SIZES[profile], 4096)
    pool = [
        encode(
            HEADERS, bytes(source.getrandbits(8) for _ in range(piece)) * (SIZES[profile] // piece)
        )
        for _ in range(8)
    ]
    return [pool[number % 8] for number in range(count)]


def varying_frames(count: int) -> List[bytes]:
    """Return count frames of profile a's payload size, with a fourth header that no two of them share."""
    return [
        encode(HEADERS + [("sequence", "string", f"{int(number)}")], b"x" * SIZES["a"])
        for number in range(count)
    ]


def pieces(data: bytes, size: int = CHUNK) -> List[bytes]:
    """Return data in pieces of size bytes; the last one may be shorter."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def body(name: str) -> bytes:
    """Return a body as it is sent, in HTTP chunks."""
    profile, count, cut = name.split("-")
    cutting: Callable[[List[bytes]], List[bytes]] = {
        "frame": list,
        "64k": lambda all_frames: pieces(b"".join(all_frames)),
    }[cut]
    chunks = cutting(frames(profile, int(count)))
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
