# SPDX-License-Identifier: MIT
"""Checks of HTTP: paths and methods, framing in both directions, and connections."""

from conformance.servers.exchange import Received
from conformance.servers.subject import Draft, Subject
from conformance.servers.verdicts import Broken, Check, accepted, code_of, described, one_of

_HUGE = 1 << 40  # bytes, announced and never sent
_PATIENCE = 5.0  # seconds for a response that needs no body
_BAD_REQUEST = 400
_NOT_FOUND = 404
_NOT_ALLOWED = 405
_TOO_LARGE = 413


def refuses_other_paths(subject: Subject) -> None:
    for path in (subject.path(None, "no-such-operation"), subject.path().rsplit("/", 3)[0] + "/x"):
        received = subject.ask(subject.draft(path=path))
        one_of(f"POST {path}: status", (_NOT_FOUND,), received.status)


def refuses_other_methods(subject: Subject) -> None:
    for method in ("PUT", "DELETE"):
        received = subject.ask(subject.draft(method=method))
        one_of(f"{method}: status", (_NOT_FOUND, _NOT_ALLOWED), received.status)
        if received.status == _NOT_ALLOWED and not received.value("Allow"):
            raise Broken(f"{method}: header Allow", expected="the methods", actual="absent")


def refuses_malformed_heads(subject: Subject) -> None:
    draft = subject.draft()
    length = draft.value("Content-Length")
    host = draft.value("Host")
    variants = {
        "two values of Content-Length": draft.adding("Content-Length", f"{int(length) + 1}"),
        "Content-Length that is not a number": draft.replacing("Content-Length", f"+{length}"),
        "no Host": draft.replacing("Host", None),
        "two Hosts": draft.adding("Host", host),
        "a space before a colon": draft.adding("X-Note ", "1"),
    }
    for stage, malformed in variants.items():
        received = _without_waiting(subject, malformed)
        if not _is_malformed(received):
            raise Broken(f"{stage}: status", expected=_BAD_REQUEST, actual=described(received))


def _is_malformed(received: Received) -> bool:
    """Return whether a response rejects a request as HTTP, and not because of its endpoint name."""
    return received.status == _BAD_REQUEST and code_of(received) != "ValidationError"


def ends_after_two_framings(subject: Subject) -> None:
    draft = subject.draft().adding("Transfer-Encoding", "chunked")
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(draft.body), draft.body)
    with subject.connect(_PATIENCE) as connection:
        connection.send(draft.head + body)
        received = subject.kept(draft, connection.receive())
        if _is_malformed(received) or connection.is_closed():
            return
    raise Broken(
        "Content-Length and Transfer-Encoding",
        expected="400, or a connection that ends",
        actual=described(received) + ", and the connection stays open",
    )


def refuses_a_huge_body(subject: Subject) -> None:
    draft = subject.draft(body=b"").replacing("Content-Length", str(_HUGE))
    received = _without_waiting(subject, draft)
    one_of("status for a body of 1 TiB", (_TOO_LARGE,), received.status)


def _without_waiting(subject: Subject, draft: Draft) -> Received:
    """Return the response to a request for which a server needs no more than a few seconds."""
    with subject.connect(_PATIENCE) as connection:
        connection.send(draft.adding("Connection", "close").head + draft.body)
        return subject.kept(draft, connection.receive())


def frames_its_body(subject: Subject) -> None:
    received = accepted("the stream", subject.ask(subject.draft(subject.names.working)))
    if not received.framing.chunked and received.framing.length is None:
        raise Broken("end of the stream", expected="chunks or Content-Length", actual="none")


def sends_no_chunks_to_old_clients(subject: Subject) -> None:
    draft = subject.draft(subject.names.working)._replace(version="HTTP/1.0")
    received = accepted("a request of HTTP/1.0", subject.ask(draft))
    if received.framing.chunked:
        raise Broken("response to HTTP/1.0", expected="no chunks", actual="chunks")


def keeps_the_connection(subject: Subject) -> None:
    with subject.connect() as connection:
        for number in ("first", "second", "third"):
            draft = subject.draft(subject.names.working)
            connection.send(draft.head + draft.body)
            received = subject.kept(draft, connection.receive())
            accepted(f"the {number} request of a connection", received)
            if not received.is_open:
                return


CHECKS = (
    Check(
        "srv-paths",
        "a path that does not belong to the operation",
        ("SRV-010",),
        refuses_other_paths,
        "a caller takes a wrong URL for a failing model",
    ),
    Check(
        "srv-methods",
        "another method",
        ("SRV-010",),
        refuses_other_methods,
        "a caller takes a wrong method for a failing model",
    ),
    Check(
        "srv-heads-malformed",
        "a head that two servers can read in two ways",
        ("SRV-011",),
        refuses_malformed_heads,
        "behind a proxy, one request can contain another one (request smuggling)",
        is_plain=False,
    ),
    Check(
        "srv-two-framings",
        "a request with Content-Length and chunks",
        ("SRV-012",),
        ends_after_two_framings,
        "behind a proxy, one request can contain another one (request smuggling)",
        is_plain=False,
    ),
    Check(
        "srv-body-huge",
        "a body of 1 TiB is announced",
        ("SRV-013",),
        refuses_a_huge_body,
        "the client sends for hours before it is refused",
        is_plain=False,
    ),
    Check(
        "srv-stream-framed",
        "the end of the stream is visible",
        ("SRV-054",),
        frames_its_body,
        "a connection that breaks between two frames looks like the end",
        ("works",),
        calls=1,
    ),
    Check(
        "srv-http-1-0",
        "a client of HTTP/1.0",
        ("SRV-055",),
        sends_no_chunks_to_old_clients,
        "an old proxy passes on the chunks as if they were frames",
        ("works",),
        is_plain=False,
        calls=1,
    ),
    Check(
        "srv-keep-alive",
        "three requests on one connection",
        ("SRV-056",),
        keeps_the_connection,
        "a client's second request fails, because the connection closes without a warning",
        ("works",),
        calls=3,
    ),
)
