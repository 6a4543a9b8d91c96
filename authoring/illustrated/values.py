# SPDX-License-Identifier: MIT
"""The call that docs/illustrated.html shows, and every value on the page.

The call is two cases of the vectors. `values_of` asks `refimpl.explain` for the values. page.js
computes the values of the same names with the page's own script, and reports a difference.
"""

import base64
import json
from typing import Any, Dict, List, NamedTuple, Tuple

from authoring import VECTORS
from conformance.cases.frames import assemble
from refimpl.errors import Error
from refimpl.eventstream import FrameHeader
from refimpl.explain.frames import ExplainedFrame, explain_frames
from refimpl.explain.signing import SigningExplanation, explain_signature
from refimpl.sigv4 import Credentials

REQUEST_CASE = ("sigv4-sign.json", "sig-illustrated-call")
RESPONSE_CASE = ("http-response.json", "http-illustrated-call")
FIRST_CHUNK = 142  # bytes; it ends inside the second frame
ACCEPTED = "accepted: both checksums are correct"

Values = Dict[str, str]


class Call(NamedTuple):
    """The call.

    request: the input of the case, as for the operation sigv4.sign;  expected: its stages
    frames: the body of the response;  response_headers: as in the case
    parts: the payloads that the case expects
    """

    request: Dict[str, Any]
    expected: Dict[str, str]
    explained: SigningExplanation
    response_headers: List[List[str]]
    frames: Tuple[ExplainedFrame, ...]
    stream: bytes
    parts: Tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        """The body of the request."""
        return base64.b64decode(self.request["body"])

    @property
    def frame_headers(self) -> Tuple[FrameHeader, ...]:
        """The headers of each frame, which all frames have in common."""
        message = self.frames[0].message
        assert message is not None
        return tuple(message.headers)


def _case(file: str, name: str) -> Dict[str, Any]:
    cases = json.loads((VECTORS / file).read_text(encoding="utf-8"))["cases"]
    found: Dict[str, Any] = next(case for case in cases if case["id"] == name)
    return found


def illustrated_call() -> Call:
    """Return the call. Raises AssertionError if refimpl and the vectors disagree."""
    signed, answered = _case(*REQUEST_CASE), _case(*RESPONSE_CASE)
    request = signed["input"]
    explained = explain_signature(
        request["method"],
        request["target"],
        [(name, value) for name, value in request["headers"]],
        base64.b64decode(request["body"]),
        Credentials(request["access_key"], request["secret_key"]),
        request["region"],
        request["service"],
        request["time"],
    )
    expected = signed["expect"]["output"]
    for stage in ("canonical_request", "string_to_sign", "signature", "authorization"):
        assert getattr(explained, stage) == expected[stage], stage
    stream = assemble(answered["input"]["frames"])
    parts = tuple(
        base64.b64decode(event["PayloadPart"]["Bytes"])
        for event in answered["expect"]["output"]["events"]
    )
    frames = tuple(explain_frames(stream))
    assert [frame.message and frame.message.payload for frame in frames] == list(parts)
    headers = answered["input"]["headers"]
    return Call(request, expected, explained, headers, frames, stream, parts)


def values_of(call: Call) -> Values:
    """Return every value on the page, by its name."""
    values = {**_signature_values(call), "body.length": str(len(call.stream))}
    values.update(_chunk_values(call))
    for number, frame in enumerate(call.frames, 1):
        values.update(_frame_values(number, frame))
    return {**values, **_part_values(call)}


def _signature_values(call: Call) -> Values:
    request, stages = call.request, {stage.name: stage for stage in call.explained.stages}
    path, mark, query = request["target"].partition("?")
    lines = stages["headers"].after.splitlines()
    keys = dict(line.split(" ") for line in stages["keys"].after.splitlines())
    return {
        **{f"can.{line.partition(':')[0]}": line for line in lines},
        "path": path,
        "query": mark + query,
        "raw_query": query,
        "content_type": dict(request["headers"])["Content-Type"],
        "time": request["time"],
        "day": request["time"][:8],
        "length": str(len(call.body)),
        "body": call.body.decode("utf-8"),
        "secret": request["secret_key"],
        "can.path": stages["path"].after,
        "can.query": stages["query"].after,
        "can.names": stages["signed headers"].after,
        "can.hash": stages["body"].after,
        "canonical": call.explained.canonical_request,
        "sts.hash": call.explained.string_to_sign.split("\n")[-1],
        "scope": stages["scope"].after,
        "to_sign": call.explained.string_to_sign,
        **keys,
        "signature": call.explained.signature,
        "authorization": call.explained.authorization,
    }


def _chunk_values(call: Call) -> Values:
    values: Values = {}
    ends = [frame.offset for frame in call.frames[1:]] + [len(call.stream)]
    for number, start, end in ((1, 0, FIRST_CHUNK), (2, FIRST_CHUNK, len(call.stream))):
        held = [
            f"bytes {max(start, begin) - begin} to {min(end, stop) - begin - 1} of frame {place}"
            for place, (begin, stop) in enumerate(zip([0, *ends], ends), 1)
            if begin < end and stop > start
        ]
        values[f"chunk{number}.size"] = f"{end - start:x}"
        values[f"chunk{number}.length"] = str(end - start)
        values[f"chunk{number}.holds"] = ", ".join(held)
    return values


def _frame_values(number: int, frame: ExplainedFrame) -> Values:
    data = b"".join(field.data for field in frame.fields)
    values = {f"f{number}.length": str(len(data))}
    for place, field in enumerate(frame.fields):
        slot, before = f"f{number}.{place}", data[: field.offset - frame.offset]
        values[f"{slot}.offset"] = str(field.offset)
        values[f"{slot}.bytes"] = " ".join(f"{byte:02x}" for byte in field.data)
        values[f"{slot}.hex"] = field.data.hex()
        values[f"{slot}.value"] = field.value
        values[f"{slot}.before"] = before.hex()
        if field.name.endswith("_crc"):
            # The explanation has compared it with the computed one.
            assert field.value == "ok"
            values[f"{slot}.crc"] = field.data.hex()
        if field.name == "type":
            values[f"{slot}.code"] = str(field.data[0])
    return values


def _part_values(call: Call) -> Values:
    values: Values = {}
    for number, (frame, part) in enumerate(zip(call.frames, call.parts), 1):
        assert not isinstance(frame.error, Error)
        values[f"decoded{number}"] = ACCEPTED
        values[f"part{number}.hex"] = part.hex()
        values[f"part{number}.text"] = part.decode("utf-8", "replace")
    whole = b"".join(call.parts)
    return {**values, "text.hex": whole.hex(), "text": whole.decode("utf-8")}
