# SPDX-License-Identifier: MIT
"""Mutants of refimpl/text/extraction.py."""

ROWS = (
    (
        "choice-text",
        "TXT-059",
        "takes any index but 0 for another choice",
        "return is_number and number != 0",
        "return number not in (0, None)",
    ),
    (
        "reasoning-false",
        "TXT-062",
        "returns nothing for any reasoning that Python holds for false",
        'if channel != "text" and content in ([], {}):',
        'if channel != "text" and not content:',
    ),
    (
        "extract-holds-values",
        "TXT-067",
        "returns the text of an event when the next part has arrived, or at the end",
        "            self._reader = EventValues(self._max_length)\n            return\n",
        """\
            self._reader = EventValues(self._max_length)
            held, feed, close = [], self._reader.feed, self._reader.close

            def late(data):
                items = list(held)
                held[:] = feed(data)
                return items

            self._reader.feed, self._reader.close = late, lambda: held + close()
            return
""",
    ),
    (
        "extract-collects-text",
        "TXT-067",
        "returns the text of a stream of JSON at its end",
        "        self._reader = PlainValues(elements, growing, preset is None, self._max_length)\n",
        """\
        self._reader = PlainValues(elements, growing, preset is None, self._max_length)
        held, feed, close = [], self._reader.feed, self._reader.close
        self._reader.feed = lambda data: held.extend(feed(data)) or []
        self._reader.close = lambda: held + close()
""",
    ),
    (
        "extract-after-end",
        "TXT-052",
        "values after the end marker are extracted",
        'elif self._done and item.kind != "no_data":',
        "elif False:",
    ),
    (
        "extract-after-end-silent",
        "TXT-052",
        "values after the end marker are not reported",
        'self._counts["after_end"] += item.kind != "text"',
        "pass",
    ),
    (
        "extract-unreadable-ends",
        "TXT-050",
        "an unreadable value is not reported",
        'self._counts["unreadable"] += 1',
        "pass",
    ),
    (
        "extract-unreadable-is-complete",
        "TXT-054",
        "a stream with an unreadable value is complete",
        'reasons.append(_plural(counts["unreadable"], "unreadable value"))',
        "pass",
    ),
    (
        "extract-no-end-is-complete",
        "TXT-054",
        "a stream without an end marker is complete",
        'reasons.append("no end marker")',
        "pass",
    ),
    (
        "extract-path-needs-end",
        "TXT-054",
        "a path requires an end marker",
        "self._preset is not None and self._preset.has_end",
        "True",
    ),
    (
        "extract-finish-is-no-end",
        "TXT-054",
        "only [DONE] marks the end",
        "return self._done or self._end_seen or self._finish_reason is not None",
        "return self._done",
    ),
    (
        "extract-end-member-ignored",
        "TXT-054",
        "a member that only the last value has does not mark the end",
        "self._end_seen = True",
        "pass",
    ),
    (
        "extract-failure-only-preset",
        "TXT-053",
        "a failure among values that a path reads is not recognised",
        "failure = None if self._extracts_error() else failure_of(value)",
        "failure = failure_of(value) if preset and preset.has_end else None",
    ),
    (
        "extract-failure-loses-deltas",
        "TXT-053",
        "a failure loses the deltas before it",
        "message, deltas=tuple(deltas), extracted",
        "message, deltas=(), extracted",
    ),
    (
        "extract-all-choices",
        "TXT-059",
        "the text of all choices is joined",
        "preset.choice and _is_other_choice(first_found(value, preset.choice))",
        "False",
    ),
    (
        "extract-last-finish-reason",
        "TXT-058",
        "the finish reason is that of the first value, null included",
        "if isinstance(reason, str) and reason:\n    self._finish_reason = reason",
        "self._finish_reason = self._finish_reason or str(reason)",
    ),
    (
        "extract-text-before-reasoning",
        "TXT-062",
        "the channels of a value are returned in another order",
        "for channel, paths in preset.channels():",
        "for channel, paths in reversed(preset.channels()):",
    ),
    (
        "extract-empty-tools",
        "TXT-062",
        "an empty list of tool calls is written",
        'if channel != "text" and content in ([], {}):\n                continue',
        "",
    ),
    (
        "extract-strings-only",
        "TXT-062",
        "values that are not strings are lost",
        'content = json_line(content).decode("ascii")',
        "return",
    ),
    (
        "extract-all-channels",
        "TXT-062",
        "every channel is returned",
        'return self._channel in (channel, "all")',
        "return True",
    ),
    (
        "extract-halves-alone",
        "TXT-055",
        "halves of a surrogate pair in two values are not joined",
        "self._halves[channel] = text[-1]\n            text = text[:-1]",
        "pass",
    ),
    (
        "extract-halves-of-any-channel",
        "TXT-055",
        "halves in different channels are joined",
        'text = self._halves.pop(channel, "") + text',
        'text = "".join(self._halves.pop(key) for key in list(self._halves)) + text',
    ),
    (
        "extract-half-dropped",
        "TXT-055",
        "half of a pair at the end is lost",
        "for channel in sorted(self._halves):",
        "for channel in ():",
    ),
    (
        "extract-failure-first",
        "TXT-053",
        "the text of a failing value is lost",
        "if preset is not None:\n    self._extract(value, preset, text_is_known, deltas)",
        "if preset is not None and failure is None:\n"
        "    self._extract(value, preset, text_is_known, deltas)",
    ),
    (
        "extract-auto-by-first-value",
        "TXT-060",
        "auto decides by the first value only",
        "if preset is None:\n    name = recognised(value)",
        "if preset is None and self._first_value is value:\n    name = recognised(value)",
    ),
    (
        "extract-empty-finish-reason",
        "TXT-054",
        "an empty finish reason marks the end",
        "if isinstance(reason, str) and reason:",
        "if isinstance(reason, str):",
    ),
    (
        "extract-lone-failure-ignored",
        "TXT-064",
        "an error document in place of a stream is no failure",
        "lone = lone_failure_of(self._first_value) if self._elements == 1 else None",
        "lone = None",
    ),
    (
        "extract-lone-failure-anywhere",
        "TXT-064",
        "a first value that looks like an error document is a failure",
        "lone = lone_failure_of(self._first_value) if self._elements == 1 else None",
        "lone = lone_failure_of(self._first_value)",
    ),
    (
        "extract-lone-failure-with-text",
        "TXT-064",
        "the member that a path reads is a failure",
        "if lone is not None and not self._found and self._failure is None:",
        "if lone is not None and self._failure is None:",
    ),
    (
        "extract-quoted-marker",
        "TXT-065",
        "an end marker that is a JSON string is a value",
        'if item.kind == "done" or is_quoted_marker(item):',
        'if item.kind == "done":',
    ),
    (
        "extract-unknown-is-complete",
        "TXT-066",
        "values of no known format are complete",
        "reasons.append(self._nothing_found())",
        "pass",
    ),
    (
        "extract-parts-as-json",
        "TXT-068",
        "a list of parts is written as JSON",
        'if channel == "text" and self._is_preset and is_list_of_parts(content):',
        "if False:",
    ),
    (
        "extract-parts-at-paths",
        "TXT-068",
        "a list of parts at a caller's path is not written as JSON",
        'if channel == "text" and self._is_preset and is_list_of_parts(content):',
        'if channel == "text" and is_list_of_parts(content):',
    ),
    (
        "extract-parts-not-counted",
        "TXT-068",
        "a part of unknown type is not counted",
        'counts["no_data"] + counts["after_end"] + counts["unknown_parts"]',
        'counts["no_data"] + counts["after_end"]',
    ),
    (
        "failure-after-end-ignored",
        "TXT-053",
        "ignores a failure after the end marker",
        "self._check_after_end(item, deltas)",
        "pass",
    ),
    (
        "failure-after-end-event-ignored",
        "TXT-053",
        "ignores an event of type error after the end marker",
        '        if item.kind == "failure":\n            self._fail_by_event(item, deltas)\n        elif item.kind in',
        "        if item.kind in",
    ),
    (
        "bare-field-no-event",
        "TXT-061",
        "does not recognise events that begin with a field without a colon",
        "are_events(start, self._content_type, bare=True)",
        "are_events(start, self._content_type)",
    ),
    (
        "special-equal",
        "TXT-058",
        "compares a flag as numbers",
        "if preset.unless and first_found(value, preset.unless) is True:",
        "if preset.unless and first_found(value, preset.unless) == True:",
    ),
    (
        "auto-each-value",
        "TXT-060",
        "recognises the format of each value",
        "if preset is None:\n    name = recognised(value)",
        "if self._extraction.preset is None:\n    name = recognised(value)",
    ),
)
