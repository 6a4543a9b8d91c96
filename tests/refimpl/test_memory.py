# SPDX-License-Identifier: MIT
"""What hostile input costs: each case runs in a process whose memory the system limits.

The inputs stay within the limits of length and consist of the smallest parts that a reader builds
objects for (EVS-009, EVS-040, SHP-006).
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.rows import first_fast

resource = pytest.importorskip("resource")  # POSIX

ROOT = Path(__file__).resolve().parents[2]
MIB = 1024 * 1024

PROGRAM = """
import resource, struct, sys, zlib
from refimpl.errors import Error
from refimpl.eventstream import Decoder
from refimpl.documents.json_format import parse_json
from refimpl.documents.query_format import parse_query
from refimpl.documents.xml_format import parse_xml

def frame(block, payload=b""):
    lengths = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    head = lengths + struct.pack(">I", zlib.crc32(lengths)) + block
    whole = head + payload
    return whole + struct.pack(">I", zlib.crc32(whole))

def headers(count):
    names = (struct.pack(">I", number) for number in range(0x21212121, 0xffffffff))
    valid = (name for name in names if all(byte < 128 for byte in name))
    return b"".join(b"\\4" + next(valid) + b"\\0" for _ in range(count))

def decode(data, size=65536):
    decoder = Decoder()
    for start in range(0, len(data), size):
        decoder.feed(data[start : start + size])
    decoder.close()

%s
read, data = case()
# The limit counts what the reader adds to the input.
used = int([line for line in open("/proc/self/status") if line.startswith("VmSize")][0].split()[1])
limit = used * 1024 + %d
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    read(data)
    print("read")
except MemoryError:
    print("MemoryError")
except Error as error:
    print(error.kind)
"""

CASES = {
    # The bound of EVS-009: four times the ceiling of a frame, and 16 MiB.
    "frame of headers": (
        "def case(): return decode, frame(bytes(32 * 1024 * 1024 - 16))",
        16 * MIB,
        "limit",
    ),
    "most headers": ("def case(): return decode, frame(headers(32768))", 16 * MIB, "read"),
    "too many headers": ("def case(): return decode, frame(headers(32769))", 16 * MIB, "limit"),
    "longest frame": (
        "def case(): return decode, frame(b'', bytes(32 * 1024 * 1024 - 16))",
        4 * 32 * MIB + 16 * MIB,
        "read",
    ),
    "JSON numbers": (
        "def case(): return parse_json, b'[' + b'1,' * (32 << 20) + b'1]'",
        400 * MIB,
        "limit",
    ),
    "JSON strings": (
        "def case(): return parse_json, b'[' + b'\"ab\",' * (12 << 20) + b'1]'",
        400 * MIB,
        "limit",
    ),
    "JSON arrays": (
        "def case(): return parse_json, b'[' + b'[],' * (20 << 20) + b'1]'",
        400 * MIB,
        "limit",
    ),
    "most JSON values": (
        "def case(): return parse_json, b'[' + b'{\"ab\":1.5},' * ((1 << 19) - 1) + b'1]'",
        400 * MIB,
        "read",
    ),
    "XML attributes": (
        "def case(): return parse_xml, b'<a ' + "
        "b' '.join(b'b%d=\"\"' % n for n in range(4 << 20)) + b'/>'",
        400 * MIB,
        "limit",
    ),
    "XML elements": (
        "def case(): return parse_xml, b'<a>' + b'<b/>' * (15 << 20) + b'</a>'",
        600 * MIB,
        "limit",
    ),
    "query pairs": ("def case(): return parse_query, b'a&' * (32 << 20)", 400 * MIB, "limit"),
    "query names": (
        "def case(): return parse_query, b'&'.join(b'%d' % n + b'.a' * 63 for n in range(99999))",
        700 * MIB,
        "limit",
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("name", first_fast(CASES, 5))
def test_memory_is_bounded(name):
    case, limit, expected = CASES[name]
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM % (case, limit)],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=120,
    )
    assert (result.stdout.strip(), result.stderr) == (expected, "")
