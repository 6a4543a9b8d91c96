# SPDX-License-Identifier: MIT
"""A short test of this copy: published vectors, and the checksum of a single file. No I/O.

The vectors are published cases, with their ids. A host without the other vectors can
see with them that its Python signs and decodes correctly. The checksum of a single file shows
whether it was edited. An edited file still runs.
"""

import re
from base64 import b64decode
from hashlib import sha256
from typing import Iterator, List, NamedTuple, Optional, Tuple

from .errors import Error
from .eventstream import Decoder, Message
from .eventstream_encoder import encode
from .sigv4_credentials import Credentials
from .sigv4_signer import Signer


class _Signature(NamedTuple):
    case: str
    method: str
    target: str
    session_token: str
    signature: str


class _Stream(NamedTuple):
    """A stream in base64, the kind of its error, and the number of messages before the error."""

    case: str
    stream: str
    kind: Optional[str]
    messages: int


_TEST_HEADERS = (("Host", "example.amazonaws.com"),)
_TEST_ACCESS_KEY = "AKIDEXAMPLE"  # the example of the AWS documentation
_TEST_SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
_TEST_SCOPE = ("us-east-1", "sagemaker", "20150830T123600Z")

_TEST_SIGNATURES: Tuple[_Signature, ...] = (
    _Signature(
        "sig-method-post",
        "POST",
        "/endpoints/llm/invocations-response-stream",
        "",
        ("0ec1210be1591666dc19913a15387ecc9981cc4cd1af4df683fe132d2cee615e"),
    ),
    _Signature(
        "sig-path-dots",
        "GET",
        "/a/../b",
        "",
        ("bf1eebb1b2b356bd7b8ce9c00656321d8db381fe1755453df847b690916bf900"),
    ),
    _Signature(
        "sig-query-order-utf8",
        "GET",
        "/?z=1&\u00fc=2&a=3",
        "",
        ("1b88fa0610c6a05866872d5d8685214b60c9404548327c512c46001f2135686b"),
    ),
    _Signature(
        "sig-token",
        "GET",
        "/",
        (
            "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwA"
            "eMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI=="
        ),
        ("1cc2fe8c0ab32109ee843501a38e095997f051f05ff99141e1c1d31f2f9734d1"),
    ),
)

_TEST_STREAMS: Tuple[_Stream, ...] = (
    _Stream("evs-frame-shortest", "AAAAEAAAAAAFwkjrfZjI/w==", None, 1),
    _Stream(
        "evs-frame-header-payload",
        ("AAAAMgAAACCFrRRHDGNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb257fefoATQ="),
        None,
        1,
    ),
    _Stream(
        "evs-frames-three",
        (
            "AAAAFAAAAADwQu4rb25lICxNLbEAAAAbAAAAB+x27FkBbgQAAAACdHdvINaZ2d0AAAAVAAAAAM0ix5t0"
            "aHJlZSfZSuU="
        ),
        None,
        3,
    ),
    _Stream(
        "evs-type-all",
        (
            "AAAAzAAAAK8PrmTKCmV2ZW50LXR5cGUEAACgDAxjb250ZW50LXR5cGUHABBhcHBsaWNhdGlvbi9qc29u"
            "CmJvb2wgZmFsc2UBCWJvb2wgdHJ1ZQAEYnl0ZQLPCGJ5dGUgYnVmBgAUSSdtIGEgbGl0dGxlIHRlYXBv"
            "dCEJdGltZXN0YW1wCAAAAAAAhF/tBWludDE2AwAqBWludDY0BQAAAAACh1eyBHV1aWQJAQIDBAUGBwgJ"
            "CgsMDQ4PEHsnZm9vJzonYmFyJ32rpfEM"
        ),
        None,
        1,
    ),
    _Stream(
        "evs-payload-changed",
        (
            "AAAAGgAAAARIH5RTAW4CAWJlZm9yZdXYrV8AAAASAAAAAH8CG4toaFSn9BUAAAAaAAAABEgflFMBbgIC"
            "YmVoaW5kkRLRiA=="
        ),
        "message_crc",
        1,
    ),
    _Stream(
        "evs-prelude-crc-byte-order",
        (
            "AAAAGgAAAARIH5RTAW4CAWJlZm9yZdXYrV8AAAAQAAAAAOtIwgUhRN8cAAAAGgAAAARIH5RTAW4CAmJl"
            "aGluZJES0Yg="
        ),
        "prelude_crc",
        1,
    ),
    _Stream(
        "evs-message-crc-byte-order",
        (
            "AAAAGgAAAARIH5RTAW4CAWJlZm9yZdXYrV8AAAAQAAAAAAXCSOv/yJh9AAAAGgAAAARIH5RTAW4CAmJl"
            "aGluZJES0Yg="
        ),
        "message_crc",
        1,
    ),
    _Stream(
        "evs-total-length-0",
        (
            "AAAAGgAAAARIH5RTAW4CAWJlZm9yZdXYrV8AAAAAAAAAAGUi32l+KlP8AAAAGgAAAARIH5RTAW4CAmJl"
            "aGluZJES0Yg="
        ),
        "length",
        1,
    ),
    _Stream(
        "evs-total-length-largest",
        (
            "AAAAGgAAAARIH5RTAW4CAWJlZm9yZdXYrV//////AAAAAP////8hRN8cAAAAGgAAAARIH5RTAW4CAmJl"
            "aGluZJES0Yg="
        ),
        "limit",
        1,
    ),
    _Stream("evs-order-prelude-crc-truncated", "AAAAEQAAAAA4omFa", "prelude_crc", 0),
    _Stream(
        "evs-truncated-at-13",
        "AAAAGgAAAARIH5RTAW4CAWJlZm9yZdXYrV8AAAAhAAAACnlWMMMB",
        "truncated",
        1,
    ),
    _Stream(
        "evs-duplicate-header-other-type",
        (
            "AAAAGgAAAARIH5RTAW4CAWJlZm9yZdXYrV8AAAAbAAAACpLHkOQBaAcAAWEBaAIBeIuOsmIAAAAaAAAA"
            "BEgflFMBbgICYmVoaW5kkRLRiA=="
        ),
        "duplicate_header",
        1,
    ),
)


def self_test() -> Iterator[Tuple[str, str]]:
    """Yield the id of each vector with what is wrong about its result, or "" if it is right."""
    for vector in _TEST_SIGNATURES:
        yield vector.case, _wrong_signature(vector)
    for stream in _TEST_STREAMS:
        for size in (len(stream.stream), 1):
            yield stream.case, _wrong_stream(stream, size)


def _wrong_signature(vector: _Signature) -> str:
    keys = Credentials(_TEST_ACCESS_KEY, _TEST_SECRET_KEY, vector.session_token or None)
    try:
        signed = Signer().sign(vector.method, vector.target, _TEST_HEADERS, b"", keys, *_TEST_SCOPE)
    except Error as error:
        return str(error)
    if signed.signature != vector.signature:
        return f"expected the signature {vector.signature}, got {signed.signature}"
    return ""


def _wrong_stream(vector: _Stream, size: int) -> str:
    """Decode a stream in pieces of that many bytes, and write the messages again."""
    stream = b64decode(vector.stream)
    decoder = Decoder()
    messages: List[Message] = []
    kind = None
    try:
        for start in range(0, len(stream), size):
            messages += decoder.feed(stream[start : start + size])
        decoder.close()
    except Error as error:
        messages += getattr(error, "messages", ())
        kind = error.kind
    if (kind, len(messages)) != (vector.kind, vector.messages):
        expected = f"{vector.messages} messages and the error {vector.kind}"
        return f"expected {expected}, got {len(messages)} messages and the error {kind}"
    written = b"".join(encode(message.headers, message.payload) for message in messages)
    if not stream.startswith(written) or (kind is None and written != stream):
        return "encoding the messages again gives other bytes"
    return ""


# ---- checksum ----------------------------------------------------------------------------------

_PLACE = re.compile(rb"^# sha256 of the other lines: ([0-9a-f]{64})\n", re.MULTILINE)
_FIRST_LINES = 4096  # bytes: the header of a single file


def with_checksum(text: str) -> str:
    """Return the text of a single file with its checksum in the fifth line."""
    lines = text.splitlines(keepends=True)
    digest = sha256(text.encode("utf-8")).hexdigest()
    return "".join(lines[:4] + [f"# sha256 of the other lines: {digest}\n"] + lines[4:])


def checksum_of(file: bytes) -> Tuple[str, str]:
    """Return the checksum that a single file states, and that of its lines. Both may be "".

    A line end may be CR LF, as some tools write it.
    """
    file = file.replace(b"\r\n", b"\n")
    found = _PLACE.search(file, 0, _FIRST_LINES)
    if found is None:
        return "", ""
    return found.group(1).decode(), sha256(file[: found.start()] + file[found.end() :]).hexdigest()
