# SPDX-License-Identifier: MIT
"""Mutants of refimpl/failures.py."""

ROWS = (
    (
        "error-document-first-read",
        "HTTP-035",
        "a client takes the first read of an error response as its document",
        "while data and arrived < MAX_ERROR_BODY:",
        "if data:",
    ),
    (
        "error-document-cut-raised",
        "HTTP-035",
        "a client reports the end of the connection instead of the error response that it ends",
        "    except UsageError:\n        raise\n    except Error:\n        pass",
        "    except Error:\n        raise",
    ),
)
