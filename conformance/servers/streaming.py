# SPDX-License-Identifier: MIT
"""Checks of the stream: its head, its frames, and when they arrive."""

import re
from typing import List, Optional, Tuple

from conformance.servers.accepting import messages_of
from conformance.servers.exchange import Received
from conformance.servers.subject import Subject
from conformance.servers.verdicts import (
    Broken,
    Check,
    Departs,
    accepted,
    document_of,
    header_of,
    one_of,
    same,
)
from refimpl.errors import Error, shown
from refimpl.eventstream import EVENT_STREAM_TYPE, Decoder, Message
from refimpl.shapes import InternalStreamFailure, ModelStreamError

_ATTEMPTS = 3  # a busy machine may deliver two parts at once
_EXCEPTIONS = (ModelStreamError.__name__, InternalStreamFailure.__name__)
_PRINTABLE = re.compile(r"[ -~]{1,1024}\Z")


def stream_of(subject: Subject, name: Optional[str] = None) -> Received:
    """Return the response with a stream of an endpoint, by default of one that works."""
    return accepted("the stream", subject.ask_once(subject.draft(name or subject.names.working)))


def has_the_type(subject: Subject) -> None:
    content_type = header_of(stream_of(subject), "Content-Type")
    same("Content-Type", EVENT_STREAM_TYPE, content_type.partition(";")[0].strip().lower())


def has_the_models_type(subject: Subject) -> None:
    value = header_of(stream_of(subject), "X-Amzn-SageMaker-Content-Type")
    if "/" not in value or not _PRINTABLE.match(value):
        raise Broken("X-Amzn-SageMaker-Content-Type", expected="a media type", actual=value)


def has_the_variant(subject: Subject) -> None:
    value = header_of(stream_of(subject), "x-Amzn-Invoked-Production-Variant")
    if not _PRINTABLE.match(value):
        raise Broken("x-Amzn-Invoked-Production-Variant", expected="a name", actual=value)


def has_the_attributes(subject: Subject) -> None:
    received = stream_of(subject, subject.names.attributes)
    value = header_of(received, "X-Amzn-SageMaker-Custom-Attributes")
    if not _PRINTABLE.match(value):
        expected = "1 to 1,024 printable characters"
        raise Broken("X-Amzn-SageMaker-Custom-Attributes", expected=expected, actual=value)


def frames_are_valid(subject: Subject) -> None:
    if not messages_of(stream_of(subject)):
        raise Broken("frames", expected="one or more", actual="none")


def parts_are_events(subject: Subject) -> None:
    for number, message in enumerate(messages_of(stream_of(subject)), 1):
        same(f"frame {number}: :message-type", "event", _text(message, ":message-type"))
        same(f"frame {number}: :event-type", "PayloadPart", _text(message, ":event-type"))


def parts_have_a_type(subject: Subject) -> None:
    for number, message in enumerate(messages_of(stream_of(subject)), 1):
        if _text(message, ":content-type") is None:
            raise Departs(f"frame {number}: :content-type", expected="a string", actual="absent")


def _text(message: Message, name: str) -> Optional[str]:
    return message.headers.string(name)


def parts_arrive_at_once(subject: Subject) -> None:
    seconds = subject.pause / 2
    gap = 0.0
    # SRV-063
    for _ in range(_ATTEMPTS):
        received = subject.ask(subject.draft(subject.names.streams))
        times = arrivals(accepted("the stream", received))
        if len(times) < 2:
            raise Broken("parts", expected="two or more", actual=len(times))
        gap = max(gap, times[-1] - times[0])
        if gap >= seconds:
            return
    raise Broken(
        "seconds from the first to the last part",
        expected=f"{seconds:g} or more, because the model pauses",
        actual=f"{gap:.3f}",
    )


def arrivals(received: Received) -> List[float]:
    """Return the time at which each frame was complete. Raises Broken."""
    decoder = Decoder()
    times: List[float] = []
    try:
        for at, data in received.pieces:
            times += [at] * len(decoder.feed(data))
    except Error as error:
        raise Broken("frames", expected="valid frames", actual=str(error)) from None
    return times


def reports_a_broken_stream(subject: Subject) -> None:
    last, _ = _broken_stream(subject)
    # SRV-064
    same("last frame: :message-type", "exception", _text(last, ":message-type"))
    one_of("last frame: :exception-type", _EXCEPTIONS, _text(last, ":exception-type"))
    document = document_of(last.payload, "last frame: payload")
    if not isinstance(document.get("Message", document.get("message")), str):
        raise Broken("last frame: payload", expected="Message", actual=shown(document, 100))


def ends_after_an_exception(subject: Subject) -> None:
    last, before = _broken_stream(subject)
    # SRV-065
    types = [_text(message, ":message-type") for message in before]
    if "exception" in types or "error" in types or _text(last, ":message-type") == "event":
        raise Broken("frames", expected="the exception last", actual=", ".join(map(str, types)))


def _broken_stream(subject: Subject) -> Tuple[Message, List[Message]]:
    messages = messages_of(stream_of(subject, subject.names.breaks))
    if not messages:
        raise Broken("frames", expected="one or more", actual="none")
    return messages[-1], messages[:-1]


CHECKS = (
    Check(
        "srv-stream-type",
        "the media type of the stream",
        ("SRV-050",),
        has_the_type,
        "a client does not recognise the stream",
        ("works",),
        calls=1,
    ),
    Check(
        "srv-stream-models-type",
        "the media type of the model's output",
        ("SRV-051",),
        has_the_models_type,
        "an application cannot see whether the parts are JSON lines or events",
        ("works",),
    ),
    Check(
        "srv-stream-variant",
        "the production variant that responded",
        ("SRV-052",),
        has_the_variant,
        "a comparison of two variants cannot be evaluated",
        ("works",),
    ),
    Check(
        "srv-stream-attributes",
        "CustomAttributes of the model",
        ("SRV-053",),
        has_the_attributes,
        "what the model returns next to its output is lost",
        ("attributes",),
        calls=1,
    ),
    Check(
        "srv-frames-valid",
        "frames with valid checksums, the last one complete",
        ("SRV-060",),
        frames_are_valid,
        "a client rejects the stream",
        ("works",),
    ),
    Check(
        "srv-frames-parts",
        "each part is an event PayloadPart",
        ("SRV-061",),
        parts_are_events,
        "a client skips the parts, or rejects the stream",
        ("works",),
    ),
    Check(
        "srv-frames-content-type",
        "each part has a content type",
        ("SRV-062",),
        parts_have_a_type,
        "the SDK for Rust rejects a part without one",
        ("works",),
    ),
    Check(
        "srv-stream-at-once",
        "a part arrives before the model has finished",
        ("SRV-063",),
        parts_arrive_at_once,
        "a reader waits for the whole text",
        ("streams",),
        calls=_ATTEMPTS,
    ),
    Check(
        "srv-stream-broken",
        "a model that fails after its first part",
        ("SRV-064",),
        reports_a_broken_stream,
        "a truncated text looks complete",
        ("breaks",),
        calls=1,
    ),
    Check(
        "srv-stream-exception-last",
        "nothing follows an exception",
        ("SRV-065",),
        ends_after_an_exception,
        "a client that stops at the exception loses what follows",
        ("breaks",),
    ),
)
