# SPDX-License-Identifier: MIT
"""The process around a command line: its streams, and how it ends.

A standard stream may be closed, and stdout may fail when the last bytes are flushed. Each of these
is reported in one line on stderr, never as a traceback, and never a second time when the
interpreter shuts down.
"""

import errno
import io
import os
import sys
import time
from typing import Any, Callable, NoReturn

from .exit_codes import EXIT_BROKEN_PIPE
from .streams import Streams


def program_name(argument: str) -> str:
    """Return the name of the program for sys.argv[0]: of its file, or of its package for `-m`."""
    folder, name = os.path.split(argument)
    if name == "__main__.py":
        name = os.path.basename(folder)
    return "refimpl" if name in ("", "-c", "-m") else name


def process_streams() -> Streams:
    """Return the streams, environment and clocks of this process. Exits if stdout is closed."""
    program = program_name(sys.argv[0] if sys.argv else "")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    if sys.stdout is None:
        sys.stderr.write(f"{program}: stdout is closed\n")
        sys.exit(2)
    stdin = io.BufferedReader(_ClosedStdin()) if sys.stdin is None else sys.stdin.buffer
    stdout = sys.stdout.buffer
    return Streams(stdin, stdout, sys.stderr, os.environ, time.time, program=program)


class _ClosedStdin(io.RawIOBase):
    """Replaces a closed stdin: reading it fails, and a command that does not read it works."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise OSError(errno.EBADF, "stdin is closed")


def end_process(program: str, act: Callable[[], int]) -> NoReturn:
    """Run act, flush stdout, and exit with the code that act returned.

    If stdout fails, that is reported in one line, and not again when the interpreter shuts down.
    """
    try:
        code = act()
    except SystemExit as stop:  # argparse, after --help and --version
        code = stop.code if isinstance(stop.code, int) else 0
    try:
        sys.stdout.flush()
    except OSError as error:
        if code == 0:
            sys.stderr.write(f"{program}: cannot write stdout: {error.strerror or error}\n")
            code = EXIT_BROKEN_PIPE if isinstance(error, BrokenPipeError) else 2
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
