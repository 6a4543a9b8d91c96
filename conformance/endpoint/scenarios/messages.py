# SPDX-License-Identifier: MIT
"""Messages that are not parts: exceptions, errors, unknown events, wrong message types.

SPEC.md, section 4.4.

The frames are valid. A message that a client must reject is between two good parts, so a client
that overlooks the error delivers a part too many.
"""

from typing import List, NamedTuple, Optional, Tuple

from conformance.endpoint.scenarios.build import (
    FRAMES,
    ONE,
    PARTS,
    THREE,
    TWO,
    broken,
    error_message,
    event,
    exception,
    message,
    ok,
    part,
    stream,
    unknown_event,
)
from conformance.endpoint.scenarios.model import Entry, Scenario, Template
from conformance.endpoint.scenarios.streams import numbered_parts


class _Failure(NamedTuple):
    """An exception of the model: its name, its message and its ErrorCode, if it has one."""

    code: str
    text: str
    error_code: Optional[str] = None


_TIME_EXCEEDED = _Failure(
    "ModelStreamError", "The model did not finish in time.", "ModelInvocationTimeExceeded"
)
_STREAM_BROKEN = _Failure("ModelStreamError", "The model's stream broke.", "StreamBroken")
_INTERNAL = _Failure("InternalStreamFailure", "The service failed while it streamed.")


def _frame_of(failure: _Failure) -> bytes:
    members = {"Message": failure.text}
    if failure.error_code is not None:
        members["ErrorCode"] = failure.error_code
    return exception(failure.code, **members)


def _failing(name: str, failure: _Failure, rules: Tuple[str, ...]) -> Scenario:
    """Return a scenario whose exception is the first, a middle or the last message.

    name: ends in that position
    """
    place = name.rpartition("-")[2]
    index = {"first": 0, "middle": 2, "last": 3}[place]
    must = "deliver the parts before it, raise it with its message"
    fields = {}
    if failure.error_code is not None:
        must += " and ErrorCode"
        fields["ErrorCode"] = failure.error_code
    return Scenario(
        name,
        f"{failure.code} as the {place} message",
        must=must + ", deliver nothing after it",
        expect=broken(
            "exception", *PARTS[:index], code=failure.code, text=failure.text, fields=fields
        ),
        response=stream(*FRAMES[:index], _frame_of(failure), *FRAMES[index:]),
        rules=rules,
    )


def _model_stream_error_after(count: int) -> Scenario:
    payloads = numbered_parts(count)
    failure = _STREAM_BROKEN
    return Scenario(
        f"model-stream-error-after-{count}",
        f"ModelStreamError after {count} parts",
        must="deliver them, then raise it",
        expect=broken(
            "exception",
            *payloads,
            code=failure.code,
            text=failure.text,
            fields={"ErrorCode": failure.error_code},
        ),
        response=stream(*map(part, payloads), _frame_of(failure)),
        rules=("EVS-023", "EVS-034"),
    )


def _rejected(name: str, title: str, frame: bytes, rules: Tuple[str, ...]) -> Scenario:
    return Scenario(
        name,
        f"{title}, between two good parts",
        must="deliver the first part, reject the frame, deliver nothing after it",
        expect=broken("message_type", ONE),
        response=stream(part(ONE), frame, part(THREE)),
        rules=rules,
    )


_EVENT, _PART = (":message-type", "event"), (":event-type", "PayloadPart")


def scenarios() -> List[Entry]:
    """Return this chapter's scenarios."""
    return [
        _failing("model-invocation-time-exceeded-first", _TIME_EXCEEDED, rules=("EVS-034",)),
        _failing(
            "model-invocation-time-exceeded-middle", _TIME_EXCEEDED, rules=("EVS-023", "EVS-034")
        ),
        _failing(
            "model-invocation-time-exceeded-last",
            _TIME_EXCEEDED,
            rules=("EVS-023", "EVS-034", "EVS-039"),
        ),
        _failing("stream-broken-first", _STREAM_BROKEN, rules=("EVS-034",)),
        _failing("stream-broken-middle", _STREAM_BROKEN, rules=("EVS-023", "EVS-034")),
        _failing("stream-broken-last", _STREAM_BROKEN, rules=("EVS-023", "EVS-034")),
        _failing("internal-stream-failure-first", _INTERNAL, rules=("EVS-034",)),
        _failing("internal-stream-failure-middle", _INTERNAL, rules=("EVS-023", "EVS-034")),
        _failing("internal-stream-failure-last", _INTERNAL, rules=("EVS-023", "EVS-034")),
        Template(
            "model-stream-error-after-N",
            "ModelStreamError after N parts",
            must="deliver N parts, then raise it",
            make=_model_stream_error_after,
            most=10000,
            examples=(0, 3),
        ),
        Scenario(
            "exception-small-message",
            "ModelStreamError whose member is spelled `message`",
            must="read the message from it",
            expect=broken(
                "exception",
                ONE,
                code="ModelStreamError",
                text="small",
                fields={"ErrorCode": "StreamBroken"},
            ),
            response=stream(
                part(ONE), exception("ModelStreamError", message="small", ErrorCode="StreamBroken")
            ),
            rules=("EVS-038",),
        ),
        Scenario(
            "exception-without-document",
            "ModelStreamError whose payload is plain text",
            must="raise it without a message",
            expect=broken("exception", ONE, code="ModelStreamError"),
            response=stream(
                part(ONE),
                message(
                    [(":exception-type", "ModelStreamError"), (":message-type", "exception")],
                    b"it broke",
                ),
            ),
            rules=("EVS-038",),
        ),
        Scenario(
            "exception-unmodelled",
            "an exception that is not in the model",
            must="raise it with its name as the code",
            expect=broken(
                "unmodeled", ONE, code="ModelOverloadedException", text="Too many streams."
            ),
            response=stream(
                part(ONE),
                exception("ModelOverloadedException", message="Too many streams."),
                part(TWO),
            ),
            rules=("EVS-035",),
        ),
        Scenario(
            "error-message",
            "an `error` message with a code",
            must="raise it with code and message",
            expect=broken(
                "unmodeled", ONE, code="InternalError", text="An internal server error occurred."
            ),
            response=stream(
                part(ONE),
                error_message("InternalError", "An internal server error occurred."),
                part(TWO),
            ),
            rules=("EVS-036",),
        ),
        Scenario(
            "error-message-without-code",
            "an `error` message without a code",
            must="raise it with its message",
            expect=broken("unmodeled", ONE, text="An internal server error occurred."),
            response=stream(
                part(ONE), error_message(None, "An internal server error occurred."), part(TWO)
            ),
            rules=("EVS-036",),
        ),
        Scenario(
            "error-message-bare",
            "an `error` message without code and text",
            must="raise it",
            expect=broken("unmodeled", ONE),
            response=stream(part(ONE), error_message(None, None), part(TWO)),
            rules=("EVS-036",),
        ),
        Scenario(
            "unknown-event",
            "an event of unknown type between two parts",
            must="skip it and count it",
            expect=ok(ONE, TWO, skipped=1),
            response=stream(part(ONE), unknown_event(), part(TWO)),
            rules=("EVS-032",),
        ),
        _rejected(
            "message-type-missing",
            "no :message-type",
            message([_PART], b"two "),
            rules=("EVS-030",),
        ),
        _rejected(
            "message-type-not-a-string",
            "a :message-type that is not a string",
            message([_PART, (":message-type", True)], b"two "),
            rules=("EVS-030",),
        ),
        _rejected(
            "message-type-unknown",
            "an unknown :message-type",
            message([_PART, (":message-type", "control")], b"two "),
            rules=("EVS-030",),
        ),
        _rejected(
            "message-type-upper-case",
            "a :message-type in upper case",
            message([_PART, (":message-type", "EVENT")], b"two "),
            rules=("EVS-030",),
        ),
        _rejected(
            "message-without-headers",
            "a message without headers",
            message([], b"two "),
            rules=("EVS-027", "EVS-030"),
        ),
        _rejected(
            "event-type-missing", "no :event-type", message([_EVENT], b"two "), rules=("EVS-031",)
        ),
        _rejected(
            "event-type-not-a-string",
            "an :event-type that is not a string",
            message([(":event-type", 1), _EVENT], b"two "),
            rules=("EVS-031",),
        ),
        _rejected(
            "exception-type-missing",
            "no :exception-type",
            message([(":message-type", "exception")], b'{"Message":"x"}'),
            rules=("EVS-034",),
        ),
        _rejected(
            "exception-sent-as-event",
            "ModelStreamError sent as an event",
            event("ModelStreamError", b'{"Message":"x"}'),
            rules=("EVS-033",),
        ),
        _rejected(
            "internal-failure-sent-as-event",
            "InternalStreamFailure sent as an event",
            event("InternalStreamFailure", b'{"Message":"x"}'),
            rules=("EVS-033",),
        ),
    ]
