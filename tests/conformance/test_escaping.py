# SPDX-License-Identifier: MIT
"""Tests of conformance/escaping.py: no text of others controls a terminal."""

import json

from hypothesis import given
from hypothesis import strategies as st

from conformance.escaping import escaped

HOSTILE = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x9b31m\b\r\x00\x7f\u202e\u2066\u2028\ud800\U000e0001"


def test_escapes_everything_that_controls_a_terminal() -> None:
    assert escaped("caf\u00e9 \u4e2d\n\ttext") == "caf\u00e9 \u4e2d\n\ttext"
    assert escaped("\x1b[31m\x9b\u202e") == "\\u001b[31m\\u009b\\u202e"
    assert escaped(HOSTILE).isprintable()


@given(st.text())
def test_a_json_text_keeps_its_meaning(text: str) -> None:
    line = json.dumps({text: [text]}, ensure_ascii=False)
    assert json.loads(escaped(line)) == {text: [text]}
    assert escaped(line).isprintable()
