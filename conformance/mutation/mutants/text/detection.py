# SPDX-License-Identifier: MIT
"""Mutants of refimpl/text/detection.py."""

ROWS = (
    (
        "extract-events-by-type-only",
        "TXT-061",
        "only the content type says that a text is server-sent events",
        "if looks_like_events(start, bare): return True is_json =",
        "is_json =",
    ),
    (
        "extract-content-type-wins",
        "TXT-061",
        "JSON lines with the content type of events are read as events",
        "and not is_json",
        "",
    ),
    (
        "extract-content-type-ignored",
        "TXT-061",
        "the content type of events has no meaning",
        "return _media_type(content_type) == EVENTS_TYPE and not is_json",
        "return False",
    ),
    (
        "extract-type-before-first-byte",
        "TXT-061",
        "white space with the content type of events is read as events",
        "return is_space and _media_type(content_type) == EVENTS_TYPE",
        "return False",
    ),
    (
        "extract-array-of-type-events",
        "TXT-061",
        "an array with the content type of events is read as events",
        '_first_byte(start) in (b"{", b"[")',
        '_first_byte(start) == b"{"',
    ),
)
