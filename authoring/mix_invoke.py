# SPDX-License-Identifier: MIT
"""Combinations of values in whole calls: invoke-mix (mix.py).

The endpoint answers every call alike, and the runner judges the request that it received
(conformance/run/called.py).
"""

import hashlib
import json
from typing import Any, Dict

from authoring import Feature, b64
from authoring.http_request import HEADERS
from authoring.mix import USUAL, Row, Table, Value, mix_id, rows_of, title_of
from authoring.mix_frames import random
from authoring.mix_request import ASCII, IDS, NAMES, member
from authoring.mix_sig import TOKENS
from conformance.cases.scenarios import scenario_case
from conformance.endpoint.scenarios import scenario_named

INVOKE = Feature("invoke-mix", "invoke", "invoke-mix-")
FEATURES = [INVOKE]

TEXTS = {USUAL: "a=b", "with spaces and commas": 'x; a="b  c", d=e', "of all ASCII": ASCII}
SHORT_NAMES = {label: NAMES[label] for label in (USUAL, "of 63 characters")}
CALLS = Table(
    "invoke",
    {
        "region": {
            USUAL: Value(None),
            "region eu-west-1": Value("eu-west-1", "SIG-020"),
            "region us-gov-west-1": Value("us-gov-west-1", "SIG-020"),
            "region cn-north-1": Value("cn-north-1", "SIG-020"),
        },
        "session_token": {
            label: Value(value.content, value.rules.replace("SIG-017", "SIG-017 SIG-015"))
            for label, value in TOKENS.items()
        },
        "base_path": {
            USUAL: Value(None),
            "the base path /Team/v1": Value("/Team/v1", "HTTP-002"),
            "the base path /a%2Fb%7Ec": Value("/a%2Fb%7Ec", "HTTP-002"),
        },
        "Body": {
            USUAL: Value({"text": '{"inputs": "Hi"}'}),
            "an empty body": Value({"text": ""}, "HTTP-007"),
            "a body of 1 byte": Value(random(1), "HTTP-003"),
            "a body of 256 byte values": Value({"base64": b64(bytes(range(256)))}, "HTTP-003"),
            "a body of 70,000 bytes": Value(random(70000), "HTTP-003"),
            "a body of 6,291,457 bytes": Value(random(6291457), "HTTP-006 HTTP-003"),
        },
        "ContentType": {
            USUAL: Value("application/json"),
            "ContentType text/csv": Value("text/csv; charset=utf-8", "HTTP-003"),
            "no ContentType": Value(None),
        },
        "Accept": member("Accept", TEXTS),
        "CustomAttributes": member("CustomAttributes", TEXTS),
        "TargetVariant": member("TargetVariant", SHORT_NAMES),
        "TargetContainerHostname": member("TargetContainerHostname", SHORT_NAMES),
        "InferenceId": member("InferenceId", IDS),
        "InferenceComponentName": member("InferenceComponentName", SHORT_NAMES),
        "SessionId": member("SessionId", SHORT_NAMES),
        "PrefixAwareId": member("PrefixAwareId", IDS),
    },
)


def call_of(row: Row) -> Dict[str, Any]:
    """Return the input of a row. Its endpoint name is unique, so its call can be found."""
    content = CALLS.contents(row)
    members = {name: content[name] for name in ("Body", *HEADERS) if content[name] is not None}
    given: Dict[str, Any] = {"input": members}
    for name in ("region", "session_token", "base_path"):
        if content[name] is not None:
            given[name] = content[name]
    text = json.dumps(given, sort_keys=True).encode("utf-8")
    number = int(hashlib.sha256(text).hexdigest()[:7], 16) % 100000000
    members["EndpointName"] = f"any-request-{number}"
    return given


def _cases() -> None:
    expect = scenario_case(scenario_named("any-request-1")).expect
    for row in rows_of(CALLS):
        given = call_of(row)
        # SIG-015 is judged where this list has it.
        rules = dict.fromkeys(["HTTP-003", "SIG-015", *CALLS.rules(row), "SIG-027", "HTTP-009"])
        INVOKE.case(
            mix_id(INVOKE.prefix, INVOKE.op, given),
            title_of(row),
            " ".join(rules),
            given,
            expect,
            "the service refuses the call or alters it",
        )


_cases()
