# SPDX-License-Identifier: MIT
"""Mutants of refimpl/operation_errors.py."""

ROWS = (
    (
        "exception-unmodelled-skipped",
        "EVS-035",
        "skips an exception that is not modelled",
        "    if shape is None:\n        raise_error(",
        "    if shape is None:\n        return None  # type: ignore\n        raise_error(",
    ),
    (
        "exception-payload-must-parse",
        "EVS-038",
        "reports an exception with an unreadable payload as a parse error",
        "    document = _readable_error(payload)",
        "    document = parse_error(payload)",
    ),
    (
        "exception-unmodelled-nameless",
        "EVS-035",
        "loses the name of an exception that is not modelled",
        "raise_error(code, document.message, payload)",
        "raise_error(None, document.message, payload)",
    ),
    (
        "unknown-code-is-http",
        "HTTP-033",
        "reports an error of unknown code as malformed HTTP",
        '        error = UnknownOperationError(code=code, payload=body.decode("utf-8", "replace"))  # HTTP-033',
        '        raise HttpError("unknown error")',
    ),
    (
        "unknown-code-lost",
        "HTTP-033",
        "loses an unknown error code",
        "error = UnknownOperationError(code=code, payload=body",
        "error = UnknownOperationError(code=None, payload=body",
    ),
    (
        "error-must-parse",
        "HTTP-035",
        "reports an error response that is not JSON as a parse error",
        "    document = _readable_error(body)",
        "    document = parse_error(body)",
    ),
    (
        "error-member-any-type",
        "HTTP-035",
        "rejects the whole error if one member has the wrong type",
        "document.members(shape.fields)",
        "document.members(shape.fields, lenient=False)",
    ),
    (
        "code-header-only",
        "HTTP-030",
        "ignores the error type in the document",
        "code_of_error(error_type, document)",
        'code_of_error(error_type, parse_error(b"{}"))',
    ),
    (
        "retry-code-missing",
        "RTY-002",
        "does not know a code of the list",
        '"PriorRequestNotComplete",',
        "",
    ),
    (
        "retry-status-530",
        "RTY-002",
        "does not know status 530",
        "504, 530))",
        "504))",
    ),
    (
        "retry-code-lower",
        "RTY-002",
        "compares codes without case",
        "code in _RETRYABLE_CODES",
        "(code or '').lower() in [one.lower() for one in _RETRYABLE_CODES]",
    ),
)
