# SPDX-License-Identifier: MIT
"""Mutants of refimpl/text/growing.py."""

ROWS = (
    (
        "growing-escape-split",
        "TXT-056",
        "an escape that is split between parts ends the text",
        "self._tail = data[position:]\nself._ended = _INCOMPLETE_ESCAPE.match(self._tail) is None",
        "self._ended = True",
    ),
    (
        "growing-decodes-parts",
        "TXT-056",
        "a character that is split between parts is damaged",
        "text = self._decode(data)",
        'text = data.decode("utf-8", "replace")',
    ),
    (
        "growing-any-string",
        "TXT-056",
        "every string of the document is text",
        "not self._is_name and self._place == self._path",
        "not self._is_name",
    ),
    (
        "growing-index-stays",
        "TXT-056",
        "a comma does not lead to the next element",
        "self._place[-1] = index + 1",
        "self._place[-1] = index",
    ),
    (
        "growing-escapes-unread",
        "TXT-056",
        "escapes are returned as they are written",
        'str(json.loads(f\'"{text}"\', strict=False)) if "\\\\" in text else text',
        "text",
    ),
    (
        "growing-slash",
        "TXT-056",
        "does not know the escape of a slash",
        "rb'[^\"\\\\]+|\\\\u[0-9A-Fa-f]{4}|\\\\[\"\\\\/bfnrt]'",
        "rb'[^\"\\\\]+|\\\\u[0-9A-Fa-f]{4}|\\\\[\"\\\\bfnrt]'",
    ),
)
