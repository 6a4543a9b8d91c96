# SPDX-License-Identifier: MIT
"""The real outside world for the credential sources: files, programs, HTTP and the clock.

`system_surroundings` makes a `Surroundings` of this process. Everything is bounded: the bytes that
are read from a file, a program or a response, and the time of each. A program runs without a shell
and without the caller's stdin. A file is replaced completely or not at all, and only its owner can
read it. This module is loaded only if credentials must be searched for.
"""

import os
import sys
import time
from typing import IO, TYPE_CHECKING, Callable, List, Mapping, Optional, Sequence, Tuple

from ..endpoint_url import parse_endpoint_url
from ..errors import HttpError, NetworkError, missing_module
from ..operation_request import HttpRequest
from ..routes import Network
from ..timeouts import Timeouts
from ..version import USER_AGENT
from .files import home_of, read_bounded_file, replace_file
from .surroundings import (
    MAX_REPLY_LENGTH,
    FetchReply,
    FetchRequest,
    ProcessOutput,
    Surroundings,
)

if TYPE_CHECKING:
    import subprocess

    from ..certificates import ClientCertificate

_GRACE = 2.0  # seconds for a killed program to close its pipes


def system_surroundings(
    environment: Optional[Mapping[str, str]] = None,
    mfa_code: Optional[Callable[[str], str]] = None,
    clock: Callable[[], float] = time.time,
    network: Optional[Network] = None,
) -> Surroundings:
    """Return the surroundings of this process.

    environment: instead of os.environ. Without HOME in it, there is no home folder.
    mfa_code: returns the code of a device, whose serial number it gets
    network: proxy and certificates; by default those of the environment
    """
    variables = os.environ if environment is None else environment
    reachable = Network(variables) if network is None else network

    def fetch(request: FetchRequest) -> FetchReply:
        return fetch_reply(request, reachable)

    return Surroundings(
        variables,
        read_file=read_bounded_file,
        write_file=replace_file,
        run_process=run_program,
        fetch=fetch,
        clock=clock,
        sleep=time.sleep,
        process_id=os.getpid,
        random=random_fraction,
        mfa_code=mfa_code,
        windows=sys.platform == "win32",
        home=home_of(variables),
    )


def random_fraction() -> float:
    """Return a random number from 0 to 1."""
    return int.from_bytes(os.urandom(6), "big") / 2.0**48


# ---- programs ----------------------------------------------------------------------------------


class _PipeReader:
    """Reads a pipe to its end, and kills the program if it writes too much."""

    def __init__(self, pipe: IO[bytes], program: "subprocess.Popen[bytes]") -> None:
        self._pipe = pipe
        self._program = program
        self._pieces: List[bytes] = []
        self._length = 0

    def run(self) -> None:
        """Read until the program closes the pipe."""
        with self._pipe:
            while self._length <= MAX_REPLY_LENGTH:
                piece = os.read(self._pipe.fileno(), 65536)
                if not piece:
                    return
                self._pieces.append(piece)
                self._length += len(piece)
        self._program.kill()

    def data(self) -> bytes:
        """Return the bytes that have arrived."""
        return b"".join(self._pieces)


def run_program(arguments: Sequence[str], timeout: float) -> ProcessOutput:
    """Run a program without a shell and return what it wrote.

    Raises OSError if it cannot be started, NetworkError `timeout` if it takes longer than timeout
    seconds. The program is killed then. Raises ConfigurationError if this Python runs no programs.
    """
    try:
        import subprocess
        from threading import Thread
    except ImportError as error:
        raise missing_module(error, "run programs") from None
    program = subprocess.Popen(  # noqa: S603 - the user's own configuration names the program
        list(arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    readers = [_PipeReader(pipe, program) for pipe in (program.stdout, program.stderr) if pipe]
    threads = [Thread(target=reader.run, daemon=True) for reader in readers]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + timeout
    try:
        program.wait(timeout)
        # A child that the program leaves behind may keep its pipes open.
        for thread in threads:
            thread.join(max(0.0, min(_GRACE, deadline - time.monotonic())))
    except subprocess.TimeoutExpired:
        raise NetworkError(
            "the program does not end", kind="timeout", expected=f"within {timeout:g} s"
        ) from None
    finally:
        if program.poll() is None:
            program.kill()
            program.wait()
    return ProcessOutput(program.returncode, readers[0].data(), readers[1].data())


# ---- HTTP --------------------------------------------------------------------------------------


def fetch_reply(
    request: FetchRequest,
    network: Optional[Network] = None,
    client_cert: "ClientCertificate" = None,
    connect_to: Optional[Tuple[str, int]] = None,
) -> FetchReply:
    """Send a request and return the complete response. Redirects are not followed.

    network: proxy and certificates; by default no proxy and those of the system
    client_cert, connect_to: as for Network.way_to()
    Raises NetworkError, HttpError, and ConfigurationError if this Python has no sockets.
    """
    url, mark, query = request.url.partition("?")
    endpoint = parse_endpoint_url(url)
    headers = (*request.headers, ("User-Agent", USER_AGENT), ("Connection", "close"))
    target = (endpoint.path or "/") + mark + query
    sent = HttpRequest(
        request.method,
        endpoint.scheme,
        endpoint.host,
        endpoint.port,
        target,
        headers,
        request.body,
    )
    total = request.connect_timeout + request.read_timeout
    timeouts = Timeouts(request.connect_timeout, request.read_timeout, total)
    network = Network({}) if network is None else network
    if request.direct:
        ssl_context, route = network.direct_to(url)
    else:
        ssl_context, route = network.way_to(url, client_cert, connect_to)
    try:
        from ..transport import open_exchange

        exchange = open_exchange(sent, timeouts, ssl_context, route=route)
    except ImportError as error:
        raise missing_module(error, "open connections") from None
    try:
        return FetchReply(exchange.status, exchange.headers, _body_of(exchange.read1))
    finally:
        exchange.close()


def _body_of(read1: Callable[[], bytes]) -> bytes:
    body = b""
    data = read1()
    while data:
        body += data
        if len(body) > MAX_REPLY_LENGTH:
            raise HttpError(
                "the response is too long", expected=f"at most {MAX_REPLY_LENGTH} bytes"
            )
        data = read1()
    return body
