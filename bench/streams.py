# SPDX-License-Identifier: MIT
"""The bytes that are decoded and sent: the profiles of bare.py, and frames with a varying header.

A stream of a profile repeats eight frames. The profile's name, a, b or c, stands for the size of
the payloads. The name of a body, such as `a-1000-frame` or `a-1000-64k`, contains the number of
frames and how they are split into HTTP chunks: one chunk per frame, or one per 64 KiB.
"""

import random
from typing import Dict, List

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
    """Return count frames with the payload size of profile a, and a fourth header that varies."""
    return [
        encode(HEADERS + [("sequence", "string", f"{number}")], b"x" * SIZES["a"])
        for number in range(count)
    ]


def pieces(data: bytes, size: int = CHUNK) -> List[bytes]:
    """Return data in pieces of size bytes. The last one may be shorter."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def body(name: str) -> bytes:
    """Return a body as it is sent, in HTTP chunks."""
    profile, count, chunking = name.split("-")
    whole = frames(profile, int(count))
    chunks: Dict[str, List[bytes]] = {"frame": whole, "64k": pieces(b"".join(whole))}
    coded = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks[chunking]]
    return b"".join(coded) + b"0\r\n\r\n"
