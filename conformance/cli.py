# SPDX-License-Identifier: MIT
"""The command line, `python3 -m conformance COMMAND`: one row of COMMANDS for each command.

Exit codes: 0 all verdicts as expected, 1 failures, 2 wrong usage, 3 broken adapter, 130
interrupted, 129 and 143 ended by SIGHUP and SIGTERM, 141 the reader of stdout is gone. `serve`,
`record` and `replay` print their URL to stdout and run until they are interrupted. With `--tls`,
`serve` then prints `AWS_CA_BUNDLE=FILE`, the variable that makes AWS's clients trust its
certificate, with `--credentials-services` those that make them use its services, and with
`--variables` those that lead them to the endpoint. With `--intercept` it prints those of its proxy.
Commands import what only they need when they run. `mutants`, `prove` and `trace` need a checkout,
because a wheel does not contain the mutation tests.
"""

import argparse
import os
import re
import signal
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from secrets import token_hex
from ssl import SSLContext
from typing import (
    Any,
    BinaryIO,
    Callable,
    Iterator,
    NamedTuple,
    Optional,
    Sequence,
    TextIO,
    Tuple,
)

from conformance.cases.frames import assemble, disassemble
from conformance.demo import run_demo
from conformance.endpoint.container import PLATFORM_LIMITS, Container, Limits
from conformance.endpoint.credentials_services import CredentialsServices
from conformance.endpoint.intercept import InterceptingProxy
from conformance.endpoint.loopback import Loopback
from conformance.endpoint.scenarios import listing
from conformance.endpoint.server import NEARBY
from conformance.endpoint.tls import server_context, temporary_authority, temporary_certificates
from conformance.escaping import escaped
from conformance.files import MAX_INPUT, read_all, read_bounded
from conformance.protocol.messages import OPERATION_NAMES
from conformance.protocol.process import Environment
from conformance.run.asking import DEFAULT_TIMEOUT
from conformance.run.runner import (
    OWN_ADAPTER,
    BrokenAdapter,
    own_environment,
    split_command,
)
from conformance.suite import dump_cases, list_cases, run_suite, show_case
from conformance.testing.double import DEFAULT_REGION, Endpoint, client_environment
from conformance.testing.files import load_endpoints
from refimpl.cli import UsageParser, end_process
from refimpl.config.credentials import provider_of, unexpired
from refimpl.config.environment import configured_region
from refimpl.errors import ConfigurationError, Error, UsageError, shown
from refimpl.sigv4 import Credentials
from refimpl.version import VERSION


class Streams(NamedTuple):
    """Where a command writes: results to stdout, messages and logs to stderr."""

    stdout: BinaryIO
    stderr: TextIO


class Command(NamedTuple):
    """A command: its help, the function that adds its options, the one that runs it."""

    name: str
    help: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Streams], Optional[int]]
    aliases: Tuple[str, ...] = ()


# ---- output ------------------------------------------------------------------------------------


def _printer(streams: Streams) -> Callable[[str], None]:
    def say(line: str) -> None:
        streams.stdout.write(escaped(line).encode("utf-8", "backslashreplace") + b"\n")
        streams.stdout.flush()

    return say


def _logger(streams: Streams) -> Callable[[str], None]:
    def log(line: str) -> None:
        streams.stderr.write(escaped(line) + "\n")
        streams.stderr.flush()

    return log


def _terminal(streams: Streams) -> Optional[TextIO]:
    return streams.stderr if streams.stderr.isatty() else None


# ---- values of options -------------------------------------------------------------------------


def _jobs(text: str) -> int:
    return _integer(text, 256, "")


def _budget(text: str) -> float:
    return float(_integer(text, 86400, " seconds"))


def _integer(text: str, largest: int, unit: str) -> int:
    if not re.match(r"[0-9]{1,9}\Z", text) or not 1 <= int(text) <= largest:
        raise argparse.ArgumentTypeError(f"expected 1 to {largest}{unit}, got {text!r}")
    return int(text)


def _timeout(text: str) -> float:
    seconds = _number(text)
    if seconds is None or not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected more than 0 to 3600 seconds, got {text!r}")
    return seconds


def _pace(text: str) -> float:
    seconds = _number(text)
    if seconds is None or not 0 <= seconds <= 60:
        raise argparse.ArgumentTypeError(f"expected 0 to 60 seconds, got {text!r}")
    return seconds


def _skew(text: str) -> float:
    seconds = _number(text)
    if seconds is None or not -_LARGEST_SKEW <= seconds <= _LARGEST_SKEW:
        raise argparse.ArgumentTypeError(f"expected seconds within ten years, got {text!r}")
    return seconds


def _operation(text: str) -> str:
    if not any(fnmatchcase(name, text) for name in OPERATION_NAMES):
        names = ", ".join(OPERATION_NAMES)
        raise argparse.ArgumentTypeError(f"invalid choice: {text!r} (choose from {names})")
    return text


_LARGEST_SKEW = 10 * 366 * 86400


def _number(text: str) -> Optional[float]:
    try:
        return float(text)
    except ValueError:
        return None


# ---- options of several commands ---------------------------------------------------------------


def _add_list(parser: argparse.ArgumentParser, name: str, metavar: str, text: str) -> None:
    """Add an option that may occur several times."""
    parser.add_argument(
        name, action="append", default=[], metavar=metavar, help=text + "; repeatable"
    )


def _add_pace(parser: argparse.ArgumentParser) -> None:
    text = "seconds between two tokens (default: set by each scenario)"
    parser.add_argument("--pace", type=_pace, metavar="S", help=text)


def _add_port(parser: argparse.ArgumentParser) -> None:
    text = "TCP port (default: chosen by the system)"
    parser.add_argument("--port", type=int, default=0, help=text)


def _add_timeout(parser: argparse.ArgumentParser) -> None:
    text = "seconds per request (default: %(default)g)"
    parser.add_argument("--timeout", type=_timeout, default=DEFAULT_TIMEOUT, metavar="S", help=text)


def _add_processes(parser: argparse.ArgumentParser) -> None:
    text = "adapter processes (default: 1, and more for cases in which the endpoint stalls)"
    parser.add_argument("--jobs", type=_jobs, metavar="N", help=text)
    _add_timeout(parser)


def _add_corpus(parser: argparse.ArgumentParser) -> None:
    kinds = "aws-c-auth, aws4-testsuite, eventstream-testdata, streams"
    _add_list(parser, "--corpus", "KIND=DIR", f"use the cases of a public suite instead: {kinds}")


def _add_selection(parser: argparse.ArgumentParser) -> None:
    _add_corpus(parser)
    _add_list(parser, "--only", "GLOB", "select cases whose id matches")
    _add_list(parser, "--rule", "ID", "select cases that cite the rule")
    text = "select cases whose operation matches; repeatable: " + " ".join(OPERATION_NAMES)
    parser.add_argument(
        "--op", action="append", default=[], metavar="GLOB", type=_operation, help=text
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    _add_processes(parser)
    text = "run the cases in an order that this number determines"
    parser.add_argument("--shuffle", type=int, metavar="SEED", help=text)
    parser.add_argument(
        "--xfail",
        metavar="FILE",
        help="case ids of expected failures, one per line; an unexpected pass fails the run",
    )
    parser.add_argument("--known", dest="xfail", help=argparse.SUPPRESS)  # the former name
    text = "write the ids of the failing cases, as a file for --xfail"
    parser.add_argument("--write-xfail", metavar="FILE", help=text)
    text = (
        "earlier JSON report: a case that is worse than in it fails the run, also if it is now"
        " unsupported or judged in part, and no other failure does"
    )
    parser.add_argument("--baseline", metavar="REPORT", help=text)
    text = "fail each case of which the answer omits a part (always so for the reference)"
    parser.add_argument("--strict", action="store_true", help=text)
    _add_list(parser, "--report", "KIND=FILE", "write a report: html=FILE, json=FILE, junit=FILE")
    _add_selection(parser)


def _add_mutant_selection(parser: argparse.ArgumentParser) -> None:
    _add_list(parser, "--only", "GLOB", "select mutants whose id matches")
    _add_list(parser, "--rule", "ID", "select mutants that violate the rule")


# ---- demo, serve -------------------------------------------------------------------------------


def _demo(options: argparse.Namespace, streams: Streams) -> None:
    run_demo(streams.stdout, streams.stderr, options.pace)


def _add_serve(parser: argparse.ArgumentParser) -> None:
    _add_pace(parser)
    _add_port(parser)
    text = "address to listen on (default: %(default)s); any other than loopback is reachable"
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=text)
    text = "Python file whose function endpoints(sagemaker) sets replies with sagemaker.on()"
    parser.add_argument("--scenarios", metavar="FILE.py", help=text)
    text = "scenario for unknown endpoint names (default: a ValidationError, as the service sends)"
    parser.add_argument("--fallback", metavar="NAME", help=text)
    text = "send calls of all other names to the container at this URL, as SageMaker does"
    parser.add_argument("--container", metavar="URL", help=text)
    text = "with --container: bodies up to 6 MiB, streams up to 8 minutes"
    parser.add_argument("--platform-limits", action="store_true", help=text)
    text = "accept only this region"
    parser.add_argument("--region", metavar="REGION", help=text)
    text = "accept all credentials; the form, time and scope of signatures are still checked"
    parser.add_argument("--any-keys", action="store_true", help=text)
    text = "accept the example keys only with this session token"
    parser.add_argument("--session-token", metavar="TOKEN", help=text)
    text = "refuse this session token as expired; repeatable"
    parser.add_argument("--expired-token", action="append", default=[], metavar="TOKEN", help=text)
    text = "print the environment variables that lead AWS's SDKs to the endpoint"
    parser.add_argument("--variables", action="store_true", help=text)
    text = "log headers and body of each request; secrets are hidden"
    parser.add_argument("--bodies", action="store_true", help=text)
    text = "seconds before each response (default: %(default)g, as on a nearby network)"
    parser.add_argument("--latency", type=_pace, default=NEARBY, metavar="S", help=text)
    text = "refuse a request before its body has arrived if its head is reason enough"
    parser.add_argument("--early-refusals", action="store_true", help=text)
    text = "respond as through an HTTP/1.0 proxy: no chunks, one request per connection"
    parser.add_argument("--http10", action="store_true", help=text)
    text = "seconds from the real time to the endpoint's, to test how a client corrects its clock"
    parser.add_argument("--clock-skew", type=_skew, default=0.0, metavar="S", help=text)
    text = "list the scenarios and what a correct client does"
    parser.add_argument("--list", action="store_true", help=text)
    text = (
        "serve https; the openssl program makes a private CA and a certificate in a temporary"
        " folder, and the second line of output is AWS_CA_BUNDLE=FILE, with the CA's file"
    )
    parser.add_argument("--tls", action="store_true", help=text)
    text = "serve --tls with this certificate in PEM; needs --key"
    parser.add_argument("--cert", metavar="FILE", help=text)
    text = "key of the certificate, in PEM and without a password"
    parser.add_argument("--key", metavar="FILE", help=text)
    text = (
        "also serve STS, SSO, the container's agent and instance metadata, over http and with the"
        " example keys, and print the environment variables that make a client use them"
    )
    parser.add_argument("--credentials-services", action="store_true", help=text)
    text = (
        "also serve a proxy that intercepts TLS: the openssl program makes a certificate for the"
        " host of each CONNECT, and the endpoint responds; print HTTPS_PROXY=URL and"
        " AWS_CA_BUNDLE=FILE, with the file of the proxy's CA"
    )
    parser.add_argument("--intercept", action="store_true", help=text)


def _serve(options: argparse.Namespace, streams: Streams) -> None:
    if options.list:
        say = _printer(streams)
        for name, title, must in listing():
            say(f"{name}\n    {title}\n    {must}")
        return

    def clock() -> float:
        return time.time() + float(options.clock_skew)

    with ExitStack() as stack:
        tls, from_tls = _tls_of(options, stack)
        variables = list(from_tls)
        services: Optional[CredentialsServices] = None
        if options.credentials_services:
            services = CredentialsServices(clock, log=_logger(streams))
            variables += stack.enter_context(services).variables
        authority = None
        if options.intercept:
            authority = stack.enter_context(temporary_authority())

        def start(log: Callable[[str], None]) -> Loopback:
            endpoint = _endpoint_of(options, log, clock, tls)
            if authority is not None:
                proxy = InterceptingProxy(endpoint, authority, services, log=log)
                variables.extend(stack.enter_context(proxy).variables)
            return endpoint

        def more(server: Loopback) -> Sequence[str]:
            if not options.variables:
                return variables
            region = options.region or DEFAULT_REGION
            changes = client_environment(server.url, region, options.session_token)
            return (*variables, *[f"{name}={value}" for name, value in changes.items() if value])

        _serve_until_interrupted(options.port, streams, start, more)


def _endpoint_of(
    options: argparse.Namespace,
    log: Callable[[str], None],
    clock: Callable[[], float],
    tls: Optional[SSLContext],
) -> Endpoint:
    """Return the running endpoint of `serve`. Raises UsageError and OSError."""
    container = None
    if options.container is not None:
        limits = PLATFORM_LIMITS if options.platform_limits else Limits()
        container = Container(options.container, limits)
    elif options.platform_limits:
        raise UsageError("--platform-limits needs --container")
    endpoint = Endpoint(
        checks_at_end=False,
        region=options.region,
        any_keys=options.any_keys,
        port=options.port,
        pace=options.pace,
        log=log,
        clock=clock,
        tls=tls,
        host=options.host,
        fallback=options.fallback,
        container=container,
        session_token=options.session_token,
        expired_tokens=options.expired_token,
        early_refusals=options.early_refusals,
        http10=options.http10,
        log_bodies=options.bodies,
        latency=options.latency,
    )
    try:
        if options.scenarios is not None:
            load_endpoints(options.scenarios, endpoint)
        if container is not None:
            log(container.ping() or "the container answers GET /ping with 200")
    except BaseException:
        endpoint.close()
        raise
    return endpoint


def _tls_of(
    options: argparse.Namespace, stack: ExitStack
) -> Tuple[Optional[SSLContext], Sequence[str]]:
    """Return the ssl context of `serve`, or None, and the variables that a client needs.

    stack: deletes temporary certificates at its end
    """
    if options.tls and options.intercept:
        raise UsageError("--intercept excludes --tls, because each has its own CA")
    files = [path for path in (options.cert, options.key) if path is not None]
    if files and not (options.tls and len(files) == 2):
        raise UsageError("incomplete options", expected="--tls, --cert FILE and --key FILE")
    if not options.tls:
        return None, ()
    if files:
        return server_context(options.cert, options.key), ()
    made = stack.enter_context(temporary_certificates())
    return server_context(made.certificate, made.key), (f"AWS_CA_BUNDLE={made.authority}",)


def _no_variables(server: Loopback) -> Sequence[str]:
    return ()


def _serve_until_interrupted(
    port: int,
    streams: Streams,
    start: Callable[[Callable[[str], None]], Loopback],
    variables: Callable[[Loopback], Sequence[str]] = _no_variables,
) -> None:
    """Serve until an interrupt. variables: returns lines that are printed after the URL."""
    if not 0 <= port < 65536:
        raise UsageError("invalid port", expected="0 to 65535", actual=port)
    try:
        server = start(_logger(streams))
    except OSError as error:
        raise UsageError(f"cannot listen on port {port}: {error.strerror or error}") from None
    with server:
        say = _printer(streams)
        for line in (server.url, *variables(server)):
            say(line)
        forever = threading.Event()
        while not forever.wait(
            0.5
        ):  # an interrupt just before a wait without a limit would be lost
            pass


# ---- run, list, show, dump, badge --------------------------------------------------------------


def _add_run(parser: argparse.ArgumentParser) -> None:
    text = "command of the adapter program (default: the adapter of the reference)"
    parser.add_argument("--adapter", metavar="CMD", help=text)
    _add_running(parser)


def _run(options: argparse.Namespace, streams: Streams) -> int:
    if options.adapter is None:
        options.strict = True
        return _run_adapter(options, streams, OWN_ADAPTER, own_environment())
    return _run_adapter(options, streams, split_command(options.adapter), None)


def _run_adapter(
    options: argparse.Namespace,
    streams: Streams,
    command: Sequence[str],
    environment: Optional[Environment],
) -> int:
    say, log = _printer(streams), _logger(streams)
    return run_suite(options, command, environment, say, log, _terminal(streams))


def _add_list_options(parser: argparse.ArgumentParser) -> None:
    text = "print each case as JSON on one line, as in a vector file"
    parser.add_argument("--json", action="store_true", help=text)
    _add_selection(parser)


def _list(options: argparse.Namespace, streams: Streams) -> int:
    return list_cases(options, _printer(streams), _logger(streams))


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", metavar="CASE", help="case id")
    _add_corpus(parser)


def _show(options: argparse.Namespace, streams: Streams) -> int:
    return show_case(options, _printer(streams), _logger(streams))


def _add_dump(parser: argparse.ArgumentParser) -> None:
    text = "created if missing; existing files are kept"
    parser.add_argument("folder", metavar="DIR", help=text)
    _add_selection(parser)


def _dump(options: argparse.Namespace, streams: Streams) -> int:
    return dump_cases(options, _printer(streams), _logger(streams))


def _add_badge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="REPORT", help="JSON report of `run --report json=FILE`")


def _badge(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.report.badge import badge_text
    from conformance.report.json_report import read_report

    streams.stdout.write(badge_text(read_report(options.file)).encode("utf-8"))
    streams.stdout.flush()


# ---- frames ------------------------------------------------------------------------------------


def _add_frames(parser: argparse.ArgumentParser) -> None:
    text = "assemble: text to bytes; disassemble: any bytes, such as a recorded body, to text"
    parser.add_argument("action", choices=("assemble", "disassemble"), help=text)
    text = "input (default: -, which is stdin)"
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help=text)


def _frames(options: argparse.Namespace, streams: Streams) -> None:
    data = _content_of(options.file)
    if options.action == "disassemble":
        data = disassemble(data).encode("utf-8")
    else:
        try:
            data = assemble(data.decode("utf-8"))
        except UnicodeDecodeError:
            raise UsageError("the frame text is not UTF-8") from None
    streams.stdout.write(data)
    streams.stdout.flush()


def _content_of(path: str) -> bytes:
    if path != "-":
        return read_bounded(path)
    if sys.stdin is None:
        raise UsageError("stdin is closed")
    return read_all(sys.stdin.buffer, MAX_INPUT, "stdin")


# ---- mutants, prove, trace ---------------------------------------------------------------------


@contextmanager
def _needing_a_checkout(command: str) -> Iterator[None]:
    """Report a missing package of the checkout as wrong usage."""
    try:
        yield
    except ImportError as error:
        if (error.name or "").startswith("conformance.mutation"):
            raise UsageError(
                f"{command} needs a checkout of the project", expected="conformance/mutation"
            ) from None
        raise


def _mutants(options: argparse.Namespace, streams: Streams) -> None:
    with _needing_a_checkout("mutants"):
        from conformance.mutation.prove import list_mutants

    list_mutants(options, _printer(streams))


def _add_prove(parser: argparse.ArgumentParser) -> None:
    _add_mutant_selection(parser)
    text = "processes (default: one per processor)"
    parser.add_argument("--jobs", type=_jobs, default=os.cpu_count() or 1, metavar="N", help=text)
    _add_timeout(parser)
    text = "test generated mutants of the pure modules instead"
    parser.add_argument("--generated", action="store_true", help=text)
    _add_list(parser, "--module", "NAME", "generate mutants only of this module")
    text = "seconds for all generated mutants (default: %(default)g)"
    parser.add_argument("--budget", type=_budget, default=3600.0, metavar="S", help=text)
    text = "test the mutants that the Python file FILE defines as MUTANTS, against all cases"
    parser.add_argument("--mutants", metavar="FILE", help=text)
    text = "the implementation that is changed: refimpl, javascript or perl (default: %(default)s)"
    parser.add_argument("--subject", default="refimpl", metavar="NAME", help=text)
    text = "write the results of generated mutants, of --mutants or of --subject as JSON"
    parser.add_argument("--report", metavar="FILE", help=text)


def _prove(options: argparse.Namespace, streams: Streams) -> None:
    with _needing_a_checkout("prove"):
        from conformance.mutation.prove import prove_suite

    prove_suite(options, _printer(streams))


def _add_trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--write", action="store_true", help="write docs/trace.md")


def _trace(options: argparse.Namespace, streams: Streams) -> int:
    with _needing_a_checkout("trace"):
        from conformance.trace import trace_suite

    return trace_suite(options, _printer(streams))


# ---- record, replay ----------------------------------------------------------------------------


def _add_record(parser: argparse.ArgumentParser) -> None:
    text = "http://host:port or https://host"
    parser.add_argument("--upstream", required=True, metavar="URL", help=text)
    text = "created if missing; existing files are kept"
    parser.add_argument("--out", required=True, metavar="DIR", help=text)
    text = (
        "verify signatures with the example keys, and sign again with credentials that are found as"
        " by `refimpl invoke`, once at the start; neither is ever written"
    )
    parser.add_argument("--sign", action="store_true", help=text)
    text = "with --sign: profile of the shared files (default: AWS_PROFILE)"
    parser.add_argument("--profile", help=text)
    text = "with --sign: require a random key, which is part of the printed URL"
    parser.add_argument("--key", action="store_true", help=text)
    text = "keep Body, the parts and CustomAttributes"
    parser.add_argument("--keep-sensitive", action="store_true", help=text)
    text = "seconds of silence that end an exchange (default: %(default)g)"
    parser.add_argument("--idle-timeout", type=_timeout, default=60.0, metavar="S", help=text)
    _add_port(parser)


def _record(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.recording.proxy import Recorder

    for flag in ("key", "profile"):
        if getattr(options, flag) and not options.sign:
            raise UsageError(f"--{flag} needs --sign")
    credentials = _own_credentials(options.profile) if options.sign else None
    key = token_hex(16) if options.key else None
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
            key=key,
        ),
    )


def _own_credentials(profile: Optional[str]) -> Credentials:
    """Return the credentials of the environment or of a profile. Raises ConfigurationError."""
    from refimpl.config.search import search_credentials, variables_with_profile
    from refimpl.routes import Network

    variables = variables_with_profile(os.environ, profile)
    region = configured_region(variables)
    found = search_credentials(
        os.environ, profile, region, None, time.time, lambda: Network(variables)
    )
    return unexpired(provider_of(found)(), time.time)


def _make_folder(path: str) -> None:
    """Create a writable folder if it is missing. Raises UsageError."""
    reason = "Permission denied"
    try:
        os.makedirs(path, exist_ok=True)
        if os.access(path, os.W_OK | os.X_OK):
            return
    except OSError as error:
        reason = str(error.strerror)
    raise UsageError(f"cannot write recordings: {reason}", expected="a folder", actual=path)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    text = "recording, or folder in which each request selects the recordings of its request line"
    parser.add_argument("path", metavar="FILE|DIR", help=text)
    text = "do not wait between the pieces"
    parser.add_argument("--no-timing", action="store_true", help=text)
    _add_port(parser)


def _replay(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.recording.files import read_recordings
    from conformance.recording.replay import Replay

    recordings = read_recordings(options.path)
    _serve_until_interrupted(
        options.port,
        streams,
        lambda log: Replay(recordings, not options.no_timing, options.port, log),
    )


# ---- check -------------------------------------------------------------------------------------


def _add_check(parser: argparse.ArgumentParser) -> None:
    text = "the server: http(s)://host[:port][/path]"
    parser.add_argument("url", nargs="?", metavar="URL", help=text)
    for name, text in (
        ("streams", "an endpoint that sends two or more parts with a pause between them"),
        ("echoes", "an endpoint that sends the body of the request"),
        ("attributes", "an endpoint whose model sets CustomAttributes"),
        ("fails", "an endpoint whose model fails before its first part"),
        ("breaks", "an endpoint whose model fails after its first part"),
    ):
        parser.add_argument(f"--{name}", metavar="NAME", help=text)
    text = "use the endpoint names of `conformance serve` for all names that are not given"
    parser.add_argument("--catalogue", action="store_true", help=text)
    text = "seconds from the first to the last part of --streams (default: 0.5)"
    parser.add_argument("--pause", type=_timeout, metavar="S", help=text)
    text = "body that the models accept (default: %(default)s)"
    parser.add_argument("--body", default='{"inputs": "Hi"}', metavar="TEXT", help=text)
    text = "media type of the body (default: %(default)s)"
    parser.add_argument("--content-type", default="application/json", metavar="TYPE", help=text)
    text = "region for signatures; the server must refuse other regions (default: us-east-1)"
    parser.add_argument("--region", metavar="REGION", help=text)
    text = "sign with credentials that are found as by `refimpl invoke` (default: example keys)"
    parser.add_argument("--own-credentials", action="store_true", help=text)
    text = "sign with the credentials of this profile"
    parser.add_argument("--profile", help=text)
    text = "the server verifies no signatures, so they are not judged"
    parser.add_argument("--no-signatures", action="store_true", help=text)
    text = "certificates of the authorities to trust, in PEM (default: AWS_CA_BUNDLE)"
    parser.add_argument("--ca-bundle", metavar="FILE", help=text)
    text = "treat the server as the public service: ask first, send few and harmless requests"
    parser.add_argument("--service", action="store_true", help=text)
    text = "call the public service without asking"
    parser.add_argument("--yes", action="store_true", help=text)
    text = "seconds per exchange (default: %(default)g)"
    parser.add_argument("--timeout", type=_timeout, default=30.0, metavar="S", help=text)
    text = "write what was observed, without private data, as Markdown"
    parser.add_argument("--observations", metavar="FILE", help=text)
    text = "list the checks"
    parser.add_argument("--list", action="store_true", help=text)
    _add_list(parser, "--report", "KIND=FILE", "write a report: html=FILE, json=FILE, junit=FILE")
    _add_list(parser, "--only", "GLOB", "select checks whose id matches")
    _add_list(parser, "--rule", "ID", "select checks of the rule")


def _check(options: argparse.Namespace, streams: Streams) -> int:
    from conformance.servers.command import Asking, check_server

    confirm = None
    if streams.stderr.isatty() and sys.stdin is not None and sys.stdin.isatty():

        def confirm(question: str) -> str:
            streams.stderr.write(question)
            streams.stderr.flush()
            return sys.stdin.readline()

    asking = Asking(_printer(streams), _logger(streams), confirm, _terminal(streams))
    return check_server(options, asking, _own_credentials)


# ---- implementations ---------------------------------------------------------------------------


def _add_install(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME")


def _install(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.implementations.install import install

    install(options.names, _printer(streams))


def _list_implementations(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.implementations.install import list_implementations

    list_implementations(_printer(streams))


def _add_run_implementation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    _add_running(parser)


def _run_implementation(options: argparse.Namespace, streams: Streams) -> int:
    from conformance.implementations.registry import environment_of, runnable_implementation

    found = runnable_implementation(options.name)
    return _run_adapter(options, streams, found.command, environment_of(found))


def _add_matrix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    _add_list(parser, "--report", "KIND=FILE", "write a report: html=FILE, json=FILE")
    text = "show the committed reports; run nothing"
    parser.add_argument("--committed", action="store_true", help=text)
    text = "write the files of the checkout: reports, badges, the tables of results"
    parser.add_argument("--write", action="store_true", help=text)
    _add_processes(parser)


def _matrix(options: argparse.Namespace, streams: Streams) -> int:
    from conformance.implementations.matrix import matrix_suite

    return matrix_suite(options, _printer(streams), _logger(streams), _terminal(streams))


def _no_options(parser: argparse.ArgumentParser) -> None:
    pass


def _add_applications(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all that are installed")
    text = "write the files of the checkout: reports/applications.json, docs/applications.md"
    parser.add_argument("--write", action="store_true", help=text)


def _applications(options: argparse.Namespace, streams: Streams) -> None:
    from conformance.applications.observe import run_applications

    run_applications(options.names, options.write, _printer(streams))


_ACTIONS = (
    Command("install", "install implementations at pinned versions", _add_install, _install),
    Command("list", "list all, with versions and folders", _no_options, _list_implementations),
    Command("run", "run the cases against one", _add_run_implementation, _run_implementation),
    Command("matrix", "run the cases against all that are installed", _add_matrix, _matrix),
    Command(
        "applications",
        "play broken streams to applications such as LangChain",
        _add_applications,
        _applications,
    ),
)


def _add_actions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar=_names(_ACTIONS, " | "), parser_class=UsageParser
    )
    actions.required = True  # an argument since Python 3.7
    _add_commands(actions, _ACTIONS)


def _without_action(options: argparse.Namespace, streams: Streams) -> None:
    raise UsageError("no action", expected=_names(_ACTIONS, ", "))


# ---- the commands ------------------------------------------------------------------------------

COMMANDS = (
    Command("demo", "call a local endpoint and explain the stream", _add_pace, _demo),
    Command("run", "run the cases against an implementation", _add_run, _run),
    Command("list", "list the cases, one per line", _add_list_options, _list),
    Command("show", "show a case with rules, bytes and expectation", _add_show, _show),
    Command("dump", "write each case as files for a debugger", _add_dump, _dump),
    Command("badge", "draw a JSON report as SVG for a README", _add_badge, _badge),
    Command("frames", "convert between frame text and bytes", _add_frames, _frames),
    Command(
        "mutants", "list the broken variants of the reference", _add_mutant_selection, _mutants
    ),
    Command("prove", "run the mutation tests that check the vectors", _add_prove, _prove),
    Command("trace", "check that each rule has code and cases", _add_trace, _trace),
    Command("serve", "serve a SageMaker Runtime endpoint on loopback", _add_serve, _serve),
    Command("check", "judge a server of the operation", _add_check, _check),
    Command("record", "record exchanges with a service as files", _add_record, _record),
    Command("replay", "serve recordings byte for byte", _add_replay, _replay),
    Command(
        "implementations",
        "install and judge third-party implementations",
        _add_actions,
        _without_action,
        ("peers",),
    ),
)


def _names(commands: Sequence[Command], separator: str) -> str:
    return separator.join(command.name for command in commands)


def _add_commands(subparsers: Any, commands: Sequence[Command]) -> None:
    for command in commands:
        parser = subparsers.add_parser(
            command.name, aliases=list(command.aliases), help=command.help
        )
        parser.set_defaults(act=command.run)
        command.add_options(parser)


def _parser() -> argparse.ArgumentParser:
    parser = UsageParser(
        prog="conformance",
        description="Judge implementations of SageMaker Runtime InvokeEndpointWithResponseStream.",
    )
    from conformance.report.json_report import vectors_version

    versions = f"{VERSION} (vectors {vectors_version()})"
    parser.add_argument("--version", action="version", version=versions)
    subparsers = parser.add_subparsers(
        dest="command", metavar=_names(COMMANDS, " | "), parser_class=UsageParser
    )
    _add_commands(subparsers, COMMANDS)
    return parser


def main(arguments: Sequence[str], streams: Streams) -> int:
    """Run one command and return its exit code."""
    try:
        options = _parser().parse_args(arguments)
        if options.command is None:
            expected = _names(COMMANDS, ", ")
            raise UsageError("no command", expected=f"{expected}; --help describes them")
        code: Optional[int] = options.act(options, streams)
    except (UsageError, ConfigurationError) as error:
        _complain(streams, error)
        return 2
    except BrokenAdapter as error:
        _complain(streams, error)
        return 3
    except Error as error:
        _complain(streams, error)
        return 1
    except KeyboardInterrupt as interrupt:
        return interrupt.code if isinstance(interrupt, Terminated) else 130
    except BrokenPipeError:
        return 141
    except MemoryError:
        _complain(streams, "the input does not fit into memory")
        return 2
    except OSError as error:
        _complain(streams, _text_of(error))
        return 2
    return code or 0


def _text_of(error: OSError) -> str:
    text = str(error.strerror or error)
    return text if error.filename is None else f"{error.filename}: {text}"


def _complain(streams: Streams, error: object) -> None:
    streams.stderr.write(f"conformance: {shown(str(error), 4000)}\n")
    streams.stderr.flush()


class Terminated(KeyboardInterrupt):
    """The process should end because of a signal. It ends as after an interrupt."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


def end_on_signals() -> None:
    """Turn SIGTERM and SIGHUP into an exception, so that adapters and servers end first.

    A signal that is ignored, as after nohup, stays ignored.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

    def end(number: int, frame: object) -> None:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise Terminated(number)

    for number in numbers:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)


def run() -> None:
    """Run the command line of this process, and exit."""
    end_on_signals()
    if sys.stdout is None or sys.stderr is None:
        if sys.stderr is not None:
            sys.stderr.write("conformance: stdout is closed\n")
        sys.exit(2)
    end_process("conformance", lambda: main(sys.argv[1:], Streams(sys.stdout.buffer, sys.stderr)))
