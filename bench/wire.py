# SPDX-License-Identifier: MIT
"""Rows: whole calls over loopback, from a server process that sends as fast as the socket accepts.

A unit is a frame of profile a. The time is that from the call to the last event, so it includes the
connection and the signature. boto3 reads fewer frames than the others, because a run would
otherwise take minutes. The JavaScript SDK runs in one process throughout, so its compiler is warm.
"""

import contextlib
import io
import json
from types import ModuleType
from typing import Any, Dict, List

from bench.implementations import ACCESS_KEY, REGION, SECRET_KEY
from bench.measure import OURS, Row, Subject, per_second, timed
from bench.setting import Setting
from refimpl.client import Client
from refimpl.sigv4 import Credentials

FRAMES = 100000
BOTO3_FRAMES = 20000


def rows(setting: Setting) -> List[Row]:
    """Return the rows."""
    count, few = setting.amount(FRAMES), setting.amount(BOTO3_FRAMES)
    title = f"loopback, {count:,} frames of 64 B, "
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


def _subjects(setting: Setting, count: int, few: int, chunking: str) -> Dict[str, Subject]:
    found, name = setting.implementations, f"a-{count}-{chunking}"
    subjects = {OURS: _ours(setting.url, name, count)}
    if found.bare is not None:
        subjects["bare"] = _bare(found.bare, setting.url, name, count)
    if found.boto3:
        subjects["boto3"] = _boto3(setting.url, f"a-{few}-{chunking}", few)
    if found.node:
        subjects["javascript"] = _javascript(setting, name, count)
    return subjects


def _ours(url: str, name: str, count: int) -> Subject:
    credentials = Credentials(ACCESS_KEY, SECRET_KEY)
    client = Client(region=REGION, endpoint_url=url, credentials=credentials)

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


def _checked(report: Dict[str, float], seconds: str, count: int) -> float:
    """Return the seconds per event of a report. Raises RuntimeError if events are missing."""
    if report["events"] != count:
        raise RuntimeError(f"wrong number of events (expected {count}, got {report['events']:g})")
    return report[seconds] / count
