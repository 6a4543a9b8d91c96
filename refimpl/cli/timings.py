# SPDX-License-Identifier: MIT
"""When the parts of a response arrived, for `invoke --timings` (CLI-013). No I/O: the clock is a
parameter.

Iterators that pass parts on note when each arrives and when the first token is written. Nothing is
rejected.
"""

from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional

from ..shapes import PayloadPart, StreamEvent


class Timings:
    """How long a call and its parts took. The call begins when this object is created.

    clock: monotonic seconds
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self._parts: List[float] = []  # when each arrived
        self._bytes = 0
        self._first_token: Optional[float] = None

    def timed_events(
        self, events: Iterable[StreamEvent], parts_are_tokens: bool
    ) -> Iterator[StreamEvent]:
        """Yield the events and note when each part arrived."""
        for event in events:
            if isinstance(event, PayloadPart):
                self._parts.append(self._clock() - self._start)
                self._bytes += len(event.bytes)
                if parts_are_tokens:
                    self._token(event.bytes)
            yield event

    def timed_pieces(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces to write. The first that is not empty is the first token."""
        for piece in pieces:
            self._token(piece)
            yield piece

    def _token(self, data: bytes) -> None:
        if data and self._first_token is None:
            self._first_token = self._clock() - self._start

    def to_json(self) -> Dict[str, Any]:
        """Return the timings as a JSON object (CLI-013).

        It contains the numbers of parts and bytes, and seconds, rounded to microseconds: until the
        first part, the first token and now, and the gaps between parts.
        """
        gaps = sorted(later - earlier for earlier, later in zip(self._parts, self._parts[1:]))
        seconds: Dict[str, Optional[float]] = dict.fromkeys(
            ("first_part", "first_token", "gap_min", "gap_median", "gap_max")
        )
        seconds["first_token"] = self._first_token
        if self._parts:
            seconds["first_part"] = self._parts[0]
        if gaps:
            seconds.update(gap_min=gaps[0], gap_median=gaps[len(gaps) // 2], gap_max=gaps[-1])
        seconds["total"] = self._clock() - self._start
        document: Dict[str, Any] = {
            name: value if value is None else round(value, 6) for name, value in seconds.items()
        }
        return dict(document, parts=len(self._parts), bytes=self._bytes)
