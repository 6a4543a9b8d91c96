# SPDX-License-Identifier: MIT
"""The illustrated call: docs/illustrated.html, one self-contained page.

    python3 -m authoring.illustrated --write

page.html has the prose, page.css the looks, engine.js the computations and page.js the fields.
`illustrated_page` puts them into one file with the values of values.py and the commands of
commands.py. The page needs no network, and its Content-Security-Policy allows none. Without
JavaScript it shows the same call, but its fields do nothing. adapter.mjs runs engine.js out of the
page for the conformance suite.
"""

import base64
import hashlib
import json
import re
from html import escape
from pathlib import Path
from typing import Iterable, List, Sequence, Tuple

from authoring import ROOT
from authoring.illustrated.commands import (
    Command,
    canonical_commands,
    chunk_commands,
    field_command,
    filled,
    key_commands,
    request_commands,
    signature_commands,
    text_commands,
    to_sign_commands,
)
from authoring.illustrated.values import FIRST_CHUNK, Call, Values, illustrated_call, values_of
from refimpl.explain.frames import ExplainedFrame

PATH = ROOT / "docs" / "illustrated.html"
_HERE = Path(__file__).resolve().parent
_LINE_END = '<span class="soft">\\r\\n</span>\n'
_RULE = re.compile(r"\b[A-Z]{3,4}-[0-9]{3}\b")
_SLOT = re.compile(r'(<[a-z]+[^<>]* data-v="([^"]+)"[^<>]*>)(</[a-z]+>)')


def illustrated_page() -> str:
    """Return the page."""
    call = illustrated_call()
    values = values_of(call)
    style, engine, script = map(_asset, ("page.css", "engine.js", "page.js"))
    text = _RULE.sub(r'<span class="id">\g<0></span>', _asset("page.html"))
    for name, block in _blocks(call).items():
        text = _replaced(text, name, block)
    # Templates are filled before the scripts join, which contain no template.
    text = _with_values(text, values)
    for name, part in (("style", style), ("engine", engine), ("script", script)):
        text = _replaced(text, name, part)
    text = _replaced(text, "data", _data(call))
    return _replaced(text, "policy", _policy(style, engine, script))


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _replaced(text: str, name: str, part: str) -> str:
    before, mark, after = text.partition(f"<!-- {name} -->")
    assert mark, name
    return before + part + after


def _with_values(text: str, values: Values) -> str:
    def shown(match: "re.Match[str]") -> str:
        return match.group(1) + escape(values[match.group(2)], quote=False) + match.group(3)

    return _SLOT.sub(shown, text)


def _policy(style: str, *scripts: str) -> str:
    hashes = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {hashes}; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _data(call: Call) -> str:
    """Return what page.js needs, as JSON that cannot end its element."""
    request = call.request
    names = ("method", "headers", "access_key", "region", "service")
    document = {
        "request": {name: request[name] for name in names},
        "fields": {
            "secret": request["secret_key"],
            "time": request["time"],
            "target": request["target"],
            "type": dict(request["headers"])["Content-Type"],
            "body": call.body.decode("utf-8"),
            "text": b"".join(call.parts).decode("utf-8"),
            "split": str(len(call.parts[0])),
            "damage": "",
        },
        "headers": [[header.name, header.value] for header in call.frame_headers],
        "first_chunk": FIRST_CHUNK,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).replace("<", "\\u003c")


# ---- pieces and rows ---------------------------------------------------------------------------


def _slot(name: str, tag: str = "span") -> str:
    return f'<{tag} data-v="{name}"></{tag}>'


def _piece(content: str, about: str, links: str = "", look: str = "soft") -> str:
    """Return a piece of a block. content: HTML;  links: names that its other appearances share"""
    linked = f' data-l="{links}"' if links else ""
    return f'<span class="piece {look}"{linked} data-a="{escape(about)}">{content}</span>'


def _block(label: str, *pieces: str) -> str:
    content = "".join(pieces)
    return f'<div class="bytes links" role="group" aria-label="{label}">{content}</div>'


def _table(look: str, heads: Sequence[str], rows: Iterable[str]) -> str:
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    head = f"<thead><tr>{cells}</tr></thead>"
    return f'<table class="{look} links">{head}<tbody>\n' + "\n".join(rows) + "\n</tbody></table>"


def _row(links: str, about: str, *cells: Tuple[str, str]) -> str:
    linked = f' data-l="{links}"' if links else ""
    content = "".join(f'<td class="{look}">{text}</td>' for look, text in cells)
    return f'<tr{linked} data-a="{escape(about)}">{content}</tr>'


def _slot_cell(look: str, name: str) -> str:
    return f'<td class="{look}" data-v="{name}"></td>'


def _check(values: Values, commands: Sequence[Command], title: str = "Check it yourself") -> str:
    lines = [f"<details><summary>{title}</summary>"]
    for command in commands:
        template = escape(command.template)
        shown = escape(filled(command.template, values), quote=False)
        lines.append(
            f'<div class="command"><pre><code data-t="{template}" data-out="{command.value}">'
            f'{shown}</code></pre><button type="button">Copy</button>'
            f"<p>prints {_slot(command.value, 'code')}</p></div>"
        )
    return "\n".join([*lines, "</details>"])


def _blocks(call: Call) -> "dict[str, str]":
    values = values_of(call)
    request = _request_block(call) + "\n"
    checks = {
        "check canonical": canonical_commands(call) + request_commands(),
        "check to sign": to_sign_commands(call),
        "check keys": key_commands(call),
        "check signature": signature_commands(call),
        "check chunks": chunk_commands(),
        "check text": text_commands(),
    }
    blocks = {
        "request": request,
        "canonical": _canonical_table(call),
        "to sign": _to_sign_table(),
        "keys": _key_table(call),
        "authorization": _authorization_block(call),
        "response": _response_block(call),
        "chunks": _chunk_block(),
        "frames": "\n".join(
            _frame_blocks(number, frame, values) for number, frame in enumerate(call.frames, 1)
        ),
        "parts": _part_table(),
    }
    return {**blocks, **{name: _check(values, commands) for name, commands in checks.items()}}


# ---- the request -------------------------------------------------------------------------------

_UNSIGNED = {
    "User-Agent": "A proxy may change the name of the client. Not signed (SIG-015).",
    "Connection": "For the next hop only, which removes it. Not signed (SIG-015).",
    "Content-Length": "The length of the body in bytes. Not signed: a proxy that changes the "
    "framing removes it (SIG-015).",
}
_SIGNED = {
    "Host": "The service at this host, in this region. Signed, so the request is useless for any "
    "other host (SIG-014).",
    "Content-Type": "The format of the body, for the model. Signed, as every header that no proxy "
    "may change (SIG-015).",
    "x-amz-date": "The time of signing. The service refuses it after five minutes (SIG-016, "
    "SIG-042).",
}


def _request_block(call: Call) -> str:
    pieces = [
        _piece(call.request["method"], "The method (SIG-002).", "method", "one"),
        _piece(" ", "A space separates method and target."),
        _piece(_slot("path"), "The path. It names the endpoint and the operation.", "path", "two"),
        _piece(_slot("query"), "The query, with its question mark.", "query", "two"),
        _piece(" HTTP/1.1", "The version of HTTP. Not signed."),
        _LINE_END,
    ]
    length = ("Content-Length", _slot("length"))
    time = ("x-amz-date", _slot("time"))
    given = [(name, _given_value(name, value)) for name, value in call.request["headers"]]
    for name, value in [*given, length, time]:
        line = f"{name}: {value}"
        if name in _UNSIGNED:
            pieces += [_piece(line, _UNSIGNED[name]), _LINE_END]
        else:
            pieces += [_piece(line, _SIGNED[name], name.lower(), "three"), _LINE_END]
    pieces += [_piece(_LINE_END, "An empty line ends the headers."), ""]
    about = "The body, for the model. Its hash is signed (SIG-019)."
    return _block("The request", *pieces, _piece(_slot("body"), about, "body", "four"))


def _given_value(name: str, value: str) -> str:
    return _slot("content_type") if name == "Content-Type" else escape(value)


def _canonical_table(call: Call) -> str:
    # The first line, two more, and the lines of the headers.
    origins = {
        origin.text.partition(":")[0].strip(): origin
        for origin in call.explained.origins
        if ":" in origin.text
    }
    method = call.request["method"]
    rows = [
        _line(1, "method", method, "the method, unchanged", "SIG-002"),
        _line(2, "path", "can.path", "the path, normalised and encoded", "SIG-004"),
        _line(3, "query", "can.query", "the query, decoded, encoded again and sorted", "SIG-008"),
    ]
    names = call.explained.stages[3].after.split(";")
    for number, name in enumerate(names, 4):
        rule = origins[name].rule
        rows.append(_line(number, name, f"can.{name}", f"from {origins[name].origin}", rule))
    number = 4 + len(names)
    joined = ";".join(f'<span class="piece" data-l="{name}">{name}</span>' for name in names)
    about = "The names of the signed headers, sorted (SIG-011)."
    rows += [
        _line(number, "", "", "the end of the headers", "SIG-001"),
        _row(
            "",
            about,
            ("number", str(number + 1)),
            ("mono", joined),
            ("", "the names of these headers"),
            ("rule", "SIG-011"),
        ),
        _line(number + 2, "body", "can.hash", "the SHA-256 of the body", "SIG-019"),
    ]
    return _table("canonical", ("line", "text", "where it comes from", "rule"), rows)


def _line(number: int, links: str, text: str, origin: str, rule: str) -> str:
    """Return a row of the canonical request. text: a value's name, or literal text"""
    is_value = "." in text
    about = f"Line {number}: {origin} ({rule})."
    cell = _slot_cell("mono", text) if is_value else f'<td class="mono">{text}</td>'
    linked = f' data-l="{links}"' if links else ""
    return (
        f'<tr{linked} data-a="{escape(about)}"><td class="number">{number}</td>{cell}'
        f'<td>{origin}</td><td class="rule">{rule}</td></tr>'
    )


def _to_sign_table() -> str:
    rows = (
        '<tr><td class="mono">AWS4-HMAC-SHA256</td><td>the algorithm</td></tr>',
        f"<tr>{_slot_cell('mono', 'time')}<td>the time of signing, as in x-amz-date</td></tr>",
        f"<tr>{_slot_cell('mono', 'scope')}<td>the scope: day, region, service</td></tr>",
        f"<tr>{_slot_cell('mono', 'sts.hash')}<td>the SHA-256 of the canonical request</td></tr>",
    )
    return _table("", ("line", "what it is"), rows)


def _key_table(call: Call) -> str:
    region, service = call.request["region"], call.request["service"]
    steps = (
        ("k_date", "HMAC with <code>AWS4</code> and the secret key, over the day"),
        ("k_region", f"HMAC with k_date, over <code>{region}</code>"),
        ("k_service", f"HMAC with k_region, over <code>{service}</code>"),
        ("k_signing", "HMAC with k_service, over <code>aws4_request</code>"),
    )
    rows = (
        f'<tr><td class="field">{name}</td>{_slot_cell("mono", name)}<td>{how}</td></tr>'
        for name, how in steps
    )
    return _table("", ("key", "32 bytes", "how"), rows)


def _authorization_block(call: Call) -> str:
    access_key = call.request["access_key"]
    return _block(
        "The header Authorization",
        _piece("authorization: AWS4-HMAC-SHA256 ", "The header and the algorithm."),
        _piece(
            f"Credential={access_key}/{_slot('scope')}",
            "The access key names the secret key, without showing it. The scope follows.",
            "credential",
            "one",
        ),
        ", ",
        _piece(
            f"SignedHeaders={_slot('can.names')}",
            "The headers that the service must use for its own canonical request.",
            "signed-headers",
            "three",
        ),
        ", ",
        _piece(f"Signature={_slot('signature')}", "The signature.", "signature", "four"),
    )


# ---- the response ------------------------------------------------------------------------------

_RESPONSE_HEADERS = {
    "Content-Type": "The format of the HTTP body: an event stream. It does not describe the "
    "model\u2019s output.",
    "X-Amzn-SageMaker-Content-Type": "The format of the model\u2019s output.",
    "x-Amzn-Invoked-Production-Variant": "Which variant of the endpoint responded.",
    "Transfer-Encoding": "The body comes in chunks, because its length is not known yet.",
}


def _response_block(call: Call) -> str:
    pieces = [
        _piece("HTTP/1.1 200 OK", "The signature is valid, and the model has begun."),
        _LINE_END,
    ]
    for name, value in [*call.response_headers, ["Transfer-Encoding", "chunked"]]:
        pieces += [_piece(f"{name}: {value}", _RESPONSE_HEADERS[name], "", "three"), _LINE_END]
    return _block(
        "The head of the response", *pieces, _piece(_LINE_END, "An empty line ends the head.")
    )


def _chunk_block() -> str:
    pieces: List[str] = []
    for number, look in ((1, "one"), (2, "two")):
        size, length = _slot(f"chunk{number}.size"), _slot(f"chunk{number}.length")
        holds = _slot(f"chunk{number}.holds")
        pieces += [
            _piece(size, "The size of the chunk, in hexadecimal digits.", f"chunk{number}", look),
            _LINE_END,
            _piece(
                f"[{length} bytes: {holds}]",
                "The bytes of the chunk. The frames below show them.",
                f"chunk{number}",
                look,
            ),
            _LINE_END,
        ]
    return _block(
        "The chunks", *pieces, _piece("0", "The empty chunk: the end."), _LINE_END, _LINE_END
    )


_FIELDS = {
    "total_length": ("one", "the length of the frame"),
    "headers_length": ("one", "the length of the headers"),
    "prelude_crc": ("three", "CRC-32 of the eight bytes before"),
    "name_length": ("two", "the length of the name"),
    "name": ("two", "the name of the header"),
    "type": ("two", "7 is a string"),
    "value_length": ("two", "the length of the value"),
    "value": ("two", "the value of the header"),
    "payload": ("four", "the next part of the model\u2019s output"),
    "message_crc": ("three", "CRC-32 of all bytes before"),
}


def _frame_blocks(number: int, frame: ExplainedFrame, values: Values) -> str:
    pieces, rows, commands = [], [], []
    for place, field in enumerate(frame.fields):
        slot = f"f{number}.{place}"
        look, meaning = _FIELDS[field.name]
        about = f"{field.name}: {meaning} ({field.rule})."
        pieces.append(_piece(_slot(f"{slot}.bytes"), about, slot, look))
        rows.append(
            f'<tr data-l="{slot}" data-a="{escape(about)}">'
            + _slot_cell("number", f"{slot}.offset")
            + _slot_cell("mono", f"{slot}.bytes")
            + f'<td class="field">{field.name}</td>'
            + f'<td class="value">{_slot(f"{slot}.value", "code")} <small>{meaning}</small></td>'
            + f'<td class="rule">{field.rule}</td></tr>'
        )
        commands.append(field_command(slot, field))
    heads = ("offset", "bytes", "field", "value", "rule")
    return "\n".join(
        (
            f"<h3>Frame {number}, {_slot(f'f{number}.length')} bytes</h3>",
            _block(f"The bytes of frame {number}", " ".join(pieces)),
            '<p class="about" role="status"></p>',
            '<p class="result"><span class="name">the decoder</span> '
            f"{_slot(f'decoded{number}')}</p>",
            _table("frame", heads, rows),
            _check(values, commands, f"Check each field of frame {number} yourself"),
        )
    )


def _part_table() -> str:
    rows = (
        f'<tr><td class="number">{number}</td>{_slot_cell("mono", f"part{number}.hex")}'
        f"{_slot_cell('mono', f'part{number}.text')}</tr>"
        for number in (1, 2)
    )
    return _table("", ("part", "bytes", "decoded alone, which is wrong"), rows)
