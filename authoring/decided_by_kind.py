# SPDX-License-Identifier: MIT
"""The cases that the kind of the rejection decides: `"decides": "kind"`.

An implementation that lacks only the check of such a case still rejects its input, later or for
another reason. Or the name of the error is the point. An adapter that has one name for several
kinds proves nothing with these cases. `conformance prove` finds missing patterns: mutants that die
by the kind alone.
"""

from fnmatch import fnmatchcase

PATTERNS = (
    # The name is the point.
    "sig-sequence-verify-later",
    "sig-verify-*-beside-header",
    "sig-verify-order-*",
    "sig-verify-skew-301-behind",
    "sig-verify-skew-day-behind",
    "http-error-no-code-*",
    "http-error-incomplete*",
    "http-error-original-status-*",
    "http-exception-first",
    "http-exception-internalstreamfailure",
    "http-exception-name-*",
    "http-exception-payload-*",
    "http-exception-without-type-*",
    "http-message-event-type-of-an-exception",
    "http-message-exception-type-*",
    "http-status-1*",
    "http-status-3*",
    # Another check rejects the input later.
    "evs-header-type-1*",
    "evs-header-type-255",
    "evs-headers-length-1048577",
    "evs-no-stream-*",
    "evs-order-*",
    "evs-total-length-0",
    "evs-total-length-1",
    "evs-total-length-1-gib",
    "evs-total-length-12",
    "evs-total-length-15",
    "evs-total-length-changed",
    "evs-total-length-largest*",
    "evs-total-length-sign-bit",
    "http-200-errortype-empty",
    "http-201-errortype",
    "http-content-encoding-second-gzip",
    "http-content-type-first-of-two",
    "http-frame-header-type",
    "http-frame-length",
    "shp-json-infinity",
    "shp-json-minus-infinity",
    "shp-json-nan",
    "shp-unknown-shape",
    "txt-json-depth-unterminated",
    "txt-json-utf8-*",
)


def is_decided_by_kind(case_id: str) -> bool:
    """Return whether the kind of the rejection decides a case."""
    return any(fnmatchcase(case_id, pattern) for pattern in PATTERNS)
