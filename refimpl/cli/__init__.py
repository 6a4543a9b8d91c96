# SPDX-License-Identifier: MIT
"""The command line: `python3 -m refimpl invoke | decode | sign | convert | bridge`.

What arrives goes to stdout at once, part by part; what went wrong goes to stderr, in one line without secrets; the exit code
says whose fault it was (CLI-001): 0 complete, 2 usage, 3 configuration, 4 the service refused, 5 the service failed, 6 the
model failed, 7 the stream broke, 8 no connection or a time-out, 130 interrupted, 141 the reader of stdout went away.

`main` is given its streams and its environment, `run` hands in the real ones.
"""

import argparse
import errno
import io
import json
import os
import sys
import time
import warnings
from functools import partial
from typing import (
    Any,
    BinaryIO,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    NoReturn,
    Optional,
    Sequence,
    TextIO,
    Tuple,
    Type,
)

from ..client import DEFAULT_CONNECT_TIMEOUT, DEFAULT_READ_TIMEOUT, Client, Response
from ..config.credentials import credentials_from_environment
from ..config.environment import configured_region
from ..convert import FORMATS, convert
from ..documents.json_format import members_to_json
from ..documents.value_format import MAX_DOCUMENT_LENGTH
from ..endpoints import no_region
from ..errors import (
    ConfigurationError,
    Error,
    FrameError,
    NetworkError,
    ProtocolError,
    ServiceError,
    UsageError,
    excerpt,
    shown,
)
from ..eventstream import FRAME_OVERHEAD, Decoder, Message
from ..message_json import message_to_json
from ..operation import (
    SIGNING_NAME,
    VERSION,
    BodySizeWarning,
    authority,
    event_of,
    parse_endpoint_url,
)
from ..shapes import (
    DATA_TYPES,
    InternalStreamFailure,
    InvokeEndpointWithResponseStreamInput,
    ModelError,
    ModelStreamError,
    OperationError,
    PayloadPart,
    Shape,
    StreamEvent,
)
from ..sigv4 import Signer, amz_date_of
from ..text.bridge import BRIDGE_FORMS, bridged
from ..text.render import (
    EXTRACTABLE_FORMATS,
    PRESETS,
    TEXT_FORMATS,
    Timings,
    json_line,
    parse_extraction,
    rendered,
)

EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell shows it

# CLI-001: the first row that fits decides.
_EXIT_CODES: Tuple[Tuple[Type[Error], int], ...] = (
    (UsageError, 2),
    (ConfigurationError, 3),
    (ModelError, 6),
    (ModelStreamError, 6),
    (InternalStreamFailure, 5),
    (ProtocolError, 7),
    (NetworkError, 8),
)


class Streams(NamedTuple):
    """What the command line knows of the world. clock: seconds since 1970 UTC;  monotonic: seconds that never go back"""

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO
    environment: Mapping[str, str]
    clock: Callable[[], float]
    monotonic: Callable[[], float] = time.monotonic


def exit_code_of(error: Error) -> int:
    """Return the exit code that tells whose fault an error is (CLI-001)."""
    for kind, code in _EXIT_CODES:
        if isinstance(error, kind):
            return code
    if isinstance(error, ServiceError):
        return 5 if error.fault or error.kind == "unmodeled" else 4
    return 7


# ---- arguments ---------------------------------------------------------------------------------------------------


class _Help(argparse.HelpFormatter):
    """Asks the terminal for its width by itself: argparse would load all of shutil for it, with each command, help or not."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    try:
        return max(os.get_terminal_size().columns, 40)
    except (OSError, ValueError):  # stdout is no terminal
        return 100


class UsageParser(argparse.ArgumentParser):
    """A parser of arguments whose errors are ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Help, **options)

    def error(self, message: str) -> Any:
        raise UsageError(message)


def _parser(command: Optional[str] = None) -> argparse.ArgumentParser:
    """Return the parser; when command is one, with the flags of that one alone: making all of them takes as long as a small call."""
    parser = UsageParser(
        prog="refimpl",
        description="SageMaker Runtime InvokeEndpointWithResponseStream, on the standard library alone.",
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(
        dest="command", metavar=" | ".join(_COMMANDS), parser_class=UsageParser
    )
    for name in [command] if command in _COMMANDS else _COMMANDS:
        purpose, add_flags = _COMMANDS[name]
        add_flags(commands.add_parser(name, help=purpose))
    return parser


_OWN_FLAGS = ("endpoint_name", "body")  # the members of the input that are no plain flag


def _add_invoke(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_invoke)
    parser.add_argument("name", help="the endpoint's name")
    _add_body(parser)
    parser.add_argument(
        "--format",
        choices=("raw", "events", "json", *TEXT_FORMATS),
        help="raw (the default): payload bytes as they come; events: one JSON line each; json: the whole output as one "
        "document; text: UTF-8, whole characters; lines: each line when it is whole; sse: each server-sent event as a JSON "
        "line; auto: sse, lines, text or raw, by the content type and the first bytes",
    )
    parser.add_argument(
        "--extract",
        metavar="PATH|PRESET",
        help=f"of each JSON value, in server-sent events or lines, write what stands at PATH, such as choices[0].delta.content; presets: {', '.join(PRESETS)}; with --format {', '.join(EXTRACTABLE_FORMATS)}",
    )
    parser.add_argument(
        "--timings",
        action="store_true",
        help="tell on stderr, as a JSON line, when parts and the first token came",
    )
    parser.add_argument(
        "--endpoint-url", help="http(s)://host[:port][/path] instead of the region's host"
    )
    parser.add_argument("--region", help="default: AWS_REGION, AWS_DEFAULT_REGION")
    parser.add_argument(
        "--connect-timeout",
        type=float,
        default=DEFAULT_CONNECT_TIMEOUT,
        metavar="S",
        help="default: %(default)g",
    )
    parser.add_argument(
        "--read-timeout",
        type=float,
        default=DEFAULT_READ_TIMEOUT,
        metavar="S",
        help="default: %(default)g",
    )
    parser.add_argument("--total-timeout", type=float, metavar="S", help="default: none")
    members = parser.add_argument_group("members of the input")
    for field in InvokeEndpointWithResponseStreamInput.fields:
        if field.attribute not in _OWN_FLAGS:
            members.add_argument(
                "--" + field.attribute.replace("_", "-"),
                metavar="TEXT",
                help=f"sent as {field.wire_name}",
            )


def _add_body(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--body", metavar="TEXT|@FILE|-", help="the body as text, from a file, or from stdin"
    )


def _add_decode(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_decode)
    parser.add_argument("file", nargs="?", default="-", help="default: - for stdin")
    parser.add_argument(
        "--format",
        choices=sorted(_DECODE_FORMATS),
        default="events",
        help="events: one JSON line a frame; table: one row a frame; hex: the bytes, field by field",
    )


def _add_bridge(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_bridge)
    parser.add_argument("file", nargs="?", default="-", help="default: - for stdin")
    parser.add_argument(
        "--format",
        choices=BRIDGE_FORMS,
        default="auto",
        help="the data of each event: text: a part's whole characters; json: the same as a JSON string; base64: its bytes; "
        "sse: the payload is server-sent events already, and each is passed on; auto (the default): sse, text or base64, "
        "by the first bytes. The last event is `end`, or `error` when the stream is not complete",
    )


def _add_sign(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_sign)
    parser.add_argument("url", help="http(s)://host[:port]/path?query")
    parser.add_argument("--method", default="POST", help="default: %(default)s")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME:VALUE",
        help="may be given several times",
    )
    _add_body(parser)
    parser.add_argument("--region", help="default: AWS_REGION, AWS_DEFAULT_REGION")
    parser.add_argument("--service", default=SIGNING_NAME, help="default: %(default)s")
    parser.add_argument("--time", metavar="YYYYMMDDThhmmssZ", help="default: now")
    parser.add_argument(
        "--presign", type=int, metavar="SECONDS", help="sign in the query, valid for so long"
    )
    parser.add_argument(
        "--no-normalize", action="store_true", help="keep dot segments and doubled slashes"
    )
    parser.add_argument(
        "--single-encode", action="store_true", help="keep the path's %%XX as they stand"
    )
    parser.add_argument("--sign-body", action="store_true", help="send x-amz-content-sha256")
    parser.add_argument(
        "--omit-session-token", action="store_true", help="send the session token unsigned"
    )
    parser.add_argument(
        "--format",
        choices=("headers", "stages", "json"),
        default="headers",
        help="headers: what to send (with --presign the URL); stages: every stage as text; json: every stage as JSON",
    )


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_convert)
    parser.add_argument(
        "--shape", required=True, metavar="NAME", help=f"{', '.join(sorted(DATA_TYPES))} or Error"
    )
    parser.add_argument(
        "--from",
        dest="source",
        required=True,
        choices=FORMATS,
        metavar="FORM",
        help=" ".join(FORMATS),
    )
    parser.add_argument(
        "--to",
        dest="target",
        required=True,
        choices=FORMATS,
        metavar="FORM",
        help=" ".join(FORMATS),
    )
    parser.add_argument(
        "--code", help="with --shape Error: the code that came beside a service's document"
    )
    parser.add_argument("file", nargs="?", default="-", help="default: - for stdin")


def _read_body(text: Optional[str], stdin: BinaryIO) -> bytes:
    if text is None and stdin.isatty():
        raise UsageError("no body", expected="--body TEXT, --body @FILE or --body -")
    if text is None or text == "-":
        return stdin.read()
    if text.startswith("@"):
        return _read_file(text[1:])
    return text.encode("utf-8", "surrogateescape")  # an argument's bytes, as they were typed


def _read_file(name: str, most: int = -1) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> UsageError:
    return UsageError(
        f"cannot read {name or 'a file without a name'}: {getattr(error, 'strerror', None) or error}"
    )


# ---- invoke ------------------------------------------------------------------------------------------------------


def _invoke(options: argparse.Namespace, streams: Streams) -> None:
    members = {
        field.attribute: getattr(options, field.attribute)
        for field in InvokeEndpointWithResponseStreamInput.fields
        if field.attribute not in _OWN_FLAGS
    }
    client = Client(
        region=options.region,
        endpoint_url=options.endpoint_url,
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        total_timeout=options.total_timeout,
        environment=streams.environment,
        clock=streams.clock,
    )
    form = options.format or ("raw" if options.extract is None else "auto")
    extraction = None if options.extract is None else parse_extraction(options.extract)
    if extraction is not None and form not in EXTRACTABLE_FORMATS:
        raise UsageError(
            "nothing can be extracted from this format",
            expected=f"--format {', '.join(EXTRACTABLE_FORMATS)}",
            actual=form,
        )
    body = _read_body(options.body, streams.stdin)
    timings = Timings(streams.monotonic) if options.timings else None
    try:
        with client.invoke_endpoint_with_response_stream(
            endpoint_name=options.name, body=body, **members
        ) as response:
            if timings is not None:
                response.body = timings.timed(response.body, form not in TEXT_FORMATS)
            if form in TEXT_FORMATS:
                pieces = rendered(
                    response.payloads(),
                    form,
                    response.content_type,
                    extraction,
                    partial(_warn, streams),
                )
                _write_pieces(pieces, streams.stdout, timings)
            else:
                _write_stream(response, form, streams.stdout)
    finally:
        if timings is not None:
            streams.stderr.write(json_line(timings.to_json()).decode("ascii"))


def _write_pieces(
    pieces: Iterator[bytes], stdout: BinaryIO, timings: Optional[Timings] = None
) -> None:
    for piece in pieces:
        if timings is not None:
            timings.token(piece)
        stdout.write(piece)
        stdout.flush()


def _write_stream(response: Response, form: str, stdout: BinaryIO) -> None:
    if form == "json":
        _write_output(response, stdout)
        return
    write = _write_part if form == "raw" else _write_event
    try:
        for event in response.body:
            write(event, stdout)
    except OperationError as error:
        write(error, stdout)
        raise


def _write_part(event: Shape, stdout: BinaryIO) -> None:
    if isinstance(event, PayloadPart):
        stdout.write(event.bytes)
        stdout.flush()


def _write_event(event: Shape, stdout: BinaryIO) -> None:
    _write_line({type(event).__name__: members_to_json(event.fields, event)}, stdout)


def _write_output(response: Response, stdout: BinaryIO) -> None:
    """Write the output as one document, however it ends: what had arrived, and the error if it is an event, too (CLI-002)."""
    events: List[StreamEvent] = []
    try:
        for event in response.body:
            events.append(event)
    except (ModelStreamError, InternalStreamFailure) as error:
        events.append(error)
        raise
    finally:  # an interrupt, too, finds here what had arrived
        _write_text(response.output_of(tuple(events)).to_json(), stdout)


def _write_text(text: str, stdout: BinaryIO) -> None:
    stdout.write(text.encode("utf-8") + b"\n")
    stdout.flush()


def _write_line(document: Dict[str, Any], stdout: BinaryIO) -> None:
    stdout.write(json_line(document))
    stdout.flush()


# ---- decode ------------------------------------------------------------------------------------------------------


# A whole frame: where it lies, its bytes, the message that it is.
class _Frame(NamedTuple):
    offset: int
    data: bytes
    message: Message


def _frames(file: BinaryIO) -> Iterator[_Frame]:
    """Yield the frames of a file as they come. Raises FrameError."""
    decoder = Decoder()
    while True:
        offset, data = decoder.offset, b""
        messages: List[Message] = []
        while not messages:
            piece = _read_piece(
                file, decoder.missing
            )  # never past the frame's end, so that its bytes are known
            if not piece:
                decoder.close()
                return
            data += piece
            messages = decoder.feed(piece)
        yield _Frame(offset, data, messages[0])


def _read_piece(file: BinaryIO, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        name = getattr(file, "name", None)
        if not isinstance(name, str) or name == "<stdin>":
            raise
        raise _unreadable(name, error) from None


def _decode(options: argparse.Namespace, streams: Streams) -> None:
    _with_file(
        options.file, streams, lambda file: _show_frames(file, options.format, streams.stdout)
    )


def _with_file(name: str, streams: Streams, act: Callable[[BinaryIO], None]) -> None:
    """Call act with the file of that name, or stdin for -."""
    if name == "-":
        act(streams.stdin)
        return
    try:
        file = open(name, "rb")  # noqa: SIM115 - closed by the with below; only opening may fail as usage
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    with file:
        act(file)


def _show_frames(file: BinaryIO, form: str, stdout: BinaryIO) -> None:
    show = _DECODE_FORMATS[form]
    try:
        for frame in _frames(file):
            stdout.write("".join(line + "\n" for line in show(frame)).encode("utf-8"))
            stdout.flush()
    except FrameError as error:
        if form == "events":
            _write_line(
                {
                    "offset": error.offset,
                    "status": error.kind,
                    "rule": error.rule,
                    "message": str(error),
                },
                stdout,
            )
        else:
            stdout.write(f"{error.offset:>8}  {error}\n".encode("utf-8", "replace"))
        raise


def _event_line(frame: _Frame) -> List[str]:
    document = {"offset": frame.offset, "total_length": len(frame.data), "status": "ok"}
    return [json.dumps(dict(document, **message_to_json(frame.message)), separators=(",", ":"))]


def _table_row(frame: _Frame) -> List[str]:
    headers = " ".join(
        f"{shown(header.name)}={shown(header.value, 60)}" for header in frame.message.headers
    )
    payload = frame.message.payload
    return [
        f"{int(frame.offset):8}  {len(frame.data):6} bytes  {headers}  | {len(payload)}: {excerpt(payload)}"
    ]


def _hex_dump(frame: _Frame) -> List[str]:
    data, payload_length = frame.data, len(frame.message.payload)
    headers_length = len(data) - payload_length - FRAME_OVERHEAD
    fields = (
        (f"total_length {len(data)}", 4),
        (f"headers_length {int(headers_length)}", 4),
        ("prelude_crc, ok", 4),
        (
            "headers: " + ", ".join(shown(header.name) for header in frame.message.headers),
            headers_length,
        ),
        ("payload", payload_length),
        ("message_crc, ok", 4),
    )
    lines: List[str] = []
    position = 0
    for name, length in fields:
        for start in range(position, position + length, 16):
            piece = data[start : min(start + 16, position + length)]
            text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
            lines.append(
                f"{int(frame.offset + start):8}  {' '.join((f'{byte:02x}' for byte in piece)):47}  {text:16}  {name if start == position else ''}"
            )
        position += length
    return [line.rstrip() for line in lines] + [""]


_DECODE_FORMATS: Dict[str, Callable[[_Frame], List[str]]] = {
    "events": _event_line,
    "table": _table_row,
    "hex": _hex_dump,
}


# ---- bridge ------------------------------------------------------------------------------------------------------


def _bridge(options: argparse.Namespace, streams: Streams) -> None:
    _with_file(
        options.file,
        streams,
        lambda file: _write_pieces(bridged(_payloads_of(file), options.format), streams.stdout),
    )


def _payloads_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the payload parts of a file's event stream as they come. Raises FrameError, or the exception that a frame is."""
    for frame in _frames(file):
        try:
            event = event_of(frame.message)
        except FrameError as error:
            error.offset = frame.offset
            raise
        if isinstance(event, PayloadPart):
            yield event.bytes


# ---- sign --------------------------------------------------------------------------------------------------------


def _sign(options: argparse.Namespace, streams: Streams) -> None:
    base, mark, query = options.url.partition("?")
    endpoint = parse_endpoint_url(base)
    target = (endpoint.path or "/") + mark + query
    region = options.region or configured_region(streams.environment)
    if region is None:
        raise no_region()
    credentials = credentials_from_environment(streams.environment)
    headers = [_header_pair(text) for text in options.header]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port)))
    body = b"" if options.body is None else _read_body(options.body, streams.stdin)
    amz_date = options.time or amz_date_of(streams.clock())
    common: Dict[str, Any] = {
        "normalize": not options.no_normalize,
        "double_encode": not options.single_encode,
        "omit_session_token": options.omit_session_token,
    }
    signer = Signer()
    arguments = (
        options.method,
        target,
        headers,
        body,
        credentials,
        region,
        options.service,
        amz_date,
    )
    if options.presign is not None:
        presigned = signer.presign(*arguments, expires=options.presign, **common)
        sent = [
            f"{endpoint.scheme}://{authority(endpoint.scheme, endpoint.host, endpoint.port)}{presigned.target}"
        ]
        stages = presigned._asdict()
    else:
        signed = signer.sign(*arguments, sign_body=options.sign_body, **common)
        sent = ["{}: {}".format(*pair) for pair in signed.headers]
        stages = signed._asdict()
    if options.format == "headers":
        text = "\n".join(sent)
    elif options.format == "json":
        text = json.dumps(stages, indent=1)
    else:
        text = "\n\n".join(
            f"{name}\n{stages[name]}"
            for name in ("canonical_request", "string_to_sign", "signature")
        )
        text += "\n\nsend\n" + "\n".join(sent)
    streams.stdout.write(text.encode("latin-1", "replace") + b"\n")
    streams.stdout.flush()


def _header_pair(text: str) -> Tuple[str, str]:
    if not isinstance(text, str):
        raise UsageError("no value for --header")
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError("not a header", expected="NAME:VALUE", actual=name)
    return name.strip(), value.strip(" \t")


# ---- convert -----------------------------------------------------------------------------------------------------


def _convert(options: argparse.Namespace, streams: Streams) -> None:
    most = MAX_DOCUMENT_LENGTH + 1  # one byte more is refused, and none behind it is read
    document = streams.stdin.read(most) if options.file == "-" else _read_file(options.file, most)
    if options.source == "query":
        document = document.rstrip(b"\r\n")  # the end of the line, not of the last value
    _write_text(
        convert(options.shape, options.source, options.target, document, options.code),
        streams.stdout,
    )


# ---- the outside -------------------------------------------------------------------------------------------------

_COMMANDS: Dict[str, Tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "invoke": ("call an endpoint and print its answer as it arrives", _add_invoke),
    "decode": ("show the frames of a recorded event stream", _add_decode),
    "bridge": ("turn an event stream into server-sent events", _add_bridge),
    "sign": ("sign a request and show every stage", _add_sign),
    "convert": ("write a shape's document in another form", _add_convert),
}


def main(arguments: Sequence[str], streams: Streams) -> int:
    """Run one command and return its exit code; every error of this package becomes one line on stderr."""
    parser = _parser(arguments[0] if arguments else None)
    try:
        options = parser.parse_args(arguments)
        empty = [name for name, value in vars(options).items() if value == [] and name != "header"]
        if empty:  # what argparse makes of a lone -- behind a flag
            raise UsageError(f"no value for --{empty[0]}")
        if options.command is None:
            raise UsageError("no command", expected=f"{', '.join(_COMMANDS)}; --help tells more")
        with warnings.catch_warnings():
            warnings.simplefilter("always", BodySizeWarning)
            warnings.showwarning = lambda message, *rest, **more: _warn(streams, str(message))
            options.act(options, streams)
    except Error as error:
        _say(streams, f"{error.kind}: {error}")
        return exit_code_of(error)
    except KeyboardInterrupt:
        _say(streams, "interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _say(streams, "the reader of stdout went away")
        return EXIT_BROKEN_PIPE
    except MemoryError:
        _say(streams, "the input does not fit into memory")
        return 2
    except (
        OSError
    ) as error:  # sockets and files raise errors of this package: what is left is stdin and stdout
        _say(streams, "cannot read stdin or write stdout: %s" % (error.strerror or error))
        return 2
    return 0


def _warn(streams: Streams, text: str) -> None:
    _say(streams, f"warning: {text}")


def _say(streams: Streams, text: str) -> None:
    streams.stderr.write(f"refimpl: {text}\n")  # the text of errors is one line already
    streams.stderr.flush()


def end_process(program: str, act: Callable[[], int]) -> NoReturn:
    """Run act, flush what is left, and exit with its code; a stdout that fails is told in one line, and not once more at shutdown."""
    try:
        code = act()
    except SystemExit as stop:  # argparse, behind --help and --version
        code = stop.code if isinstance(stop.code, int) else 0
    try:
        sys.stdout.flush()
    except OSError as error:
        if code == 0:
            sys.stderr.write(f"{program}: cannot write stdout: {error.strerror or error}\n")
            code = EXIT_BROKEN_PIPE if isinstance(error, BrokenPipeError) else 2
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run() -> None:
    """Run the command line of this process, and exit."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    if sys.stdout is None:
        sys.stderr.write("refimpl: stdout is closed\n")
        sys.exit(2)
    stdin = io.BufferedReader(_ClosedStdin()) if sys.stdin is None else sys.stdin.buffer
    end_process(
        "refimpl",
        lambda: main(
            sys.argv[1:], Streams(stdin, sys.stdout.buffer, sys.stderr, os.environ, time.time)
        ),
    )


class _ClosedStdin(io.RawIOBase):
    """Stands for a stdin that is closed: who reads it is told so, and who does not is none the worse."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise OSError(errno.EBADF, "stdin is closed")
