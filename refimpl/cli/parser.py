# SPDX-License-Identifier: MIT
"""The argument parser that all commands share.

It is argparse with two changes. Its errors are UsageErrors, so they are reported in one line like
all others. And it asks the terminal for the width of help itself, because argparse would import
shutil for that, even if no help is printed. bench/process.py measures what this saves (`with
shutil`).
"""

import argparse
import os
from typing import Any

from ..errors import UsageError


class _HelpFormatter(argparse.HelpFormatter):
    """A help formatter that asks the terminal for its width without shutil."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    try:
        return max(os.get_terminal_size().columns, 40)
    except (OSError, ValueError):  # stdout is not a terminal
        return 100


class UsageParser(argparse.ArgumentParser):
    """An argument parser that raises UsageError."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_HelpFormatter, **options)

    def error(self, message: str) -> Any:
        """Raise UsageError with argparse's message."""
        raise UsageError(message)


def add_body(parser: argparse.ArgumentParser) -> None:
    """Add the flag --body."""
    parser.add_argument(
        "--body",
        metavar="TEXT|@FILE|-",
        help="request body: text, a file, or stdin (default: empty)",
    )


def add_file(parser: argparse.ArgumentParser) -> None:
    """Add the argument FILE."""
    parser.add_argument("file", nargs="?", default="-", help="input file (default: -, stdin)")


def add_sanitize(parser: argparse.ArgumentParser) -> None:
    """Add the flags --sanitize and --no-sanitize, for a command that writes text of a model."""
    parser.add_argument(
        "--sanitize",
        action="store_true",
        default=True,
        help="on a terminal, remove control characters from the text of the model (default)",
    )
    parser.add_argument(
        "--no-sanitize",
        action="store_false",
        dest="sanitize",
        help="write the bytes of the model to a terminal unchanged",
    )
