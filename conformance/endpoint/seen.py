# SPDX-License-Identifier: MIT
"""What a request contained, as lines for a log, without secrets.

seen_lines() shows the headers and the beginning of the body. It hides the credentials, the session
token, CustomAttributes, and members of a JSON body whose names are those of secrets.
"""

import json
import re
from typing import Any, List

from conformance.endpoint.request import Request
from refimpl.errors import shown

_SHOWN = 4000  # characters of a body
_HIDDEN = "***"
_SECRET_HEADERS = re.compile(
    r"authorization\Z|cookie\Z|proxy-authorization\Z|x-amz-security-token\Z|x-api-key\Z"
    r"|x-amzn-sagemaker-custom-attributes\Z",
    re.IGNORECASE,
)
_SECRET_MEMBERS = re.compile(
    r"(?:[a-z0-9]+[-_.])*(?:api[-_]?key|access[-_]?key(?:[-_]?id)?|authorization|credentials?|"
    r"passwd|password|private[-_]?key|secret|secret[-_]?(?:access[-_]?)?key|"
    r"(?:access|auth|bearer|hf|hub|id|refresh|security|session)[-_]?token|token)\Z",
    re.IGNORECASE,
)
# AWS's keys and tokens wherever they occur, and bearer tokens.
_SECRET_VALUES = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b|\bhf_[A-Za-z0-9]{16,}\b|\bsk-[A-Za-z0-9_-]{16,}"
    r"|\bsagemaker-api-key-[A-Za-z0-9+/=]+|(?i:\bbearer )[A-Za-z0-9._~+/=-]{8,}"
)


def seen_lines(request: Request) -> List[str]:
    """Return what a request contained, one line for each header and one for the body."""
    lines = [f"> {request.method} {shown(request.target.partition('?')[0], 500)}"]
    for name, value in request.headers:
        shown_value = _HIDDEN if _SECRET_HEADERS.match(name) else shown(_hidden(value), 500)
        lines.append(f"> {name}: {shown_value}")
    lines.append(f"> body, {len(request.body)} bytes: {shown(_body_text(request.body), _SHOWN)}")
    return lines


def _body_text(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return f"not UTF-8: {body[:64].hex()}"
    try:
        document = _without_secrets(json.loads(text))
        return _hidden(json.dumps(document, ensure_ascii=False))
    # Deep nesting is a RecursionError.
    except (ValueError, RecursionError):
        return _hidden(text)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if isinstance(value, dict):
        return {name: _member(name, item) for name, item in value.items()}
    return value


def _member(name: str, value: Any) -> Any:
    if _SECRET_MEMBERS.match(name) and not isinstance(value, (bool, int, float)):
        return _HIDDEN
    return _without_secrets(value)


def _hidden(text: str) -> str:
    return _SECRET_VALUES.sub(_HIDDEN, text)
