# SPDX-License-Identifier: MIT
"""Rows: profile a end to end over loopback, from a server process that sends as fast as the socket takes it.

A unit is a frame; the time runs from the call to the last event, connection and signature included. boto3 reads fewer
frames than the others, or a run would take minutes. The JavaScript SDK runs in one process throughout, so that its
compiler is warm.
"""

import contextlib
import io
import json
from types import ModuleType
from typing import Any, Dict, List

from bench.measure import OURS, Row, Subject, per_second, timed
from bench.peers import ACCESS_KEY, REGION, SECRET_KEY
from bench.setting import Setting
from refimpl.client import Client
from refimpl.sigv4 import Credentials

FRAMES = 100000
BOTO3_FRAMES = 20000


def rows(setting: Setting) -> List[Row]:
    """Return the rows."""
    count, few = setting.amount(FRAMES), setting.amount(BOTO3_FRAMES)
    title = f"loopback, {format(count, ',')} frames of 64 B, "
    return [
        Row(
            title + "HTTP chunks of 64 KiB",
            "frames/s",
            per_second,
            True,
            _subjects(setting, count, few, "64k"),
            {"boto3": 4, "bare": 0.75},
        ),
        Row(
            title + "an HTTP chunk for each",
            "frames/s",
            per_second,
            True,
            _subjects(setting, count, few, "frame"),
            {"boto3": 2.5, "javascript": 1, "bare": 0.75},
        ),
    ]


def _subjects(setting: Setting, count: int, few: int, cut: str) -> Dict[str, Subject]:
    peers, name = setting.peers, f"a-{int(count)}-{cut}"
    subjects = {OURS: _ours(setting.url, name, count)}
    if peers.bare is not None:
        subjects["bare"] = _bare(peers.bare, setting.url, name, count)
    if peers.boto3:
        subjects["boto3"] = _boto3(setting.url, f"a-{int(few)}-{cut}", few)
    if peers.node:
        subjects["javascript"] = _javascript(setting, name, count)
    return subjects


def _ours(url: str, name: str, count: int) -> Subject:
    client = Client(
        region=REGION, endpoint_url=url, credentials=Credentials(ACCESS_KEY, SECRET_KEY)
    )

    def read() -> int:
        events = 0
        with client.invoke_endpoint_with_response_stream(
            endpoint_name=name, body=b'{"inputs":"hi"}', content_type="application/json"
        ) as response:
            for _ in response.body:
                events += 1
        return events

    return lambda: timed(read, count)


def _bare(bare: ModuleType, url: str, name: str, count: int) -> Subject:
    def cost() -> float:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            bare.main(["client", url, name])
        return _checked(json.loads(printed.getvalue()), "s", count)

    return cost


def _boto3(url: str, name: str, count: int) -> Subject:
    from bench.boto3_call import client, events

    runtime: Any = client(url)
    return lambda: timed(lambda: events(runtime, name), count)


def _javascript(setting: Setting, name: str, count: int) -> Subject:
    return lambda: _checked(setting.javascript_call(name), "seconds", count)


def _checked(answer: Dict[str, float], seconds: str, count: int) -> float:
    if answer["events"] != count:
        raise RuntimeError(f"{int(answer['events'])} events came instead of {int(count)}")
    return answer[seconds] / count
