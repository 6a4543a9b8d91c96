# SPDX-License-Identifier: MIT
"""Rows: bytes in memory -> typed events.

botocore runs its EventStream with the parser of the service's model, which returns dicts, as boto3
does. bare yields payloads and examines no header. It is only a bound where headers vary.
"""

from typing import Any, Callable, Dict, Iterable, List

from bench.measure import OURS, Row, Subject, megabytes_per_second, milliseconds, per_second, timed
from bench.setting import Setting
from bench.streams import HEADERS, SIZES, frames, pieces, varying_frames
from refimpl.eventstream import encode
from refimpl.operation import ResponseReader

HEAD = (("Content-Type", "application/vnd.amazon.eventstream"),)
# Bytes of the payload that arrives in pieces.
WHOLE = 16 * 1024 * 1024
# botocore decodes only a tenth of the frames, because a run would take minutes.
BOTOCORE_SHARE = 10


def rows(setting: Setting) -> List[Row]:
    """Return the rows."""
    made = []
    for name, count, aims in (
        ("a", 200000, {"botocore": 8, "bare": 0.5}),
        ("b", 4000, {"bare": 1.3}),
        ("c", 80, {"bare": 1.3}),
    ):
        count = setting.amount(count)
        title = "decode {}: {} frames of {}".format(
            name, format(count, ","), {"a": "64 B", "b": "8 KiB", "c": "1 MiB"}[name]
        )
        show, unit = (
            (per_second, "frames/s") if name == "a" else (megabytes_per_second(SIZES[name]), "MB/s")
        )
        made.append(
            Row(title, unit, show, name == "a", _subjects(setting, frames(name, count)), dict(aims))
        )
    count = setting.amount(50000)
    made.append(
        Row(
            f"decode a, a fourth header differs in each of {format(count, ',')} frames",
            "frames/s",
            per_second,
            True,
            _subjects(setting, varying_frames(count)),
            {"botocore": 1.8},
        )
    )
    made.append(
        Row(
            "decode one frame of 16 MiB in pieces of 1 KiB",
            "ms",
            milliseconds,
            False,
            _whole(setting),
            {},
        )
    )
    return made


def _subjects(setting: Setting, stream: List[bytes]) -> Dict[str, Subject]:
    chunks, count = pieces(b"".join(stream)), len(stream)
    few = max(8, count // BOTOCORE_SHARE)
    return _by_name(setting, chunks, count, pieces(b"".join(stream[:few])), few)


def _whole(setting: Setting) -> Dict[str, Subject]:
    chunks = pieces(encode(HEADERS, bytes(WHOLE)), 1024)
    subjects = _by_name(setting, chunks, 1, chunks, 1)
    if not setting.slow:
        # It takes 10 s or more.
        subjects.pop("botocore", None)
    return subjects


def _by_name(
    setting: Setting, chunks: List[bytes], count: int, fewer_chunks: List[bytes], few: int
) -> Dict[str, Subject]:
    subjects: Dict[str, Subject] = {OURS: lambda: timed(lambda: _ours(chunks), count)}
    bare = setting.implementations.bare
    if bare is not None:
        subjects["bare"] = lambda: timed(lambda: sum(1 for _ in bare.decode(chunks)), count)
    if setting.implementations.boto3:
        decode = _botocore_decode()
        subjects["botocore"] = lambda: timed(lambda: decode(fewer_chunks), few)
    return subjects


def _ours(chunks: Iterable[bytes]) -> int:
    reader = ResponseReader(200, HEAD)
    count = 0
    for chunk in chunks:
        for _ in reader.feed(chunk):
            count += 1
    reader.close()
    return count


class _Raw:
    """The source of botocore's EventStream."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def stream(self) -> Iterable[bytes]:
        return self._chunks


def _botocore_decode() -> Callable[[Iterable[bytes]], int]:
    from botocore.eventstream import EventStream
    from botocore.parsers import EventStreamJSONParser
    from botocore.session import Session

    model = (
        Session()
        .get_service_model("sagemaker-runtime")
        .operation_model("InvokeEndpointWithResponseStream")
    )
    shape: Any = model.get_event_stream_output()

    def decode(chunks: Iterable[bytes]) -> int:
        count = 0
        for event in EventStream(_Raw(chunks), shape, EventStreamJSONParser(), model.name):
            count += "PayloadPart" in event
        return count

    return decode
