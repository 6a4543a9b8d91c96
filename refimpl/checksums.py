# SPDX-License-Identifier: MIT
"""CRC-32, the checksum of frames (EVS-002, EVS-003).

It is zlib's function. A Python that was built without zlib has the same function in binascii, at a
fraction of the speed. Which one is used is decided once, when this module is imported.
"""

from typing import Callable


def _fastest_crc32() -> "Callable[..., int]":
    try:
        from zlib import crc32 as fastest
    except ImportError:
        from binascii import crc32 as fastest
    return fastest


# crc32(data, value=0) -> int, from 0 to 2**32 - 1
crc32: "Callable[..., int]" = _fastest_crc32()
