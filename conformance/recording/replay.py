# SPDX-License-Identifier: MIT
"""A server on loopback that replays recordings byte for byte.

    with Replay(read_recordings("recordings")) as replay:
        ... call replay.url ...

A request gets the response of the recording with the same method and target; several such
recordings take turns. A single recording answers every request. The response ends as it ended when
it was recorded. A request without a recording gets a 404 that names the most similar ones.
"""

import difflib
import threading
from typing import Any, Dict, List, Mapping, Optional, Sequence

from conformance.endpoint.loopback import Conversation, Log, Loopback
from conformance.endpoint.request import BadRequest, Request, RequestReader, says_close
from conformance.endpoint.scenarios.build import document
from conformance.recording.exchange import joined, of_documents
from refimpl.errors import shown

_COMPARED = 200  # characters of a request line
_MOST_COMPARED = 500  # request lines


class _Playing(Conversation):
    """Reads requests and replays the response to each."""

    def converse(self) -> None:
        replay: Replay = self.server.owner
        reader = RequestReader(self.request, replay.budget)
        try:
            request = reader.read()
            while request is not None and self._play(request, replay):
                request = reader.read()
        except BadRequest as error:
            self.respond_and_close(error.response())
            self.linger()
        finally:
            reader.release()

    def _play(self, request: Request, replay: "Replay") -> bool:
        """Replay one response. Return whether the connection stays open."""
        line = f"{request.method} {request.target}"
        label = shown(line.partition("?")[0], 200)
        recording = replay.next_for(line)
        if recording is None:
            note = f"no recording of this request (expected {replay.nearest(line)})"
            replay.log(f"{label}: {note}")
            body = note.encode("utf-8") + b"\n"
            self.respond_and_close(document("404 Not Found", body, None, "text/plain"))
            return False
        replay.log(f"{label}: {recording['title']}")
        self._send(recording, replay)
        ended = recording["response"]["ended"]
        if ended in ("stall", "client"):
            self.stall()
        elif ended == "reset":
            self.reset()
        return bool(ended == "whole" and not says_close(request.headers))

    def _send(self, recording: Mapping[str, Any], replay: "Replay") -> None:
        before = max([piece["at"] for piece in recording["request"]["pieces"]] or [0])
        for at, data in of_documents(recording["response"]["pieces"]):
            if replay.timing and at > before:
                replay.pause(min((at - before) / 1000.0, threading.TIMEOUT_MAX))
            before = max(at, before)
            self.request.sendall(data)


class Replay(Loopback):
    """A server that replays recordings until close(); also a context manager.

    recordings: one of those with the request's method and target answers, in turn; a single one
        answers every request
    timing:     wait before each piece as long as the server took for it
    port, log, idle_timeout: as for the Endpoint. Raises OSError if the port is not available.
    """

    def __init__(
        self,
        recordings: Sequence[Mapping[str, Any]],
        timing: bool = True,
        port: int = 0,
        log: Optional[Log] = None,
        idle_timeout: float = 60.0,
    ) -> None:
        self.timing = timing
        self._recordings = list(recordings)
        self._played: Dict[str, int] = {}
        self._choosing = threading.Lock()
        super().__init__(_Playing, port, None, log, idle_timeout)

    def next_for(self, line: str) -> Optional[Mapping[str, Any]]:
        """Return the next recording for a method and target, or None."""
        fitting: List[Mapping[str, Any]] = self._recordings
        if len(fitting) == 1:
            line = ""  # one count is enough for all lines that clients send
        else:
            fitting = [recording for recording in fitting if _line_of(recording) == line]
        if not fitting:
            return None
        with self._choosing:
            turn = self._played.get(line, 0)
            self._played[line] = turn + 1
        return fitting[turn % len(fitting)]

    def nearest(self, line: str) -> str:
        """Return the recorded methods and targets that are most similar to this one."""
        # Comparing takes quadratic time, so only the beginnings are compared.
        lines = sorted({_line_of(recording)[:_COMPARED] for recording in self._recordings})
        found = difflib.get_close_matches(line[:_COMPARED], lines[:_MOST_COMPARED], 3, 0.0)
        return shown(" or ".join(found), 400)


def _line_of(recording: Mapping[str, Any]) -> str:
    """Return method and target of a recording's request."""
    line = joined(of_documents(recording["request"]["pieces"])).partition(b"\r\n")[0]
    return line.decode("latin-1").rpartition(" ")[0]
