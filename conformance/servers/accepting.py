# SPDX-License-Identifier: MIT
"""Checks of requests that a server must accept."""

import re

from conformance.servers.exchange import Received
from conformance.servers.subject import Signing, Subject
from conformance.servers.verdicts import (
    Broken,
    Check,
    Departs,
    NotJudged,
    accepted,
    described,
    same,
)
from refimpl.errors import Error, excerpt
from refimpl.eventstream import Decoder, Message

LONGEST_BODY = 6291456  # bytes, of the service model
_TOLERATED_SKEW = 240.0  # seconds
_PATIENCE = 3.0  # seconds for 100 Continue


def messages_of(received: Received) -> "list[Message]":
    """Return the frames of a stream. Raises Broken."""
    decoder = Decoder()
    try:
        messages = decoder.feed(received.body)
        decoder.close()
    except Error as error:
        raise Broken("frames", expected="complete, valid frames", actual=str(error)) from None
    return messages


def working(subject: Subject) -> str:
    """Return the name of an endpoint that responds with a stream. The check has to need one."""
    return subject.names.working or ""


def accepts_a_request(subject: Subject) -> None:
    # SRV-001
    accepted("a correct request", subject.ask(subject.draft(working(subject))))


def passes_on_the_body(subject: Subject) -> None:
    body = bytes(range(256)) * 9
    received = accepted(
        "a body of all bytes", subject.ask(subject.draft(subject.names.echoes, body=body))
    )
    same("body at the model", body, _payload(received))


def reads_chunks(subject: Subject) -> None:
    draft = subject.draft(working(subject))
    chunked = draft.replacing("Content-Length", None).adding("Transfer-Encoding", "chunked")
    half = len(draft.body) // 2
    pieces = [piece for piece in (draft.body[:half], draft.body[half:]) if piece]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    accepted("a chunked body", subject.ask(chunked._replace(body=body)))


def decodes_the_name(subject: Subject) -> None:
    name = working(subject)
    path = subject.path(name).replace(f"/{name}/", f"/%{ord(name[0]):02X}{name[1:]}/")
    accepted("an escape in EndpointName", subject.ask(subject.draft(path=path)))


def ignores_parameters(subject: Subject) -> None:
    for query in ("trace=1", "trace=2&trace=1&trace=%3d"):
        accepted(f"the query {query}", subject.ask(subject.draft(working(subject), query=query)))


def accepts_a_presigned_request(subject: Subject) -> None:
    received = subject.ask(subject.presigned())
    if received.status != 200:
        raise Departs("a request signed in its query", expected=200, actual=described(received))


def sends_continue(subject: Subject) -> None:
    draft = subject.draft(working(subject)).adding("Expect", "100-continue")
    with subject.connect(_PATIENCE) as connection:
        connection.send(draft.adding("Connection", "close").head)
        received = connection.receive(until_interim=True)
        if received.status == 100:
            connection.send(draft.body)
            received = subject.kept(draft, connection.receive())
    accepted("a request that expects 100 Continue", received)


def accepts_a_long_body(subject: Subject) -> None:
    body = b'{"inputs": "%s"}' % (b"x" * (LONGEST_BODY - 14))
    draft = subject.draft(working(subject), body=body)
    accepted(f"a body of {len(body)} bytes", subject.ask(draft))


def tolerates_skew(subject: Subject) -> None:
    for later in (-_TOLERATED_SKEW, _TOLERATED_SKEW):
        draft = subject.draft(working(subject), signing=Signing(later=later))
        accepted(f"a time {later:+g} s from now", subject.ask(draft))


def offers_invoke_endpoint(subject: Subject) -> None:
    name = working(subject)
    whole = subject.ask(subject.draft(path=subject.path(name, "invocations")))
    if whole.status == 404:
        raise NotJudged("the server does not offer InvokeEndpoint")
    accepted("InvokeEndpoint", whole)
    stream = accepted("the same call as a stream", subject.ask(subject.draft(name)))
    content_type = stream.value("x-amzn-sagemaker-content-type")
    same("Content-Type of InvokeEndpoint", content_type, whole.value("Content-Type"))
    # Two calls of a model may have two results.
    if re.match(rb"\x00\x00", whole.body) or b":event-type" in whole.body:
        raise Broken("body of InvokeEndpoint", expected="no frames", actual=excerpt(whole.body))


def rejects_other_operations(subject: Subject) -> None:
    draft = subject.draft(path=subject.path(None, "async-invocations"))
    received = subject.ask(draft)
    if not 400 <= received.status < 500:
        raise Broken("InvokeEndpointAsync", expected="400 to 499", actual=described(received))


def _payload(received: Received) -> bytes:
    return b"".join(message.payload for message in messages_of(received))


CHECKS = (
    Check(
        "srv-accepts",
        "a correct request",
        ("SRV-001",),
        accepts_a_request,
        "no client can call the server",
        ("works",),
        calls=1,
    ),
    Check(
        "srv-body-unchanged",
        "a body of all bytes reaches the model",
        ("SRV-002",),
        passes_on_the_body,
        "the model gets another input than the caller sent",
        ("echoes",),
        calls=1,
    ),
    Check(
        "srv-body-chunked",
        "a request in chunks",
        ("SRV-003",),
        reads_chunks,
        "HTTP clients send a body of unknown length in chunks",
        ("works",),
        False,
        1,
    ),
    Check(
        "srv-name-escaped",
        "an escaped letter in EndpointName",
        ("SRV-004",),
        decodes_the_name,
        "a client that escapes more than it must cannot call the server",
        ("works",),
        calls=1,
    ),
    Check(
        "srv-query-ignored",
        "unknown parameters, also repeated",
        ("SRV-005",),
        ignores_parameters,
        "a signature over a query that is sorted wrongly is refused",
        ("works",),
        calls=2,
    ),
    Check(
        "srv-presigned",
        "a request signed in its query",
        ("SRV-006",),
        accepts_a_presigned_request,
        "a presigned URL cannot be used",
        ("works",),
        calls=1,
    ),
    Check(
        "srv-expect-continue",
        "a request that waits for 100 Continue",
        ("SRV-007",),
        sends_continue,
        "each call of such a client waits for a second or longer",
        ("works",),
        calls=1,
    ),
    Check(
        "srv-body-long",
        "a body of 6 MiB",
        ("SRV-008",),
        accepts_a_long_body,
        "images and long prompts cannot be sent",
        ("works",),
        False,
        1,
    ),
    Check(
        "srv-time-tolerated",
        "a time four minutes from now",
        ("SRV-027",),
        tolerates_skew,
        "clients whose clock is a little wrong cannot call the server",
        ("works",),
        calls=2,
    ),
    Check(
        "srv-invoke-endpoint",
        "InvokeEndpoint responds without frames",
        ("SRV-070",),
        offers_invoke_endpoint,
        "an application that uses both operations gets frames as text",
        ("works",),
        calls=2,
    ),
    Check(
        "srv-other-operations",
        "an operation that the server does not offer",
        ("SRV-071",),
        rejects_other_operations,
        "a caller believes that an operation which does nothing was successful",
    ),
)
