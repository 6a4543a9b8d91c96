# SPDX-License-Identifier: MIT
"""The command line: the commands of `python3 -m refimpl`.

Results go to stdout as they arrive. An error goes to stderr, in one line without secrets, and the
exit code says which side failed (CLI-001, exit_codes.py). `main` runs one command with the streams
that it is given. `run` passes it the streams of the process.

Each command has a module, which is imported only if the command is requested: `decode` needs no
HTTP client.
"""

import argparse
import errno
import sys
from typing import BinaryIO, Callable, Dict, Optional, Sequence, cast

from ..errors import ConfigurationError, Error, MissingPartError, UsageError
from ..version import VECTORS_VERSION, VERSION
from .exit_codes import EXIT_BROKEN_PIPE, EXIT_INTERRUPTED, exit_code_of
from .parser import UsageParser
from .process import end_process, process_streams
from .streams import Streams, say

__all__ = ["Streams", "UsageParser", "end_process", "exit_code_of", "main", "run"]

_VERSIONS = f"{VERSION} (vectors {VECTORS_VERSION})"
_PURPOSES: Dict[str, str] = {
    "invoke": "call an endpoint and print its response as it arrives",
    "decode": "show the frames of a recorded event stream",
    "bridge": "turn an event stream into server-sent events",
    "sign": "sign a request and show every stage",
    "token": "print a bearer token for the OpenAI-compatible route",
    "identity": "show the account and the user or role of the credentials",
    "doctor": "show the settings and credentials that are found, and where",
    "explain": "say why a service refused a signature",
    "convert": "convert the document of a shape to another format",
    "vendor": "copy this package as one file, a folder or a zipapp",
}


def _arguments_of(command: str) -> Callable[[argparse.ArgumentParser], None]:
    """Import the module of a command. Return the function that adds its arguments to a parser."""
    if command == "invoke":
        from .invoke import add_invoke

        return add_invoke
    if command == "decode":
        from .decode import add_decode

        return add_decode
    if command == "bridge":
        from .bridge import add_bridge

        return add_bridge
    if command == "sign":
        from .sign import add_sign

        return add_sign
    if command == "token":
        from .token import add_token

        return add_token
    if command == "identity":
        from .identity import add_identity

        return add_identity
    if command == "doctor":
        from .doctor import add_doctor

        return add_doctor
    if command == "explain":
        from .explain import add_explain

        return add_explain
    if command == "vendor":
        from .vendor import add_vendor

        return add_vendor
    from .convert import add_convert

    return add_convert


def _commands(word: Optional[str]) -> Dict[str, Callable[[argparse.ArgumentParser], None]]:
    """Return the requested command, or all commands of this copy.

    Raises MissingPartError for a command that this copy was made without.
    """
    if word in _PURPOSES:
        return {word: _arguments_of(word)}
    found = {}
    for name in _PURPOSES:
        try:  # noqa: SIM105 - contextlib takes half a millisecond to load (bench, process)
            found[name] = _arguments_of(name)
        except MissingPartError:
            pass
    return found


def _parser(word: Optional[str], program: str = "refimpl") -> argparse.ArgumentParser:
    """Return the parser for a command line whose first word is given.

    If the word is a command, the parser has only this command. Otherwise it has all of them, for
    the help.
    """
    parser = UsageParser(
        prog=program,
        description="SageMaker Runtime InvokeEndpointWithResponseStream",
    )
    parser.add_argument("--version", action="version", version=_VERSIONS)
    parser.add_argument(
        "--self-test", action="store_true", help="test this copy of the package, and exit"
    )
    found = _commands(word)
    commands = parser.add_subparsers(
        dest="command", metavar=" | ".join(found), parser_class=UsageParser
    )
    for name, add_arguments in found.items():
        add_arguments(commands.add_parser(name, help=_PURPOSES[name]))
    return parser


def _parsed_options(arguments: Sequence[str], program: str) -> argparse.Namespace:
    options = _parser(arguments[0] if arguments else None, program).parse_args(arguments)
    if options.self_test:
        from .self_test import test_this_copy

        options.act = test_this_copy
        return options
    # argparse gives a flag before a lone `--` an empty list as its value.
    empty = [name for name, value in vars(options).items() if value == [] and name != "header"]
    if empty:
        raise UsageError(f"no value for --{empty[0]}")
    if options.command is None:
        raise UsageError("no command", expected=f"{', '.join(_commands(None))}; see --help")
    return options


def main(arguments: Sequence[str], streams: Streams) -> int:
    """Run one command and return its exit code. Every error becomes one line on stderr."""
    try:
        options = _parsed_options(arguments, streams.program)
        _act(options, streams)
    except Error as error:
        say(streams, _line_of(error))
        return exit_code_of(error)
    except (ImportError, NameError) as error:  # a file of the package is missing or truncated
        say(streams, f"this copy is incomplete: {error}")
        return exit_code_of(ConfigurationError())
    except KeyboardInterrupt:
        say(streams, "interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        say(streams, "stdout was closed by its reader")
        return EXIT_BROKEN_PIPE
    except MemoryError:
        say(streams, "the input does not fit into memory")
        return 2
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):  # while a module loads
            say(streams, f"no file descriptor is free: {error.strerror}")
            return 2
        # Sockets and files raise errors of this package, so this is stdin or stdout.
        say(streams, f"cannot read stdin or write stdout: {error.strerror or error}")
        return 2
    return 0


def _act(options: argparse.Namespace, streams: Streams) -> None:
    """Run a command. On a terminal its output has no control characters (CLI-010)."""
    # CLI-010
    if not (getattr(options, "sanitize", True) and streams.stdout.isatty()):
        options.act(options, streams)
        return
    from .rendering import TerminalText

    terminal = TerminalText(streams.stdout)
    try:
        options.act(options, streams._replace(stdout=cast(BinaryIO, terminal)))
    finally:
        terminal.finish()


def _line_of(error: Error) -> str:
    """Return an error as one line: the cause if it is known, the kind, and the message."""
    cause = getattr(error, "cause", None)
    if cause is None:
        return f"{error.kind}: {error}"
    return f"{cause}: {error.kind}: {str(error)[len(cause) + 2 :]}"


def run() -> None:
    """Run the command line of this process, and exit."""
    streams = process_streams()
    end_process(streams.program, lambda: main(sys.argv[1:], streams))
