# SPDX-License-Identifier: MIT
"""Event-stream messages as JSON objects.

The commands, the adapter protocol and the vectors share this format:
{"headers": [{"name": ..., "type": ..., "value": ...}], "payload": ...}. Bytes are base64, a UUID
has dashes and a timestamp is its number. Many JSON readers store numbers as doubles, so an integer
beyond 2**53 is a decimal string. The functions accept every message that the decoder returns.
"""

from typing import Any, Dict

from .documents.json_format import to_base64
from .eventstream import Message

_MAX_EXACT_INTEGER = (1 << 53) - 1  # a double represents integers exactly up to here


def header_json_value(value: Any) -> Any:
    """Return the JSON value of a frame header's value."""
    if isinstance(value, bytes):
        return to_base64(value)
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int) and abs(value) <= _MAX_EXACT_INTEGER:
        return value
    return str(value)


def message_to_json(message: Message) -> Dict[str, Any]:
    """Return a message as a JSON object: its headers in order, then its payload."""
    headers = [
        {"name": header.name, "type": header.type, "value": header_json_value(header.value)}
        for header in message.headers
    ]
    return {"headers": headers, "payload": to_base64(message.payload)}
