# SPDX-License-Identifier: MIT
"""The outside world of the credential sources, as functions and plain data.

A source reads files, runs a process, fetches a URL and looks at the clock only through a
`Surroundings`. Requests and replies are plain values, so a source can be tested, and answered,
without a network. The values that hold secrets do not show them.

This module also reads what several sources receive: JSON documents with keys, and timestamps. Its
errors never show a document, because a document that is only half right may contain a secret.
"""

import re
from datetime import datetime
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..documents.json_format import parse_json
from ..errors import ConfigurationError, DocumentError, Error, NetworkError, UsageError, shown
from ..sigv4_credentials import Credentials

# Seconds, and attempts, for an address on the same host or in the same rack; CRED-017.
LOCAL_CONNECT_TIMEOUT = 1.0
LOCAL_ATTEMPTS = 2
MAX_REPLY_LENGTH = 1024 * 1024  # bytes of a response, and of what a program writes
_SHOWN_STDERR = 500  # characters of a process's stderr that an error shows

Renewal = Callable[[], Credentials]


class FetchRequest(NamedTuple):
    """A request as plain data. repr shows neither headers nor body.

    connect_timeout, read_timeout: seconds; direct: never through a proxy, and never repeated by
        the function that fetches
    """

    method: str
    url: str
    headers: Tuple[Tuple[str, str], ...]
    body: bytes = b""
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    direct: bool = False

    def __repr__(self) -> str:
        return f"FetchRequest({self.method} {self.url})"


class FetchReply(NamedTuple):
    """A response as plain data, with its complete body. repr shows only the status."""

    status: int
    headers: Tuple[Tuple[str, str], ...]
    body: bytes

    def __repr__(self) -> str:
        return f"FetchReply(HTTP {self.status}, <{len(self.body)} bytes>)"


class ProcessOutput(NamedTuple):
    """The end of a process. repr shows only the exit code."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    def __repr__(self) -> str:
        return f"ProcessOutput(exit code {self.exit_code})"


def _no_fetch(request: FetchRequest) -> FetchReply:
    raise UsageError("no function to fetch a URL is given", expected="fetch=")


def _no_process(arguments: Sequence[str], timeout: float) -> ProcessOutput:
    raise UsageError("no function to run a process is given", expected="run_process=")


def _no_file(path: str, limit: int) -> Optional[bytes]:
    return None


def _no_write(path: str, data: bytes) -> None:
    raise OSError("no function to write a file is given")


def _no_clock() -> float:
    raise UsageError("no clock is given", expected="clock=")


def _no_sleep(seconds: float) -> None:
    return None


def _no_jitter() -> float:
    return 1.0


def _one_process() -> int:
    return 0


class Surroundings:
    """The functions through which the sources reach the outside world.

    environment: names to values
    read_file(path, limit): at most limit bytes of a file, or None if it does not exist
    write_file(path, data): replace a file completely, readable only by its owner
    run_process(arguments, timeout): run a program without a shell; raise OSError if it cannot be
        started, and NetworkError `timeout` if it takes longer
    fetch(request): raise NetworkError or HttpError if there is no complete response; `sent` of the
        error says whether the request was sent
    clock(): seconds since 1970 UTC; sleep(seconds); process_id(): changes in a forked child
    random(): a number from 0 to 1, for the delay before a retry
    mfa_code(serial): the code that the user reads from the device, or None without a user
    windows, home: as for config_paths
    """

    __slots__ = (
        "environment",
        "read_file",
        "write_file",
        "run_process",
        "fetch",
        "clock",
        "sleep",
        "process_id",
        "random",
        "mfa_code",
        "windows",
        "home",
    )

    def __init__(
        self,
        environment: Mapping[str, str],
        read_file: Callable[[str, int], Optional[bytes]] = _no_file,
        write_file: Callable[[str, bytes], None] = _no_write,
        run_process: Callable[[Sequence[str], float], ProcessOutput] = _no_process,
        fetch: Callable[[FetchRequest], FetchReply] = _no_fetch,
        clock: Callable[[], float] = _no_clock,
        sleep: Callable[[float], None] = _no_sleep,
        process_id: Callable[[], int] = _one_process,
        random: Callable[[], float] = _no_jitter,
        mfa_code: Optional[Callable[[str], str]] = None,
        windows: bool = False,
        home: Optional[str] = None,
    ) -> None:
        self.environment = environment
        self.read_file = read_file
        self.write_file = write_file
        self.run_process = run_process
        self.fetch = fetch
        self.clock = clock
        self.sleep = sleep
        self.process_id = process_id
        self.random = random
        self.mfa_code = mfa_code
        self.windows = windows
        self.home = home

    def __repr__(self) -> str:
        return "Surroundings()"


def read_secret_file(surroundings: Surroundings, path: str, what: str, rule: str) -> str:
    """Return the text of a small file without the white space around it.

    what: the file's purpose, for the error. Raises ConfigurationError if the file does not exist,
    cannot be read, is empty or is not one line of ASCII. The error never shows the content.
    """
    try:
        data = surroundings.read_file(path, _MAX_SECRET_FILE + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"cannot read {what} {path}: {reason}", rule=rule) from None
    if data is None:
        raise ConfigurationError(f"{what} {path} does not exist", rule=rule)
    # A shell's redirection and Kubernetes's volumes end such a file in a line feed.
    text = data.decode("latin-1").strip(TOKEN_SPACES)
    if not text or len(data) > _MAX_SECRET_FILE or not all(" " <= mark <= "~" for mark in text):
        raise ConfigurationError(
            f"{what} {path} is unusable", expected="one line of printable ASCII", rule=rule
        )
    return text


# White space around a token. str.strip() would also remove U+0085 and U+00A0, which are two bytes.
TOKEN_SPACES = " \t\r\n"
_MAX_SECRET_FILE = 64 * 1024  # bytes of a token file


# ---- replies -----------------------------------------------------------------------------------


class KeyNames(NamedTuple):
    """The names that a document gives to the parts of credentials."""

    access_key: str = "AccessKeyId"
    secret_key: str = "SecretAccessKey"
    session_token: str = "Token"
    expiration: str = "Expiration"


def json_object_of(data: bytes, what: str, rule: str) -> Dict[str, Any]:
    """Return a JSON object. what: its origin, for the error, which never shows the document."""
    try:
        document = parse_json(data)
    except DocumentError as error:
        html = data.lstrip()[:1] == b"<"
        raise ConfigurationError(
            f"{what} is {'HTML or XML' if html else 'not JSON'}",
            expected="a JSON object",
            offset=None if html else error.offset,
            rule=rule,
        ) from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{what} is not a JSON object", rule=rule)
    return document


def text_member(document: Mapping[str, Any], name: str, what: str, rule: str) -> Optional[str]:
    """Return a member that is a text, or None if it is missing, null or empty."""
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(
            f"{name} of {what} has the wrong type",
            expected="a string",
            actual=type(value).__name__,
            rule=rule,
        )
    return value or None


def credentials_of(
    document: Mapping[str, Any], names: KeyNames, what: str, rule: str, needs_token: bool = False
) -> Credentials:
    """Return the credentials of a document.

    needs_token: whether session token and expiration must be present
    Raises ConfigurationError, which names a missing or unusable part without showing it.
    """
    parts = [text_member(document, name, what, rule) for name in names]
    missing = [name for name, part in zip(names, parts) if part is None]
    required = set(names if needs_token else names[:2])
    if required.intersection(missing):
        wanting = " and ".join(name for name in missing if name in required)
        raise ConfigurationError(f"{what} has no {wanting}", rule=rule)
    access_key, secret_key, session_token, expiration = parts
    expires = None if expiration is None else seconds_of_timestamp(expiration, what, rule)
    return checked_credentials(what, access_key, secret_key, session_token, expires)


def checked_credentials(
    what: str,
    access_key: Optional[str],
    secret_key: Optional[str],
    session_token: Optional[str],
    expires: Optional[float] = None,
) -> Credentials:
    """Return Credentials. what: their origin, which the error for an unusable part names."""
    try:
        return Credentials(access_key or "", secret_key or "", session_token, expires)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"unusable keys in {what}: {error.message}", expected=error.expected, rule=error.rule
        ) from None


_ISO_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?"
    r"(?:([Zz]|UTC)|([+-])([01]\d|2[0-3]):?([0-5]\d))\Z",
    re.ASCII,
)


def seconds_of_timestamp(text: str, what: str, rule: str) -> float:
    """Return an ISO 8601 timestamp with a time zone as seconds since 1970 UTC (CRED-005)."""
    # CRED-005
    match = _ISO_TIMESTAMP.match(text)
    try:
        if match is not None:
            numbers = [int(match.group(index)) for index in range(1, 7)]
            whole = (datetime(*numbers) - datetime(1970, 1, 1)).total_seconds()  # type: ignore[arg-type]
            offset = 60.0 * (60 * int(match.group(10) or 0) + int(match.group(11) or 0))
            ahead = offset if match.group(9) == "+" else -offset
            return whole + float("0" + (match.group(7) or "")) - ahead
    except ValueError:
        pass
    raise ConfigurationError(
        f"the expiration of {what} is not a timestamp",
        expected="YYYY-MM-DDThh:mm:ssZ",
        actual=text,
        rule=rule,
    )


def without_values(text: str, *secrets: Optional[str]) -> str:
    """Return text with each of the secrets replaced, for a message that another party wrote."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "<hidden>")
    return text


def shown_stderr(data: bytes) -> str:
    """Return the stderr of a process as one line for an error."""
    lines = data.decode("utf-8", "replace").split("\n")
    return shown(" ".join(line.strip() for line in lines if line.strip()), _SHOWN_STDERR)


# ---- services on the same host -----------------------------------------------------------------


def fetch_local(surroundings: Surroundings, request: FetchRequest) -> FetchReply:
    """Fetch from a service on the same host or network: directly, with one retry (CRED-017).

    A reply that is not the service's last word (HTTP 429 and 5xx) is retried as well.
    Raises the error of the last attempt.
    """
    # CRED-017: a proxy would see the keys, and on most hosts nothing answers.
    direct = request._replace(direct=True, connect_timeout=LOCAL_CONNECT_TIMEOUT)
    for attempt in range(1, LOCAL_ATTEMPTS + 1):
        is_last = attempt == LOCAL_ATTEMPTS
        try:
            reply = surroundings.fetch(direct)
        except Error as error:
            # A service that has the request and does not answer is not asked again.
            if is_last or not error.retryable or _has_been_sent(error):
                raise
        else:
            if is_last or not (reply.status == 429 or reply.status >= 500):
                return reply
        surroundings.sleep(_LOCAL_PAUSE)
    raise AssertionError("unreachable")


def _has_been_sent(error: Error) -> bool:
    return isinstance(error, NetworkError) and error.sent


_LOCAL_PAUSE = 0.2  # seconds between two attempts
