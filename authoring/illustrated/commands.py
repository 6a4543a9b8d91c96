# SPDX-License-Identifier: MIT
"""The commands that compute a value of the page again.

A template is filled with values: {name} as it is, {name:sh} quoted for a shell. page.js fills the
same templates when a reader changes a value. A test runs each command.
"""

import re
import shlex
from typing import List, NamedTuple

from authoring.illustrated.values import Call, Values
from refimpl.explain.frames import FrameField


class Command(NamedTuple):
    """A command. template: of a shell command;  value: the name of what it prints"""

    template: str
    value: str


def filled(template: str, values: Values) -> str:
    """Return a template with its values."""
    return re.sub(
        r"\{([a-z0-9_.-]+)(:sh)?\}",
        lambda match: (
            shlex.quote(values[match.group(1)]) if match.group(2) else values[match.group(1)]
        ),
        template,
    )


_PATH = (
    "python3 -c 'import sys; from posixpath import normpath; from urllib.parse import quote; "
    'path = sys.argv[1]; print(quote(normpath("/" + path.strip("/")).rstrip("/") + '
    '"/" * path.endswith("/") or "/", "/~"))\' {path:sh}'
)
_QUERY = (
    "python3 -c 'import sys; from urllib.parse import quote, unquote_to_bytes; "
    'parts = [piece.partition("=")[::2] for piece in sys.argv[1].split("&") if piece]; '
    'print("&".join("=".join(pair) for pair in sorted([quote(unquote_to_bytes(text), "~") '
    "for text in pair] for pair in parts)))' {raw_query:sh}"
)
_HEADER = (
    'python3 -c \'import re, sys; print(sys.argv[1].lower() + ":" + '
    're.sub("[ \\t]+", " ", sys.argv[2]).strip(" "))\' '
)
_SHA256 = "openssl dgst -sha256 -r | cut -c1-64"
_HMAC = "openssl dgst -sha256 -mac HMAC -macopt {key} -r | cut -c1-64"
_CRC = "python3 -c 'import sys, zlib; print(\"%08x\" % zlib.crc32(bytes.fromhex(sys.argv[1])))' "
_NUMBER = "python3 -c 'import sys; print(int(sys.argv[1], 16))' "
_TEXT = "python3 -c 'import sys; print(bytes.fromhex(sys.argv[1]).decode())' "
_BROKEN_TEXT = (
    'python3 -c \'import sys; print(bytes.fromhex(sys.argv[1]).decode("utf-8", "replace"))\' '
)
_SIZE = "python3 -c 'import sys; print(len(bytes.fromhex(sys.argv[1])), \"bytes\")' "


def request_commands() -> List[Command]:
    """Return the command for Content-Length."""
    return [Command("printf %s {body:sh} | wc -c", "length")]


def canonical_commands(call: Call) -> List[Command]:
    """Return a command for each line of the canonical request."""
    host = shlex.quote(dict(call.request["headers"])["Host"])
    return [
        Command(_PATH, "can.path"),
        Command(_QUERY, "can.query"),
        Command(_HEADER + "Content-Type {content_type:sh}", "can.content-type"),
        Command(_HEADER + f"Host {host}", "can.host"),
        Command(_HEADER + "x-amz-date {time:sh}", "can.x-amz-date"),
        Command(
            "printf '%s\\n' host content-type x-amz-date | LC_ALL=C sort | paste -sd ';' -",
            "can.names",
        ),
        Command("printf %s {body:sh} | " + _SHA256, "can.hash"),
    ]


def to_sign_commands(call: Call) -> List[Command]:
    """Return the commands for the lines of the string to sign."""
    rest = f"{call.request['region']}/{call.request['service']}/aws4_request"
    return [
        Command(f"printf '%s/{rest}\\n' {{day:sh}}", "scope"),
        Command("printf %s {canonical:sh} | " + _SHA256, "sts.hash"),
    ]


def key_commands(call: Call) -> List[Command]:
    """Return a command for each key."""
    region, service = call.request["region"], call.request["service"]
    keys = (
        ("k_date", "{day:sh}", "key:AWS4"),
        ("k_region", shlex.quote(region), "hexkey:{k_date}"),
        ("k_service", shlex.quote(service), "hexkey:{k_region}"),
        ("k_signing", "aws4_request", "hexkey:{k_service}"),
    )
    return [
        Command(f"printf %s {text} | " + _HMAC.replace("{key}", _with_secret(key)), name)
        for name, text, key in keys
    ]


def _with_secret(key: str) -> str:
    return key + "{secret:sh}" if key == "key:AWS4" else key


def signature_commands(call: Call) -> List[Command]:
    """Return the commands for the signature and the header."""
    form = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s\\n"
    return [
        Command(
            "printf %s {to_sign:sh} | " + _HMAC.replace("{key}", "hexkey:{k_signing}"), "signature"
        ),
        Command(
            f"printf '{form}' {call.request['access_key']} {{scope:sh}} {{can.names:sh}} "
            "{signature}",
            "authorization",
        ),
    ]


def chunk_commands() -> List[Command]:
    """Return the commands for the lengths and sizes."""
    return [
        Command("echo $(({f1.length} + {f2.length}))", "body.length"),
        Command("printf '%x\\n' {chunk1.length}", "chunk1.size"),
        Command("echo $((0x{chunk1.size}))", "chunk1.length"),
        Command("printf '%x\\n' {chunk2.length}", "chunk2.size"),
        Command("echo $((0x{chunk2.size}))", "chunk2.length"),
    ]


def field_command(slot: str, field: FrameField) -> Command:
    """Return the command for a field of a frame."""
    data = f"{{{slot}.hex:sh}}"
    if field.name.endswith("_crc"):
        return Command(f"{_CRC}{{{slot}.before}}", f"{slot}.crc")
    if field.name == "type":
        return Command(_NUMBER + data, f"{slot}.code")
    if field.name in ("name", "value"):
        return Command(_TEXT + data, f"{slot}.value")
    if field.name == "payload":
        return Command(_SIZE + data, f"{slot}.value")
    return Command(_NUMBER + data, f"{slot}.value")


def text_commands() -> List[Command]:
    """Return the commands for the parts and the text."""
    return [
        Command(_BROKEN_TEXT + "{part1.hex:sh}", "part1.text"),
        Command(_BROKEN_TEXT + "{part2.hex:sh}", "part2.text"),
        Command(_TEXT + "{text.hex:sh}", "text"),
    ]
