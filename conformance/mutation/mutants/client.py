# SPDX-License-Identifier: MIT
"""Mutants of refimpl/client.py."""

_EVENTS = 'def _events(exchange: "Exchange", reader: ResponseReader, secrets: Secrets)'
_LIVE_EVENTS = _EVENTS.replace("_events", "_live_events")

ROWS = (
    (
        "body-buffered",
        "HTTP-050",
        "a client reads the whole body before it returns the first event",
        _EVENTS,
        """\
def _events(exchange, reader, secrets):
    events, failure = [], None
    try:
        for event in _live_events(exchange, reader, secrets):
            events.append(event)
    except Error as error:
        failure = error
    yield from events
    if failure is not None:
        raise failure

"""
        + _LIVE_EVENTS,
    ),
    (
        "event-held-back",
        "HTTP-050",
        "a client returns each event when the next one, or the end, has arrived",
        _EVENTS,
        """\
def _events(exchange, reader, secrets):
    held = []
    try:
        for event in _live_events(exchange, reader, secrets):
            yield from held
            held = [event]
    except Error:
        yield from held
        raise
    yield from held

"""
        + _LIVE_EVENTS,
    ),
    (
        "read-holds-parts",
        "HTTP-050",
        "a client returns the events of a read when the next read has returned",
        "            yield from events\n    except GeneratorExit",
        """\
            data = exchange.read1()
            yield from events
            if data:
                yield from reader.feed(data)
            else:
                reader.close()
                exchange.close()
                return
    except GeneratorExit""",
    ),
    (
        "events-before-a-fault",
        "EVS-023",
        "a client loses the events that arrived before an error",
        "yield from error.events",
        "pass",
    ),
    (
        "unfinished-frame-ends-well",
        "EVS-022",
        "a client accepts a stream that ends inside a frame",
        "            if not data:\n                reader.close()\n",
        "            if not data:\n",
    ),
    (
        "call-guesses-region",
        "SIG-020",
        "a client signs for a region of its own guess",
        "self._region,\n            self._endpoint.signing_name,",
        '"us-west-2",\n            self._endpoint.signing_name,',
    ),
    (
        "call-local-time",
        "SIG-016",
        "a client signs with local time",
        "amz_date_of(self._now()),\n            sign_body",
        'amz_date_of(self._now() - __import__("time").timezone),\n            sign_body',
    ),
    (
        "call-signs-content-length",
        "SIG-015",
        "a client signs content-length",
        "self._sign_body,\n            unsigned=UNSIGNED_HEADERS",
        "self._sign_body,\n            unsigned=()",
    ),
    (
        "call-token-not-sent",
        "SIG-017",
        "a client signs the token and does not send it",
        "request._replace(headers=signed.headers)",
        'request._replace(headers=tuple(one for one in signed.headers if one[0].lower() != "x-amz-security-token"))',
    ),
    (
        "call-members-not-sent",
        "HTTP-003",
        "a client signs the members' headers and does not send them",
        "            request.target,\n            request.headers,\n            request.body,",
        '            request.target,\n            [one for one in request.headers if "SageMaker" not in one[0]],\n            request.body,',
    ),
    (
        "call-content-type-json",
        "HTTP-003",
        "a client sends application/json for every content type",
        "        signed = self._sign(request, credentials)\n",
        '        request = request._replace(headers=tuple((name, "application/json") if name == "Content-Type" else (name, value) for name, value in request.headers))\n        signed = self._sign(request, credentials)\n',
    ),
    (
        "call-body-as-text",
        "HTTP-003",
        "a client sends the body as UTF-8 text",
        "        signed = self._sign(request, credentials)\n",
        '        request = request._replace(body=request.body.decode("latin-1").encode("utf-8"))\n        signed = self._sign(request, credentials)\n',
    ),
    (
        "truncation-swallowed",
        "HTTP-023",
        "a client accepts a truncated body",
        "placed = placed_error(error, reader, secrets)",
        'placed = placed_error(error, reader, secrets)\nif placed.kind == "truncated":\n    return\n',
    ),
)
