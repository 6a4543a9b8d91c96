# SPDX-License-Identifier: MIT
"""What `refimpl explain` says about a failing case: the likely cause, the origin, every byte.

A canonical request that differs from the expected one is explained like one that a service has
refused: the expected request takes the place of the service's. The bytes of a stream and the stages
of a signature are shown as `explain frames` and `explain sign` show them.
"""

from itertools import chain, islice
from typing import List, Optional

from conformance.cases.case import Case
from conformance.cases.described import expanded_input
from conformance.cases.questions import input_bytes
from conformance.protocol.messages import to_bytes
from conformance.run.verdicts import Difference
from refimpl.cli.hexdump import lines_of_frame
from refimpl.errors import Error
from refimpl.explain.causes import difference_of_requests
from refimpl.explain.frames import explain_frames
from refimpl.explain.signing import (
    SigningExplanation,
    explain_signature,
    lines_of_signature,
    origin_at,
)
from refimpl.sigv4 import Credentials

_STREAMS = ("eventstream.decode", "http.response")
_MAX_EXPLAINED = 64 * 1024  # bytes of a stream, and of a request's body
_ROWS_OF_FIELD = 4


def cause_of(difference: Optional[Difference]) -> Optional[str]:
    """Return the likely cause of a difference, or None if there is no explanation."""
    if difference is None or not difference.stage.endswith("canonical_request"):
        return None
    expected, actual = difference.expected, difference.actual
    if not isinstance(expected, str) or not isinstance(actual, str):
        return None
    found = difference_of_requests(expected, actual)
    if found is None:
        return None
    return f"{found.differs_in} differs: {found.cause} ({found.rule})"


def origin_of(case: Case, difference: Optional[Difference]) -> Optional[str]:
    """Return where the first byte that differs should come from, or None if that is unknown."""
    if difference is None or not difference.stage.endswith("canonical_request"):
        return None
    expected, actual = difference.expected, difference.actual
    if not isinstance(expected, str) or not isinstance(actual, str):
        return None
    explained = _signature_of(case)
    if explained is None or explained.canonical_request != expected:
        return None
    pairs = zip(expected, actual)
    shorter = min(len(expected), len(actual))
    position = next((at for at, (one, other) in enumerate(pairs) if one != other), shorter)
    origin = origin_at(explained, position)
    if origin is None:
        return None
    line = expected.count("\n", 0, position) + 1
    return f"byte {position}, in line {line}, is from {origin.origin} ({origin.rule})"


def explained_lines(case: Case, most: int, only_errors: bool = False) -> List[str]:
    """Return the lines that explain a case's input, or none if there is no explanation.

    most: lines, with the one that says how to see the others
    only_errors: of a stream, only what is not a frame
    """
    if case.op == "sigv4.sign":
        explained = None if only_errors else _signature_of(case)
        lines = [] if explained is None else lines_of_signature(explained)
    elif case.op in _STREAMS:
        frames = explain_frames((input_bytes(case) or b"")[:_MAX_EXPLAINED])
        shown = (frame for frame in frames if frame.error is not None or not only_errors)
        rows = chain.from_iterable(lines_of_frame(frame, _ROWS_OF_FIELD) for frame in shown)
        lines = list(islice(rows, most + 1))
    else:
        return []
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) <= most:
        return lines
    command = "frames input.bin" if case.op in _STREAMS else "sign"
    return lines[: most - 1] + [f"... `conformance dump` and `refimpl explain {command}` show all"]


def _signature_of(case: Case) -> Optional[SigningExplanation]:
    """Return the explanation of the request of a case, or None if it cannot be signed."""
    if case.op != "sigv4.sign":
        return None
    try:
        given = expanded_input(case.op, case.input)
        body = to_bytes(given["body"])
        if len(body) > _MAX_EXPLAINED:
            return None
        keys = (given["access_key"], given["secret_key"], given.get("session_token"))
        return explain_signature(
            given["method"],
            given["target"],
            [(name, value) for name, value in given["headers"]],
            body,
            Credentials(*keys),
            given["region"],
            given["service"],
            given["time"],
            given.get("normalize_path", True),
            given.get("double_encode", True),
            given.get("sign_body", False),
            given.get("omit_session_token", False),
        )
    except Error:
        return None
