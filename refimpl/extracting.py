# SPDX-License-Identifier: MIT
"""`Response.extract`: what the model wrote, from the parts of a response.

It ends a response whose parts contain no text for too long (CLI-016).
"""

import time
from typing import TYPE_CHECKING, Any, Callable, Generator, Iterator, List, Optional, Tuple, Union

from .errors import NetworkError
from .results import Results, described
from .text.extraction import Delta, ModelText, Summary, deltas_of, parse_extraction
from .timeouts import check_timeout

if TYPE_CHECKING:
    from .fetched import FetchedExchange
    from .transport import HttpExchange


class ModelDeltas(Results[Delta]):
    """The deltas of a response: `for delta in response.extract(): print(delta.text)`.

    warnings: the warnings so far, each a line of text
    """

    def __init__(
        self, deltas: Generator[Delta, None, None], model_text: ModelText, warnings: List[str]
    ) -> None:
        super().__init__(deltas)
        self._model_text = model_text
        self.warnings = warnings

    @property
    def summary(self) -> Summary:
        """The state of the model's stream so far: whether it is complete, and its counts."""
        return self._model_text.summary


def model_deltas(
    response: Any,
    exchange: "Union[HttpExchange, FetchedExchange]",
    where: str,
    channel: str,
    strict_model: Optional[bool],
    limits: Tuple[Optional[float], Optional[float]],
    text_format: Optional[str],
    warn: Optional[Callable[[str], None]],
    started: float,
) -> ModelDeltas:
    """Return the iterator of Response.extract().

    response: a Response of live_response.py;  exchange: its own
    limits: first_token_timeout and token_timeout;  started: when the call began
    """
    extraction = parse_extraction(where)
    check_timeout("first_token_timeout", limits[0])
    check_timeout("token_timeout", limits[1])
    warnings_seen: List[str] = []
    model_text = ModelText(
        extraction,
        channel,
        text_format,
        response.content_type or "",
        strict_model,
        warn or warnings_seen.append,
        lambda: response.unknown_events,
        time.monotonic,
        started,
    )
    parts: Iterator[bytes] = response.payloads()
    if limits != (None, None):
        parts = _parts_in_time(parts, exchange, model_text, limits, started)
    deltas = described(deltas_of(parts, model_text), response.status, response.request_id)
    return ModelDeltas(deltas, model_text, warnings_seen)


def _parts_in_time(
    parts: Iterator[bytes],
    exchange: "Union[HttpExchange, FetchedExchange]",
    model_text: ModelText,
    limits: Tuple[Optional[float], Optional[float]],
    started: float,
) -> Iterator[bytes]:
    """Yield the parts. End the wait for more if they contain no text for too long (CLI-016)."""
    seen, since = 0, started
    while True:
        # CLI-016
        name = "token_timeout" if seen else "first_token_timeout"
        limit = limits[1 if seen else 0]
        if limit is not None and time.monotonic() >= since + limit:
            raise NetworkError(
                "no text from the model in time",
                kind="timeout",
                expected=f"within the {name} of {limit:g} s",
                rule="CLI-016",
            )
        exchange.wait_for(name, limit, since)
        part = next(parts, None)
        if part is None:
            return
        yield part
        if model_text.activity > seen:
            seen, since = model_text.activity, time.monotonic()
