# SPDX-License-Identifier: MIT
"""The scenarios, and everything that makes one, at a path that does not change.

Programs outside this project import from here. `Answer` is the old name of `Response`.
"""

from conformance.endpoint.scenarios import catalogue, examples, find, listing
from conformance.endpoint.scenarios.build import (
    CHUNKED,
    LAST_CHUNK,
    body_of,
    broken,
    chunk,
    document,
    error_message,
    event,
    exception,
    failure,
    head,
    header,
    message,
    ok,
    part,
    raw,
    raw_frame,
    rejected,
    stream,
    unknown_event,
)
from conformance.endpoint.scenarios.model import (
    STREAM_HEADERS,
    Acceptable,
    Expect,
    Response,
    Scenario,
    Template,
)
from refimpl.eventstream import EVENT_STREAM_TYPE

Answer = Response

__all__ = [
    "Acceptable",
    "Answer",
    "CHUNKED",
    "EVENT_STREAM_TYPE",
    "Expect",
    "LAST_CHUNK",
    "Response",
    "STREAM_HEADERS",
    "Scenario",
    "Template",
    "body_of",
    "broken",
    "catalogue",
    "chunk",
    "document",
    "error_message",
    "event",
    "examples",
    "exception",
    "failure",
    "find",
    "head",
    "header",
    "listing",
    "message",
    "ok",
    "part",
    "raw",
    "raw_frame",
    "rejected",
    "stream",
    "unknown_event",
]
