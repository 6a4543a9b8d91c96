# SPDX-License-Identifier: MIT
"""Responses of common containers, complete and with every failure that an application can meet.

A name is CONTAINER-FAILURE. containers.py has the containers: openai, tgi, djl and lmi. A failure
is in one of three layers (SPEC.md, section 7.5):

    HTTP, the event stream    a client of the operation must report it
    the model's stream        the call succeeds, and only the application can see the failure
    none                      the response is complete but unusual

`must` says what a client of the operation must do. docs/testing-your-application.md says what an
application should do.
"""

from typing import List, NamedTuple, Optional, Sequence, Tuple

from conformance.endpoint.scenarios.build import (
    broken,
    exception,
    ok,
    part,
    raw_frame,
    stream,
    unknown_event,
)
from conformance.endpoint.scenarios.containers import (
    LINES_TYPE,
    SSE_TYPE,
    djl_lines,
    json_text,
    lmi_lines,
    openai_chunks,
    sse_event,
    tgi_events,
)
from conformance.endpoint.scenarios.model import (
    Entry,
    Expect,
    Response,
    Scenario,
    Shown,
    Step,
    stream_headers,
)

TOKENS = ("Grü", "ße ", "aus ", "Köln 🙂")
TEXT = "".join(TOKENS)
_SINCE = "0.2.0"
_MESSAGE = "CUDA out of memory"


class Container(NamedTuple):
    """A container's stream.

    pieces:   each token's bytes, and those of the end marker
    start:    how many pieces precede the first token
    end:      how many of the last pieces mark the end
    ping:     what the container sends to keep the connection alive
    failure:  what it sends if it fails
    """

    name: str
    content_type: str
    pieces: Tuple[bytes, ...]
    start: int
    end: int
    ping: bytes
    failure: bytes


def _lines_failure(members: object) -> bytes:
    return json_text(members) + b"\n"


CONTAINERS = (
    Container(
        "openai",
        SSE_TYPE,
        tuple(openai_chunks(TOKENS)),
        1,
        2,
        b": ping\n\n",
        sse_event(json_text({"error": {"message": _MESSAGE, "type": "server_error", "code": 500}})),
    ),
    Container(
        "tgi",
        SSE_TYPE,
        tuple(tgi_events(TOKENS)),
        0,
        1,
        b":\n\n",
        sse_event(json_text({"error": _MESSAGE, "error_type": "generation"}), space=False),
    ),
    Container(
        "djl",
        LINES_TYPE,
        tuple(djl_lines(TOKENS)),
        0,
        0,
        b"\n",
        _lines_failure({"error": _MESSAGE, "code": 424}),
    ),
    Container(
        "lmi",
        LINES_TYPE,
        tuple(lmi_lines(TOKENS)),
        0,
        1,
        b"\n",
        _lines_failure({"error": _MESSAGE, "code": 424}),
    ),
)

_COMPLETE = ("EVS-037", "HTTP-023")
_TRUNCATED = ("EVS-022", "HTTP-023")


class _Maker:
    """Makes the scenarios of one container."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.payload = b"".join(container.pieces)
        self.headers = stream_headers(container.content_type)

    def text_of(self, count: int) -> str:
        """Return the text in the first pieces."""
        return "".join(TOKENS[: max(count - self.container.start, 0)])

    def of_parts(
        self,
        name: str,
        title: str,
        parts: Sequence[bytes],
        text: str = TEXT,
        fails: Optional[bool] = False,
    ) -> Scenario:
        """Return a complete stream of these parts.

        text, fails: what an application shows
        """
        return self.made(
            name,
            title,
            "deliver every byte, and end",
            ok(*parts),
            self.response(*map(part, parts)),
            _COMPLETE,
            Shown(self.container.name, text, fails),
        )

    def response(
        self,
        *steps: Step,
        framing: str = "chunked",
        ending: str = "clean",
        cut: Optional[int] = None,
    ) -> Response:
        """Return a stream with the container's content type."""
        return stream(*steps, headers=self.headers, framing=framing, ending=ending, cut=cut)

    def made(
        self,
        name: str,
        title: str,
        must: str,
        expect: Expect,
        response: Response,
        rules: Tuple[str, ...],
        shown: Shown,
    ) -> Scenario:
        """Return a scenario of the container."""
        output = {
            "ContentType": self.container.content_type,
            "InvokedProductionVariant": "AllTraffic",
        }
        return Scenario(
            f"{self.container.name}-{name}",
            f"{self.container.name}: {title}",
            must,
            expect._replace(output=output),
            response,
            rules,
            since=_SINCE,
            shown=shown,
        )

    # ---- the model's stream: the call succeeds -------------------------------------------------

    def complete(self) -> List[Scenario]:
        """Return complete streams, usual and unusual ones."""
        pieces = list(self.container.pieces)
        whole = self.payload
        # Inside the first character of two bytes, and inside a line.
        character = whole.index("ü".encode("utf-8")) + 1
        pinged = [piece for token in pieces for piece in (self.container.ping, token)]
        return [
            self.of_parts("complete", "a complete response", pieces),
            self.of_parts("one-part", "a complete response in one part", [whole]),
            self.of_parts(
                "split-characters",
                "a part ends inside a character",
                [whole[:character], whole[character:]],
            ),
            self.of_parts("split-lines", "parts end anywhere in lines", _at_every(whole, 17)),
            self.of_parts(
                "one-byte-parts", "one byte per part", [whole[i : i + 1] for i in range(len(whole))]
            ),
            self.of_parts("pings", "keep-alive signals between the tokens", pinged),
            self.of_parts("crlf", "lines end in CRLF", [_with_crlf(piece) for piece in pieces]),
            self.of_parts(
                "no-final-newline",
                "the last line has no line end",
                pieces[:-1] + [pieces[-1].rstrip(b"\n")],
            ),
        ]

    def incomplete(self) -> List[Scenario]:
        """Return streams that are complete for the service, but not for the model."""
        pieces = list(self.container.pieces)
        tokens = pieces[: len(pieces) - self.container.end]
        some = tokens[:-1]
        text = self.text_of(len(some))
        character = self.payload.index("ü".encode("utf-8")) + 1
        return [
            self.of_parts(
                "no-end-marker", "the model stops without an end marker", some, text, None
            ),
            self.of_parts(
                "error-object", "the model reports a failure", some + [self.failure], text, True
            ),
            self.of_parts(
                "only-an-error", "nothing but the model's failure", [self.failure], "", True
            ),
            self.of_parts(
                "only-pings", "nothing but keep-alive signals", [self.container.ping] * 3, "", None
            ),
            self.of_parts(
                "truncated-in-value",
                "the last value is incomplete",
                some + [tokens[-1][:-9]],
                text,
                True,
            ),
            self.of_parts(
                "truncated-in-character",
                "the last character is incomplete",
                [self.payload[:character]],
                "",
                True,
            ),
        ]

    @property
    def failure(self) -> bytes:
        """What the container sends if it fails."""
        return self.container.failure

    # ---- HTTP and the event stream: the client reports the failure -----------------------------

    def failing(self) -> List[Scenario]:
        """Return streams that fail after two parts."""
        one, two, third = self.container.pieces[:3]
        frames = [part(piece) for piece in self.container.pieces]
        two_frames = len(frames[0]) + len(frames[1])
        half = part(third)[:30]
        cases: Tuple[Tuple[str, str, str, Expect, Response, Tuple[str, ...]], ...] = (
            (
                "truncated-http",
                "the connection is closed between two parts",
                "then raise an error",
                broken("truncated", one, two),
                self.response(*frames[:2], ending="close"),
                _TRUNCATED,
            ),
            (
                "truncated-length",
                "Content-Length announces more",
                "then raise an error",
                broken("truncated", one, two),
                self.response(*frames, framing="length", ending="close", cut=two_frames),
                _TRUNCATED,
            ),
            (
                "truncated-frame",
                "the last frame is incomplete",
                "then raise an error",
                broken("truncated", one, two),
                self.response(*frames[:2], half),
                _TRUNCATED,
            ),
            (
                "reset",
                "the connection is reset between two parts",
                "then raise an error",
                broken("truncated", one, two),
                self.response(*frames[:2], ending="reset"),
                _TRUNCATED,
            ),
            (
                "stall",
                "silence after two parts",
                "then time out",
                broken("timeout", one, two),
                self.response(*frames[:2], ending="stall"),
                ("HTTP-050", "HTTP-051"),
            ),
            (
                "corrupt-frame",
                "the checksum of the third frame is wrong",
                "then reject the frame",
                broken("message_crc", one, two),
                self.response(
                    *frames[:2], raw_frame(payload=third, flip_message_crc=1), *frames[3:]
                ),
                ("EVS-003",),
            ),
            (
                "exception",
                "ModelStreamError after two parts",
                "then raise the exception",
                broken(
                    "exception",
                    one,
                    two,
                    code="ModelStreamError",
                    text=_MESSAGE,
                    fields={"ErrorCode": "StreamBroken"},
                ),
                self.response(
                    *frames[:2],
                    exception("ModelStreamError", Message=_MESSAGE, ErrorCode="StreamBroken"),
                ),
                ("EVS-023", "EVS-034"),
            ),
        )
        shown = Shown(self.container.name, self.text_of(2), True)
        made = [
            self.made(name, title, f"deliver two parts, {must}", expect, response, rules, shown)
            for name, title, must, expect, response, rules in cases
        ]
        skipped = self.made(
            "skipped-events",
            "events of an unknown type between the parts",
            "skip and count them, and deliver every part",
            ok(*self.container.pieces, skipped=2),
            self.response(frames[0], unknown_event(), *frames[1:], unknown_event()),
            ("EVS-032", "EVS-037"),
            Shown(self.container.name, TEXT),
        )
        return [*made, skipped]


def _at_every(data: bytes, size: int) -> List[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _with_crlf(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def scenarios() -> List[Entry]:
    """Return the scenarios of all containers."""
    found: List[Entry] = []
    for container in CONTAINERS:
        maker = _Maker(container)
        found += [*maker.complete(), *maker.incomplete(), *maker.failing()]
    return found
