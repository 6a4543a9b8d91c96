# SPDX-License-Identifier: MIT
"""Requests, responses and recordings, made byte by byte for tests."""

from typing import Any, Dict, List, Optional, Sequence, Tuple

from hypothesis import strategies as st

from conformance.endpoint.scenarios.build import (
    CHUNKED,
    LAST_CHUNK,
    chunk,
    head,
)
from conformance.endpoint.scenarios.model import STREAM_HEADERS
from conformance.recording.exchange import (
    to_documents,
)
from refimpl.sigv4 import Credentials, Signer

SECRET = "not/AnExample+Secret=="
OURS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
PIECES = st.lists(st.tuples(st.integers(0, 9999), st.binary(min_size=1, max_size=20)), max_size=8)
Headers = List[Tuple[str, str]]


LINE = "POST /endpoints/llm/invocations-response-stream HTTP/1.1"


def request_of(*headers: Tuple[str, str], body: bytes = b"{}", line: str = LINE) -> bytes:
    lines = (
        [line, "Host: localhost"]
        + ["{}: {}".format(*pair) for pair in headers]
        + [f"Content-Length: {len(body)}", "", ""]
    )
    return "\r\n".join(lines).encode("latin-1") + body


def signed_request(
    token: Optional[str] = None,
    body: bytes = b"{}",
    access_key: str = "AKIDEXAMPLE",
    more: Sequence[Tuple[str, str]] = (),
) -> bytes:
    signed = Signer().sign(
        "POST",
        "/endpoints/llm/invocations-response-stream",
        [("Host", "localhost"), *more],
        body,
        Credentials(access_key, OURS.secret_key, token),
        "eu-west-1",
        "sagemaker",
        "20150830T123600Z",
    )
    return request_of(*[pair for pair in signed.headers if pair[0] != "Host"], body=body)


def chunked(*frames: bytes, headers: Any = STREAM_HEADERS) -> bytes:
    return head((*headers, CHUNKED)) + b"".join(chunk(frame) for frame in frames) + LAST_CHUNK


def recording(
    request: bytes,
    response: bytes = b"",
    ended: str = "whole",
    cases: Any = (),
    asked: str = "whole",
) -> Dict[str, Any]:
    return {
        "request": {"ended": asked, "pieces": to_documents([(0, request)] if request else [])},
        "response": {"ended": ended, "pieces": to_documents([(1, response)] if response else [])},
        "cases": cases,
    }
