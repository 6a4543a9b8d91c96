# SPDX-License-Identifier: MIT
"""The command line: `python3 -m conformance demo | run | list | show | dump | badge | frames | mutants | prove | trace | serve |
record | replay | implementations`.

Exit codes: 0 all as expected, 1 not so, 2 usage, 3 the adapter itself is broken, 130 interrupted, 141 the reader of stdout went
away. `serve`, `record` and `replay` print their URL alone on the first line of stdout and run until they are interrupted.
"""

import argparse
import os
import re
import sys
import threading
from typing import Any, BinaryIO, Callable, NamedTuple, Optional, Sequence, TextIO

from conformance.cases.frames import assemble, disassemble
from conformance.demo import run_demo
from conformance.endpoint.loopback import Loopback
from conformance.endpoint.scenarios import listing
from conformance.endpoint.server import Endpoint
from conformance.protocol.messages import OPERATION_NAMES
from conformance.protocol.process import Environment
from conformance.run.runner import (
    DEFAULT_TIMEOUT,
    OWN_ADAPTER,
    BrokenAdapter,
    own_environment,
    split_command,
)
from conformance.suite import dump_cases, list_cases, run_suite, show_case
from refimpl.cli import UsageParser, end_process
from refimpl.config.credentials import credentials_from_environment
from refimpl.errors import ConfigurationError, Error, UsageError, shown


class Streams(NamedTuple):
    stdout: BinaryIO
    stderr: TextIO


_COMMANDS = (
    "demo",
    "run",
    "list",
    "show",
    "dump",
    "badge",
    "frames",
    "mutants",
    "prove",
    "trace",
    "serve",
    "record",
    "replay",
    "implementations",
)


def _parser() -> argparse.ArgumentParser:
    parser = UsageParser(
        prog="conformance",
        description="Judges implementations of SageMaker Runtime InvokeEndpointWithResponseStream.",
    )
    commands = parser.add_subparsers(
        dest="command", metavar=" | ".join(_COMMANDS), parser_class=UsageParser
    )
    demo = commands.add_parser(
        "demo", help="endpoint, call, stream, explained: no account, no network"
    )
    demo.set_defaults(act=_demo)
    _add_pace(demo)
    _add_judging(commands)
    _add_badge(commands)
    _add_frames(commands)
    _add_proving(commands)
    serve = commands.add_parser(
        "serve",
        help="a SageMaker Runtime endpoint on loopback, with scenarios chosen by endpoint name",
    )
    serve.set_defaults(act=_serve)
    _add_pace(serve)
    serve.add_argument("--port", type=int, default=0, help="default: one that the system chooses")
    serve.add_argument(
        "--list", action="store_true", help="list the scenarios and what a correct client does"
    )
    _add_recording(commands)
    _add_implementations(commands)
    return parser


def _add_implementations(commands: Any) -> None:
    implementations = commands.add_parser(
        "implementations",
        aliases=["peers"],
        help="install and judge third-party implementations",
    )
    actions = implementations.add_subparsers(
        dest="action", metavar="install | list | run | matrix", parser_class=UsageParser
    )
    actions.required = True  # an argument since Python 3.7
    install = actions.add_parser("install", help="at pinned versions, each in a folder of its own")
    install.set_defaults(act=_install_implementations)
    install.add_argument("names", nargs="+", metavar="NAME")
    list_of = actions.add_parser(
        "list", help="what they are, whether they are there, how each is run"
    )
    list_of.set_defaults(act=_list_implementations)
    run = actions.add_parser(
        "run", help="ask one that is installed every case, and tell what its answers are worth"
    )
    run.set_defaults(act=_run_implementation)
    run.add_argument("name", metavar="NAME")
    _add_running(run)
    matrix = actions.add_parser(
        "matrix",
        help="ask each that is installed every case, and tell what came of it side by side",
    )
    matrix.set_defaults(act=_matrix)
    matrix.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    matrix.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="KIND=FILE",
        help="write one of all: html=FILE, json=FILE",
    )
    matrix.add_argument(
        "--committed",
        action="store_true",
        help="run nothing: tell the reports that the checkout keeps",
    )
    matrix.add_argument(
        "--write",
        action="store_true",
        help="write what the checkout keeps: a report and a badge of each, README's table",
    )
    _add_pains(matrix)


def _add_judging(commands: Any) -> None:
    run = commands.add_parser(
        "run", help="ask an implementation every case, and tell what its answers are worth"
    )
    run.set_defaults(act=_run)
    run.add_argument(
        "--adapter",
        metavar="CMD",
        help="the program that speaks for it (default: the reference's own)",
    )
    _add_running(run)
    listing_of = commands.add_parser("list", help="the cases, a line each")
    listing_of.set_defaults(act=_list)
    listing_of.add_argument(
        "--json", action="store_true", help="each as its entry of a vector file, on one line"
    )
    _add_choice(listing_of)
    show = commands.add_parser(
        "show", help="one case whole: its rules, its bytes annotated, what is expected"
    )
    show.set_defaults(act=_show)
    show.add_argument("case", metavar="CASE", help="its id")
    _add_corpus(show)
    dump = commands.add_parser(
        "dump", help="each case as files, to look into one without the runner"
    )
    dump.set_defaults(act=_dump)
    dump.add_argument(
        "folder", metavar="DIR", help="is made; what lies in it already is not touched"
    )
    _add_choice(dump)


def _add_pains(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "--jobs",
        type=_count,
        metavar="N",
        help="processes (default: 1, and more for cases that wait)",
    )
    run.add_argument(
        "--timeout",
        type=_timeout,
        default=DEFAULT_TIMEOUT,
        metavar="S",
        help="seconds for an answer (default: %(default)g)",
    )


def _add_running(run: argparse.ArgumentParser) -> None:
    _add_pains(run)
    run.add_argument(
        "--xfail",
        metavar="FILE",
        help="case ids of expected failures, one per line; an unexpected pass fails the run",
    )
    run.add_argument("--known", dest="xfail", help=argparse.SUPPRESS)  # the former name
    run.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="KIND=FILE",
        help="write one too: html=FILE, json=FILE, junit=FILE",
    )
    _add_choice(run)


def _add_badge(commands: Any) -> None:
    badge = commands.add_parser(
        "badge", help="a report as a small picture for a README: SVG on stdout"
    )
    badge.set_defaults(act=_badge)
    badge.add_argument("file", metavar="REPORT", help="as run --report json=FILE writes it")


def _add_recording(commands: Any) -> None:
    record = commands.add_parser(
        "record",
        help="a proxy on loopback that writes each exchange with its bytes, pieces and timing as a file",
    )
    record.set_defaults(act=_record)
    record.add_argument(
        "--upstream", required=True, metavar="URL", help="http://host:port or https://host"
    )
    record.add_argument(
        "--out", required=True, metavar="DIR", help="is made; what lies in it already stays"
    )
    record.add_argument(
        "--sign",
        action="store_true",
        help="verify what a client signed with the example keys, and sign it anew with "
        "the credentials of the environment; none of either is ever written",
    )
    record.add_argument(
        "--keep-sensitive",
        action="store_true",
        help="leave Body, the parts and CustomAttributes in",
    )
    record.add_argument(
        "--idle-timeout",
        type=_timeout,
        default=60.0,
        metavar="S",
        help="seconds of silence that end an exchange (default: %(default)g)",
    )
    replay = commands.add_parser("replay", help="serve recordings again, byte for byte")
    replay.set_defaults(act=_replay)
    replay.add_argument(
        "path",
        metavar="FILE|DIR",
        help="of a folder: those whose request line is the one that comes, each in its turn",
    )
    replay.add_argument(
        "--no-timing", action="store_true", help="without the waits between the pieces"
    )
    for parser in (record, replay):
        parser.add_argument(
            "--port", type=int, default=0, help="default: one that the system chooses"
        )


def _add_frames(commands: Any) -> None:
    frames = commands.add_parser(
        "frames",
        help="the language in which the cases write frames: to bytes, and back from any bytes",
    )
    frames.set_defaults(act=_frames)
    frames.add_argument(
        "action",
        choices=("assemble", "disassemble"),
        help="assemble: a text becomes bytes; disassemble: bytes, a "
        "recorded body say, become a text",
    )
    frames.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="default: -, what comes on stdin"
    )


def _add_corpus(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--corpus",
        action="append",
        default=[],
        metavar="KIND=DIR",
        help="the cases of a public suite instead of our own; "
        "several allowed: aws-c-auth, aws4-testsuite, eventstream-testdata, streams",
    )


def _add_proving(commands: Any) -> None:
    mutants = commands.add_parser(
        "mutants", help="broken variants of the reference, a line each: rule, id, what is wrong"
    )
    mutants.set_defaults(act=_mutants)
    _add_choice_of_mutants(mutants)
    prove = commands.add_parser(
        "prove", help="show that the vectors alone tell every broken variant from the reference"
    )
    prove.set_defaults(act=_prove)
    _add_choice_of_mutants(prove)
    prove.add_argument(
        "--jobs",
        type=_count,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes (default: one a processor)",
    )
    prove.add_argument(
        "--timeout",
        type=_timeout,
        default=DEFAULT_TIMEOUT,
        metavar="S",
        help="seconds for an answer (default: %(default)g)",
    )
    prove.add_argument(
        "--generated",
        action="store_true",
        help="try variants that are made by machine, of the pure modules",
    )
    prove.add_argument(
        "--module",
        action="append",
        default=[],
        metavar="NAME",
        help="make them of that module alone; several allowed",
    )
    prove.add_argument(
        "--budget",
        type=_budget,
        default=3600.0,
        metavar="S",
        help="seconds for all of them (default: %(default)g)",
    )
    prove.add_argument("--report", metavar="FILE", help="write what came of them as JSON")
    trace = commands.add_parser(
        "trace",
        help="each rule, the code that enforces it, the cases and tests that check it: is all there?",
    )
    trace.set_defaults(act=_trace)
    trace.add_argument("--write", action="store_true", help="write docs/trace.md anew")


def _add_choice_of_mutants(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="GLOB",
        help="mutants whose id fits; several allowed",
    )
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="ID",
        help="mutants that break the rule; several allowed",
    )


def _add_choice(parser: argparse.ArgumentParser) -> None:
    _add_corpus(parser)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="GLOB",
        help="cases whose id fits; several allowed",
    )
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="ID",
        help="cases that cite the rule; several allowed",
    )
    parser.add_argument(
        "--op",
        action="append",
        default=[],
        metavar="OP",
        choices=OPERATION_NAMES,
        help=f"cases of the operation; several allowed: {' '.join(OPERATION_NAMES)}",
    )


def _count(text: str) -> int:
    return _integer(text, 256, "")


def _integer(text: str, most: int, unit: str) -> int:
    if not re.match(r"[0-9]{1,9}\Z", text) or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"expected 1 to {int(most)}{unit}, got {text!r}")
    return int(text)


def _timeout(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(
            f"expected more than 0, and at most 3600 seconds, got {text!r}"
        )
    return seconds


def _budget(text: str) -> float:
    return float(_integer(text, 86400, " seconds"))


def _add_pace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pace",
        type=_seconds,
        metavar="S",
        help="seconds between two tokens (default: each scenario's own)",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected 0 to 60 seconds, got {text!r}") from None
    if not 0 <= seconds <= 60:
        raise argparse.ArgumentTypeError(f"expected 0 to 60 seconds, got {text}")
    return seconds


def _demo(options: argparse.Namespace, streams: Streams) -> None:
    run_demo(streams.stdout, streams.stderr, options.pace)


def _serve(options: argparse.Namespace, streams: Streams) -> None:
    if options.list:
        for name, title, must in listing():
            streams.stdout.write((f"{name}\n    {title}\n    {must}\n").encode("utf-8"))
        streams.stdout.flush()
        return
    _serve_until_interrupted(
        options.port, streams, lambda log: Endpoint(port=options.port, pace=options.pace, log=log)
    )


def _serve_until_interrupted(
    port: int, streams: Streams, start: Callable[[Callable[[str], None]], Loopback]
) -> None:
    if not 0 <= port < 65536:
        raise UsageError("not a port", expected="0 to 65535", actual=port)
    try:
        server = start(lambda line: _write_log(streams, line))
    except OSError as error:
        raise UsageError(f"cannot listen on port {int(port)}: {error.strerror or error}") from None
    with server:
        streams.stdout.write(server.url.encode("ascii") + b"\n")
        streams.stdout.flush()
        forever = threading.Event()
        while not forever.wait(0.5):  # an interrupt just before an endless wait would be lost
            pass


def _record(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.recording.proxy import Recorder

    credentials = credentials_from_environment(os.environ) if options.sign else None
    _make_folder(options.out)
    _serve_until_interrupted(
        options.port,
        streams,
        lambda log: Recorder(
            options.upstream,
            options.out,
            credentials,
            options.keep_sensitive,
            port=options.port,
            log=log,
            idle_timeout=options.idle_timeout,
        ),
    )


def _make_folder(path: str) -> None:
    """Make a folder that files can be written to. Raises UsageError."""
    words = "Permission denied"
    try:
        os.makedirs(path, exist_ok=True)
        if os.access(path, os.W_OK | os.X_OK):
            return
    except OSError as error:
        words = str(error.strerror)
    raise UsageError(f"cannot write recordings: {words}", expected="a folder", actual=path)


def _replay(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.recording.files import read_recordings
    from conformance.recording.replay import Replay

    recordings = read_recordings(options.path)
    _serve_until_interrupted(
        options.port,
        streams,
        lambda log: Replay(recordings, not options.no_timing, options.port, log),
    )


def _frames(options: argparse.Namespace, streams: Streams) -> None:
    data = _all_of(options.file)
    if options.action == "disassemble":
        data = disassemble(data).encode("utf-8")
    else:
        try:
            data = assemble(data.decode("utf-8"))
        except UnicodeDecodeError:
            raise UsageError("a frame text is UTF-8, and this is not") from None
    streams.stdout.write(data)
    streams.stdout.flush()


def _all_of(path: str) -> bytes:
    if path != "-":
        with open(path, "rb") as file:
            return file.read()
    if sys.stdin is None:
        raise UsageError("stdin is closed")
    return sys.stdin.buffer.read()


def _matrix(options: argparse.Namespace, streams: Streams) -> int:
    from conformance.implementations.matrix import matrix_suite

    return matrix_suite(
        options,
        _printer(streams),
        lambda line: _write_log(streams, line),
        streams.stderr if streams.stderr.isatty() else None,
    )


def _badge(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.report.badge import badge_text
    from conformance.report.json_report import read_report

    streams.stdout.write(badge_text(read_report(options.file)).encode("utf-8"))
    streams.stdout.flush()


def _install_implementations(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.implementations.install import install

    install(options.names, _printer(streams))


def _list_implementations(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.implementations.install import list_implementations

    list_implementations(_printer(streams))


def _run_implementation(options: argparse.Namespace, streams: Streams) -> int:
    from conformance.implementations.registry import environment_of, runnable_implementation

    found = runnable_implementation(options.name)
    return _run(options, streams, found.command, environment_of(found))


def _run(
    options: argparse.Namespace,
    streams: Streams,
    command: Sequence[str] = (),
    environment: Optional[Environment] = None,
) -> int:
    if not command:
        command = OWN_ADAPTER if options.adapter is None else split_command(options.adapter)
        environment = own_environment() if options.adapter is None else None
    return run_suite(
        options,
        command,
        environment,
        _printer(streams),
        lambda line: _write_log(streams, line),
        streams.stderr if streams.stderr.isatty() else None,
    )


def _list(options: argparse.Namespace, streams: Streams) -> int:
    return list_cases(options, _printer(streams), lambda line: _write_log(streams, line))


def _show(options: argparse.Namespace, streams: Streams) -> int:
    return show_case(options, _printer(streams), lambda line: _write_log(streams, line))


def _dump(options: argparse.Namespace, streams: Streams) -> int:
    return dump_cases(options, _printer(streams), lambda line: _write_log(streams, line))


def _mutants(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.mutation.prove import list_mutants

    list_mutants(options, _printer(streams))


def _prove(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.mutation.prove import prove_suite

    prove_suite(options, _printer(streams))


def _trace(options: argparse.Namespace, streams: Streams) -> int:
    from conformance.trace import trace_suite

    return trace_suite(options, _printer(streams))


def _printer(streams: Streams) -> Callable[[str], None]:
    def say(line: str) -> None:
        streams.stdout.write(line.encode("utf-8", "backslashreplace") + b"\n")
        streams.stdout.flush()

    return say


def _write_log(streams: Streams, line: str) -> None:
    streams.stderr.write(line + "\n")
    streams.stderr.flush()


def main(arguments: Sequence[str], streams: Streams) -> int:
    """Run one command and return its exit code."""
    try:
        options = _parser().parse_args(arguments)
        if options.command is None:
            raise UsageError("no command", expected=f"{', '.join(_COMMANDS)}; --help tells more")
        code: Optional[int] = options.act(options, streams)
    except (UsageError, ConfigurationError) as error:
        _say(streams, error)
        return 2
    except BrokenAdapter as error:
        _say(streams, error)
        return 3
    except Error as error:
        _say(streams, error)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141
    except MemoryError:
        _say(streams, "the input does not fit into memory")
        return 2
    except OSError as error:
        _say(streams, _words_of(error))
        return 2
    return code or 0


def _words_of(error: OSError) -> str:
    words = str(error.strerror or error)
    return words if error.filename is None else f"{error.filename}: {words}"


def _say(streams: Streams, error: object) -> None:
    streams.stderr.write(f"conformance: {shown(str(error), 4000)}\n")
    streams.stderr.flush()


def run() -> None:
    """Run the command line of this process, and exit."""
    if sys.stdout is None or sys.stderr is None:
        if sys.stderr is not None:
            sys.stderr.write("conformance: stdout is closed\n")
        sys.exit(2)
    end_process("conformance", lambda: main(sys.argv[1:], Streams(sys.stdout.buffer, sys.stderr)))
