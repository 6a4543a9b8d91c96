# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/rendering.py: the text formats, as `invoke` writes them.

Bytes are rendered in every chunking, and the output must not depend on it. The texts of containers
are written here as the containers write them.
"""

import io
import json
import unicodedata
from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.cli.invoke import TEXT_FORMATS
from refimpl.cli.rendering import TerminalText, rendered
from refimpl.documents.json_format import json_line
from refimpl.errors import FrameError, TextError
from tests.support import chunkings


def render(parts, *arguments, **options):
    """Return the bytes written, and the error that ended them or None."""
    written = b""
    try:
        for piece in rendered(parts, *arguments, **options):
            assert piece
            written += piece
    except (TextError, FrameError) as error:
        return written, error
    return written, None


def render_all(data, *arguments, **options):
    """Render data in every chunking. Return the bytes and the error, which must be the same."""
    written, error = render([data], *arguments, **options)
    for name, parts in chunkings(data):
        again, other = render(parts, *arguments, **options)
        assert (again, str(other)) == (written, str(error)), name
    return written, error


SSE = 'data: {"a":1}\r\n\r\n: ping\n\nevent: e\nid: 7\ndata: x\ndata: €\n\ndata: [DONE]'.encode()
SSE_LINES = [
    {"event": "message", "data": '{"a":1}', "id": ""},
    {"event": "e", "data": "x\n€", "id": "7"},
    {"event": "message", "data": "[DONE]", "id": "7"},
]


def test_text_is_unchanged():
    text = "a\r\nb\r€\n\u2028 c"
    assert render_all(text.encode(), "text") == (text.encode(), None)
    assert list(rendered([b"\xe2", b"\x82", b"\xacx"], "text")) == ["€x".encode()]


def test_writes_one_line_per_line():
    assert render_all(b"a\r\nb\rc\n\n\xc2\x85d", "lines") == (b"a\nb\rc\n\n\xc2\x85d\n", None)


def test_writes_events_as_json_lines():
    written, error = render_all(SSE, "sse")
    assert (
        error is None
        and [json.loads(line) for line in written.decode("ascii").splitlines()] == SSE_LINES
    )


@pytest.mark.parametrize(
    "form,data,written,kind",
    [
        ("text", b"a\xe2\x82", b"a\xe2\x82", "utf8"),
        ("text", b"a\xffb", b"a\xffb", "utf8"),
        ("lines", b"a\nb\xff\n", b"a\nb\xff\n", "utf8"),
        ("lines", b"a\nb\xe2", b"a\nb\xe2", "utf8"),
    ],
)
def test_writes_unreadable_bytes_unchanged(form, data, written, kind):
    assert render([data], form)[0] == written
    assert (
        render_all(data, form)[1].kind == kind
        if form == "lines" or data.endswith(b"\x82")
        else True
    )


def test_writes_unread_events_as_a_last_line():
    written, error = render_all(b"data: 1\n\ndata: 2\nda", "sse")
    lines = [json.loads(line) for line in written.decode("ascii").splitlines()]
    assert (
        lines == [{"event": "message", "data": "1", "id": ""}, {"unread": "ZGF0YTogMgpkYQ=="}]
        and error.kind == "truncated"
    )


def breaking(*parts):
    yield from parts
    raise FrameError("cut", kind="truncated")


@pytest.mark.parametrize(
    "form,written",
    [
        ("text", b"a\nb\xe2"),
        ("lines", b"a\nb\xe2"),
        ("sse", b'{"unread":"YQpi4g=="}\n'),
        ("auto", b"a\nb\xe2"),
    ],
)
def test_a_stream_that_breaks(form, written):
    assert render(breaking(b"a\nb", b"\xe2"), form)[0] == written
    assert render(breaking(b"a\nb", b"\xe2"), form)[1].kind == "truncated"


def test_the_formats():
    assert TEXT_FORMATS == ("text", "lines", "sse", "auto")
    assert json_line({"a": "€\n"}) == b'{"a":"\\u20ac\\n"}\n'


def test_auto_is_one_of_the_formats():
    assert render_all(SSE, "auto") == render_all(SSE, "sse")
    assert render_all(b"a\r\nb", "auto", "application/jsonlines") == (b"a\nb\n", None)
    assert render_all(b"a\r\nb", "auto", "application/json") == (b"a\r\nb", None)
    assert render_all(b"\xff\0", "auto", "image/png") == (b"\xff\0", None)


def test_auto_loses_nothing_before_the_choice():
    assert (
        render(breaking(b"da"), "auto")[0] == b"da"
        and render(breaking(b"da"), "auto")[1].kind == "truncated"
    )
    assert render(breaking(), "auto")[1].kind == "truncated"


# ---- on a terminal -----------------------------------------------------------------------------

HOSTILE = "a\x1b[2J\x1b]0;x\x07\x9b31m\b\r\x00\x7f\u202eb\u2066\tc\n\u00e9\U0001f600"


@given(st.lists(st.binary(max_size=9), max_size=6))
def test_a_terminal_gets_text_without_control_characters(pieces: List[bytes]) -> None:
    stdout = io.BytesIO()
    terminal = TerminalText(stdout)
    for piece in pieces:
        assert terminal.write(piece) == len(piece)
    terminal.finish()
    text = stdout.getvalue().decode("utf-8")
    assert not any(unicodedata.category(c) == "Cc" and c not in "\t\n" for c in text)
    whole = io.BytesIO()
    other = TerminalText(whole)
    other.write(b"".join(pieces))
    other.finish()
    assert whole.getvalue() == stdout.getvalue()


def test_only_what_controls_a_terminal_is_removed() -> None:
    for data in (HOSTILE.encode("utf-8"), b"\x9b31m"):
        stdout = io.BytesIO()
        terminal = TerminalText(stdout)
        for index in range(len(data)):
            terminal.write(data[index : index + 1])
        terminal.finish()
        shown = stdout.getvalue().decode("utf-8")
        assert shown in ("a[2J]0;x31mb\tc\n\u00e9\U0001f600", "\ufffd31m")
