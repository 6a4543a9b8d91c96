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
        "if version != 1 or isinstance(version, bool):",
        "if version is None:",
    ),
    (
        "process-version-true",
        "CRED-013",
        "takes the version true for 1",
        "if version != 1 or isinstance(version, bool):",
        "if version != 1:",
    ),
    (
        "process-version-integer",
        "CRED-013",
        "rejects the version 1.0",
        "if version != 1 or isinstance(version, bool):",
        "if version != 1 or not isinstance(version, int) or version is True:",
    ),
    (
        "process-token",
        "CRED-013",
        "ignores the session token of a program",
        'KeyNames(session_token="SessionToken")',
        "KeyNames()",
    ),
    (
        "process-comments",
        "CRED-013",
        "treats # as the beginning of a comment",
        "shlex.split(command)",
        "shlex.split(command, comments=True)",
    ),
    (
        "process-half-version",
        "CRED-013",
        "accepts the version 1.5",
        "if version != 1 or isinstance(version, bool):",
        "if not isinstance(version, (int, float)) or version is True or int(version) != 1:",
    ),
)
