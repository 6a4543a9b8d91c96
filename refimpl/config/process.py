# SPDX-License-Identifier: MIT
"""Credentials from a program: the profile's `credential_process`.

The command is split into words without a shell, so nothing in it is expanded (CRED-013). The
program prints one JSON document. An error shows the exit code and what the program wrote to
stderr. It never shows the program's output, which contains the keys.
"""

import shlex
from typing import List, Union

from ..errors import ConfigurationError, NetworkError, shown
from ..sigv4_credentials import Credentials
from .sources import Absent, SourceContext
from .surroundings import (
    MAX_REPLY_LENGTH,
    KeyNames,
    Renewal,
    Surroundings,
    credentials_of,
    json_object_of,
    shown_stderr,
)

DEFAULT_PROCESS_TIMEOUT = 60.0  # seconds
_PROCESS_NAMES = KeyNames(session_token="SessionToken")
_PROCESS_RULE = "CRED-013"
_PROCESS_OUTPUT = "the output of credential_process"


def process_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Find the profile's `credential_process`."""
    command = context.profile.value("credential_process")
    if command is None:
        return Absent(f"{context.profile_title} has no credential_process")
    place = context.profile.section["credential_process"].place
    arguments = split_command(command, context.surroundings.windows, place)
    return lambda: process_credentials(context.surroundings, arguments)


def split_command(
    command: str, windows: bool = False, place: str = "credential_process"
) -> List[str]:
    """Return the words of a command. Raises ConfigurationError for an open quote or no word.

    windows: split as a Windows program splits its command line, else as a POSIX shell does
    """
    try:
        # CRED-013: no shell, so nothing is expanded.
        words = _split_for_windows(command) if windows else shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise ConfigurationError(
            f"the credential_process in {place} cannot be split into words",
            expected="a program and its arguments, with closed quotes",
            rule=_PROCESS_RULE,
        )
    return words


def _split_for_windows(command: str) -> List[str]:
    """Split as the Microsoft C runtime does: a backslash escapes only quotes."""
    words: List[str] = []
    word = ""
    started = quoted = False
    backslashes = 0
    for mark in command:
        if mark == "\\":
            backslashes += 1
            continue
        if mark == '"':
            word += "\\" * (backslashes // 2)
            if backslashes % 2:
                word += '"'
            else:
                quoted = not quoted
            started = True
        else:
            word += "\\" * backslashes
            if mark in " \t" and not quoted:
                if word or started:
                    words.append(word)
                word, started = "", False
            else:
                word += mark
        backslashes = 0
    if quoted:
        raise ValueError("open quote")
    word += "\\" * backslashes
    return words + [word] if word or started else words


def process_credentials(
    surroundings: Surroundings, arguments: List[str], timeout: float = DEFAULT_PROCESS_TIMEOUT
) -> Credentials:
    """Run the program and return its credentials. Raises ConfigurationError."""
    program = shown(arguments[0], 80)
    try:
        output = surroundings.run_process(arguments, timeout)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"cannot run credential_process {program}: {reason}", rule=_PROCESS_RULE
        ) from None
    except NetworkError:
        raise ConfigurationError(
            f"credential_process {program} did not end within {timeout:g} s", rule=_PROCESS_RULE
        ) from None
    if max(len(output.stdout), len(output.stderr)) > MAX_REPLY_LENGTH:
        raise ConfigurationError(
            f"credential_process {program} wrote too much",
            expected=f"one JSON object of at most {MAX_REPLY_LENGTH} bytes",
            rule=_PROCESS_RULE,
        )
    if output.exit_code != 0:
        written = shown_stderr(output.stderr) or "nothing on stderr"
        raise ConfigurationError(
            f"credential_process {program} failed with exit code {output.exit_code}: {written}",
            rule=_PROCESS_RULE,
        )
    document = json_object_of(output.stdout, _PROCESS_OUTPUT, _PROCESS_RULE)
    version = document.get("Version")
    # CRED-013: 1.0 is the same number, but true is not. A document of another version may give
    # another meaning to the same names.
    if version != 1 or isinstance(version, bool):
        raise ConfigurationError(
            f"{_PROCESS_OUTPUT} has no known version", expected='"Version": 1', rule=_PROCESS_RULE
        )
    return credentials_of(document, _PROCESS_NAMES, _PROCESS_OUTPUT, _PROCESS_RULE)
