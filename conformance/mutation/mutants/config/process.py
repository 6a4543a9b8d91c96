# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/process.py."""

ROWS = (
    (
        "process-plain-split",
        "CRED-013",
        "splits a command at each space",
        "_split_for_windows(command) if windows else shlex.split(command)",
        "command.split()",
    ),
    (
        "process-exit-code",
        "CRED-013",
        "ignores the exit code of a program",
        "if output.exit_code != 0:",
        "if output.exit_code < 0:",
    ),
    (
        "process-version",
        "CRED-013",
        "ignores the version of the output",
        'document.get("Version") != 1 or isinstance(document.get("Version"), bool)',
        'document.get("Version") is None',
    ),
    (
        "process-token",
        "CRED-013",
        "ignores the session token of a program",
        'KeyNames(session_token="SessionToken")',
        "KeyNames()",
    ),
)
