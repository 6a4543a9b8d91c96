# SPDX-License-Identifier: MIT
"""Shared by the tests of the decoders: texts, splits of texts, and reading in every chunking.

Every text is read whole, byte by byte, in halves and in splits that look random. All of them must
give the same results and the same error.
"""

from hypothesis import strategies as st

from refimpl.errors import TextError
from refimpl.text import (
    JSONValues,
    LineDecoder,
    ServerSentEventDecoder,
    Utf8Decoder,
)
from tests.support import chunkings

# Texts made of these bytes reach every corner case: line ends, halves of characters, and the
# characters that the grammars use.
ATOMS = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\r\n\r\n",
    b"a",
    b"data",
    b"event",
    b"id",
    b"retry",
    b":",
    b" ",
    b"\0",
    b"1",
    b"20",
    b"\xef\xbb\xbf",
    b"\xef\xbb",
    b"\xe2\x82\xac",
    b"\xf0\x9f\x98\x80",
    b"\xf0\x9f",
    b"\xed\xa0\x80",
    b"\xff",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\x0b",
    b"\x0c",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"true",
    b"-",
    b'{"a":1}',
    b"[1]",
    b'"x\\""',
    b"data: x\n\n",
    b"data:{}\r\n\r\n",
]
TEXTS = st.lists(st.sampled_from(ATOMS), max_size=16).map(b"".join)
SPLITS = st.lists(st.integers(0, 60), max_size=6)
READERS = {
    "text": Utf8Decoder,
    "text, replaced": lambda: Utf8Decoder("replace"),
    "lines": LineDecoder,
    "lines, replaced": lambda: LineDecoder(errors="replace"),
    "lines of 5": lambda: LineDecoder(5),
    "events": ServerSentEventDecoder,
    "events, replaced": lambda: ServerSentEventDecoder(errors="replace"),
    "events of 8": lambda: ServerSentEventDecoder(8),
    "values": JSONValues,
    "values of 6": lambda: JSONValues(6),
}


def split_at(data, splits):
    """Return data split at the places that are not beyond its end. Pieces may be empty."""
    places = sorted(place for place in splits if place <= len(data))
    return [data[start:end] for start, end in zip([0] + places, places + [len(data)])]


def read(decoder, parts):
    """Return the results, and the error that ended them or None.

    Text is returned as one string, because the pieces depend on the split.
    """
    results, error = [], None
    try:
        for part in parts:
            results += decoder.feed(part)
        results += decoder.close()
    except TextError as found:
        results += found.results
        error = found
    return ["".join(results)] if isinstance(decoder, Utf8Decoder) else results, error


def evidence_of(error):
    """Return the parts of an error that must not depend on the split."""
    return error and (error.kind, error.rule, error.offset, str(error))


def same_for_every_chunking(make, data):
    """Read data in every chunking. Return the results and the error that all of them give."""
    results, error = read(make(), [data])
    for name, parts in chunkings(data):
        again, other = read(make(), parts)
        assert (again, evidence_of(other)) == (results, evidence_of(error)), name
    return results, error
