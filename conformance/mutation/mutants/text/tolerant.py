# SPDX-License-Identifier: MIT
"""Mutants of refimpl/text/tolerant.py."""

ROWS = (
    (
        "extract-strict-values",
        "TXT-044",
        "an extraction rejects NaN and raw control characters",
        "return parse_json(data, lenient=True)",
        "raise",
    ),
    (
        "extract-event-type-ignored",
        "TXT-053",
        "an event of type error is a value like any other",
        'elif kind == "error":\n            items.append(Item("failure", data, self._number, place))',
        "",
    ),
    (
        "extract-error-event-with-data",
        "TXT-053",
        "an event of type error is a failure only if its data is JSON",
        'elif kind == "error":',
        'elif kind == "error" and data.startswith("{"):',
    ),
    (
        "extract-lost-values",
        "TXT-051",
        "a value that lost its data: is dropped",
        'items.append(Item("lost", *item[1:]) if item.kind == "value" else item)',
        "pass",
    ),
    (
        "extract-no-data-silent",
        "TXT-051",
        "an event without data is not reported",
        'items.append(Item("no_data", shown(data), self._number, place))',
        "pass",
    ),
    (
        "extract-done-only-alone",
        "TXT-052",
        "the end marker counts only as the whole data of an event",
        'match = _MARKER_AT_END.search(text) if text.endswith("]") else None',
        'match = _MARKER_AT_END.match(text) if text.endswith("]") else None',
    ),
    (
        "extract-done-no-inner-spaces",
        "TXT-052",
        "the end marker has no spaces in its brackets",
        '_MARKER_AT_END = re.compile(r"\\[[ \\t]*DONE[ \\t]*\\]\\Z")',
        '_MARKER_AT_END = re.compile(r"\\[DONE\\]\\Z")',
    ),
    (
        "extract-done-among-lines",
        "TXT-052",
        "the end marker among JSON lines is an unreadable array",
        "if match is not None:\n"
        'items.append(Item("done", None, self._number, self._offset + start))\n'
        "return match.end()",
        "",
    ),
    (
        "extract-utf8-replaced",
        "TXT-050",
        "invalid UTF-8 in an event is replaced",
        "if _INVALID_UTF8.search(text):",
        'text = _INVALID_UTF8.sub("\\ufffd", text)\nif False:',
    ),
    (
        "extract-array-as-value",
        "TXT-061",
        "the elements of an array are not values",
        "match = _ELEMENTS.match(kept, start) if self._elements else None",
        "match = None",
    ),
    (
        "extract-word-ends-at-a-part",
        "TXT-001",
        "a number that reaches the end of a part is complete",
        "if end == len(kept) and not final and end - start <= _LONGEST_WORD:",
        "if False:",
    ),
    (
        "extract-fields-unreadable",
        "TXT-061",
        "the field names of events among JSON lines are unreadable",
        "return self._read_field(match, start, final)",
        "pass",
    ),
    (
        "extract-growing-never",
        "TXT-056",
        "a text that is one string is returned when its value ends, and lost if it never does",
        "text = self._string.feed(new)",
        'text = ""',
    ),
    (
        "extract-broken-value-ends",
        "TXT-050",
        "the lines of a value that never ends are not read",
        "self._reread(lines, offset, items)",
        "pass",
    ),
    (
        "extract-done-bare-among-events",
        "TXT-052",
        "the end marker without data: does not count among events",
        "text, is_done = _without_marker(line)",
        "text, is_done = _without_marker(line)[0], False",
    ),
    (
        "extract-array-never-ends",
        "TXT-054",
        "an array of values may lack its end",
        "self._arrays += 1",
        "pass",
    ),
)
