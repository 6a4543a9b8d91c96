# SPDX-License-Identifier: MIT
"""Mutants of refimpl/live_response.py."""

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
        "truncation-swallowed",
        "HTTP-023",
        "a client accepts a truncated body",
        "placed = placed_error(error, reader, secrets)",
        'placed = placed_error(error, reader, secrets)\nif placed.kind == "truncated":\n    return\n',
    ),
)
