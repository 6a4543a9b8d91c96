# SPDX-License-Identifier: MIT
"""The exit codes of the command line (CLI-001).

The code says which side failed: 0 complete, 2 usage, 3 configuration, 4 the service refused, 5 the
service failed, 6 the model failed, 7 the stream broke, 8 no connection or a time-out, 130
interrupted, 141 stdout closed by its reader.

A table maps error classes to codes. The first row that fits decides, and every error has a code.
"""

from typing import Tuple, Type

from ..errors import (
    ConfigurationError,
    ContainerError,
    Error,
    NetworkError,
    ProtocolError,
    ServiceError,
    UsageError,
)
from ..shapes import InternalStreamFailure, ModelError, ModelStreamError

EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell reports it

_EXIT_CODES: Tuple[Tuple[Type[Error], int], ...] = (
    (UsageError, 2),
    (ConfigurationError, 3),
    (ModelError, 6),
    (ModelStreamError, 6),
    (ContainerError, 6),
    (InternalStreamFailure, 5),
    (ProtocolError, 7),
    (NetworkError, 8),
)


def exit_code_of(error: Error) -> int:
    """Return the exit code for an error (CLI-001)."""
    for kind, code in _EXIT_CODES:
        if isinstance(error, kind):
            return code
    if isinstance(error, ServiceError):
        return 5 if error.fault or error.kind == "unmodeled" else 4
    return 7
