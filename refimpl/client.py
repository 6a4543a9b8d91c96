# SPDX-License-Identifier: MIT
"""The client: combines signing, the transport and the operation.

A `Client` has the settings and the derived signing keys. Threads may share it, because each call
uses its own connection. A call returns a live `Response` as soon as the response's head has
arrived. Events are returned as they arrive. If the response is not an event stream, the call
itself raises the error. Every error is a refimpl.Error. The events before an error are returned
first or are in the error's `events`.

A call that fails before a 2xx status line is repeated according to config/retries.py. Each attempt
is signed again (RTY-009).
"""

import os
import sys
import time
import warnings
from collections import abc
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Tuple

from .config.credentials import CredentialsOrProvider, provider_of, unexpired
from .config.environment import DEFAULT_MAX_ATTEMPTS, check_max_attempts, configured_max_attempts
from .config.search import configured_endpoint, search_credentials, variables_with_profile
from .endpoint_url import parse_endpoint_url
from .endpoints import no_region
from .errors import Error, Secrets, UsageError, missing_module, require_type
from .eventstream_layout import DEFAULT_MAX_FRAME_LENGTH, check_max_frame_length
from .routes import DIRECT, Network
from .sigv4_credentials import Credentials
from .timeouts import Timeouts, check_timeouts
from .version import USER_AGENT

if TYPE_CHECKING:
    from .certificates import ClientCertificate
    from .config.retries import CallRetries, RetryQuota
    from .fetched import Transport
    from .live_response import Exchange, Response
    from .operation_request import HttpRequest
    from .operation_response import ResponseReader
    from .sigv4_signer import Signer
    from .sigv4_values import SignedRequest

# This module imports what the settings of a Client need. Functions import what only calls need: the
# first call loads the request, the signature, the connection and the response. Errors and other
# rare events load their own modules. So a program starts faster, above all where Python cannot
# store compiled modules. For the same reason, annotations with brackets are quoted here and in the
# modules below: Python evaluates the others.

DEFAULT_CONNECT_TIMEOUT = 10.0  # seconds
# In seconds. The service ends a stream after 8 minutes, and the first token may take long.
DEFAULT_READ_TIMEOUT = 500.0
_USER_AGENT = "%s python/%d.%d.%d" % (USER_AGENT, *sys.version_info[:3])


class InsecureEndpointWarning(UserWarning):
    """A session token travels unencrypted to another machine."""


class Client:
    """Calls the operation. Takes settings from keywords, the environment or the shared files.

    Credentials are searched for at the first call, and renewed before they expire.

    region: the region to sign for and, without endpoint_url, the region of the endpoint
    endpoint_url: http(s)://host[:port][/path]
    use_fips, use_dualstack: whether to use the endpoint with FIPS or with IPv6
    credentials: Credentials, or a callable that returns them for each call (CRED-002)
    profile: the profile of the shared files, instead of AWS_PROFILE (CRED-028)
    mfa_code: returns the code of a device for a role of the profile; gets its serial number
    environment: a mapping instead of os.environ
    connect_timeout: seconds for name resolution, all addresses of the host and TLS, for each
        attempt of a call (HTTP-051)
    read_timeout: seconds for each wait for bytes;  total_timeout: seconds for the whole call
        None means no limit. By default there is no total_timeout, so a server that sends single
        bytes can keep a call waiting forever.
    proxy: the URL of a proxy, or "" for a direct connection (NET-001)
    connect_to: (host, port) for the TCP connection in place of the endpoint's (NET-030)
    ca_bundle: a file or folder with the trusted certificates (NET-020)
    client_cert: a file with certificate and key, or one file for each (NET-022)
    x509_strict: whether Python's strict checks of certificates apply (NET-023)
    ssl_context: an ssl.SSLContext instead of the three settings above; never changed (HTTP-053)
    max_attempts: attempts per call, 1 for no retries (RTY-001)
    retry_after_send, retry_model_errors: whether to repeat a call that may run the model twice
    sign_body: whether to send x-amz-content-sha256, which some front ends require (SIG-019)
    max_frame_length: bytes (EVS-008);  clock: returns seconds since 1970 UTC
    sleep, random: wait for seconds before a retry; return a number from 0 to 1 for its delay
    transport: a function that sends a request in place of sockets (fetched.py); it excludes the
        settings of proxies, connections and certificates
    Raises ConfigurationError for a missing or invalid region, endpoint, credentials, proxy or
    certificate, and UsageError for other invalid arguments.
    """

    def __init__(
        self,
        region: "Optional[str]" = None,
        endpoint_url: "Optional[str]" = None,
        credentials: "Optional[CredentialsOrProvider]" = None,
        connect_timeout: "Optional[float]" = DEFAULT_CONNECT_TIMEOUT,
        read_timeout: "Optional[float]" = DEFAULT_READ_TIMEOUT,
        total_timeout: "Optional[float]" = None,
        use_fips: "Optional[bool]" = None,
        use_dualstack: "Optional[bool]" = None,
        max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH,
        ssl_context: Any = None,
        environment: "Optional[Mapping[str, str]]" = None,
        clock: "Callable[[], float]" = time.time,
        profile: "Optional[str]" = None,
        mfa_code: "Optional[Callable[[str], str]]" = None,
        proxy: "Optional[str]" = None,
        connect_to: "Optional[Tuple[str, int]]" = None,
        ca_bundle: "Optional[str]" = None,
        client_cert: "ClientCertificate" = None,
        x509_strict: bool = True,
        max_attempts: "Optional[int]" = None,
        retry_after_send: bool = False,
        retry_model_errors: bool = False,
        sign_body: bool = False,
        sleep: "Callable[[float], object]" = time.sleep,
        random: "Optional[Callable[[], float]]" = None,
        transport: "Optional[Transport]" = None,
    ) -> None:
        if environment is None:
            environment = os.environ
        require_type(environment, abc.Mapping, "environment")
        if profile is not None:
            require_type(profile, str, "profile")
        variables = environment
        environment = variables_with_profile(environment, profile)
        for name, function in (("clock", clock), ("sleep", sleep), ("random", random or _random)):
            _require_callable(function, name)
        self._endpoint = configured_endpoint(
            environment, region, endpoint_url, use_fips, use_dualstack
        )
        if self._endpoint.signing_region is None:
            raise no_region()
        self._region = self._endpoint.signing_region
        network = Network(environment, proxy, ssl_context, ca_bundle, x509_strict)
        if credentials is None:
            credentials = search_credentials(
                variables, profile, self._region, mfa_code, clock, lambda: network
            )
        self._credentials = provider_of(credentials)
        self._timeouts = check_timeouts(Timeouts(connect_timeout, read_timeout, total_timeout))
        check_max_frame_length(max_frame_length)
        self._max_frame_length = max_frame_length
        self._transport = transport
        if transport is None:
            way = network.way_to(self._endpoint.url, client_cert, connect_to)
        else:
            _require_callable(transport, "transport")
            if (proxy, connect_to, ca_bundle, client_cert, ssl_context) != (None,) * 5:
                raise UsageError("transport excludes settings of connections and certificates")
            way = None, DIRECT
        self._ssl_context, self._route = way
        proxy_in_use = self._route.proxy
        self._proxy_secrets = Secrets(() if proxy_in_use is None else proxy_in_use.secrets())
        if max_attempts is None:
            max_attempts = configured_max_attempts(environment) or DEFAULT_MAX_ATTEMPTS
        require_type(retry_after_send, bool, "retry_after_send", "RTY-004")
        require_type(retry_model_errors, bool, "retry_model_errors", "RTY-002")
        require_type(sign_body, bool, "sign_body", "SIG-019")
        self._policy = (check_max_attempts(max_attempts), retry_after_send, retry_model_errors)
        self._quota: Optional[RetryQuota] = None  # until a call fails
        self._sign_body = sign_body
        self._clock = clock
        self._clock_offset = 0.0  # seconds; RTY-008
        self._sleep = sleep
        self._random = random or _random
        self._signer: Optional[Signer] = None  # until the first call; has the derived keys

    def __repr__(self) -> str:
        # A traceback may show a client whose constructor has failed.
        if not hasattr(self, "_signer"):
            return "Client(<incomplete>)"
        return f"Client(region={self._region!r}, endpoint_url={self._endpoint.url!r})"

    def bearer_token(self, expires: int = 43200) -> str:
        """Return a bearer token for SageMaker's OpenAI-compatible route (SIG-050).

        expires: seconds, at most 43200
        Raises UsageError, ConfigurationError, and errors of the credential source.
        """
        from .bearer import bearer_token
        from .sigv4_values import amz_date_of

        now = amz_date_of(self._now())
        return bearer_token(self._usable_credentials(), self._region, now, expires)

    def invoke_endpoint_with_response_stream(self, **members: Any) -> "Response":
        """Call the operation and return the live response.

        members: those of InvokeEndpointWithResponseStreamInput. endpoint_name (str) and body
            (bytes) are required.
        Raises UsageError for invalid members before it sends anything. Raises NetworkError or
        HttpError if the exchange fails, and ModelError, ValidationError, InternalFailure,
        ServiceUnavailable or UnknownOperationError for an error response of the service.
        """
        from .shapes import InvokeEndpointWithResponseStreamInput

        call = InvokeEndpointWithResponseStreamInput(**members)
        members.clear()  # they may be secret, and some tools show the variables of an error
        from .live_response import Response
        from .operation_request import build_request

        request = build_request(call, self._endpoint.url, _USER_AGENT)
        retries = None if self._quota is None else self._retries()
        started = time.monotonic()
        while True:
            # RTY-009
            credentials = self._usable_credentials()
            attributes: Optional[str] = call.custom_attributes  # type: ignore[attr-defined]
            known = (credentials.secret_key, credentials.session_token, attributes)
            secrets = Secrets((*filter(None, known), *self._proxy_secrets))
            del known, attributes
            try:
                exchange, reader = self._exchange(request, credentials, started)
            except Error as error:
                from .redaction import forget_variables, redact

                redact(error, secrets)
                forget_variables(error)
                retries = retries or self._retries()
                decision = retries.after_failure(error, self._now(), self._random())
                # RTY-008
                self._clock_offset += decision.clock_offset or 0.0
                if decision.delay is None or self._is_too_late(started, decision.delay):
                    raise
            else:
                if retries is not None:
                    retries.after_success()
                return Response(exchange, reader, secrets, started)
            self._sleep(decision.delay)

    def signed_request(self, **members: Any) -> "HttpRequest":
        """Return the signed request of a call, for a program that sends it itself.

        A ResponseReader reads the response. The signature is valid for five minutes.
        members: as for invoke_endpoint_with_response_stream
        Raises UsageError for invalid members, and errors of the credential source.
        """
        from .shapes import InvokeEndpointWithResponseStreamInput

        call = InvokeEndpointWithResponseStreamInput(**members)
        members.clear()
        from .operation_request import build_request

        request = build_request(call, self._endpoint.url, _USER_AGENT)
        return request._replace(headers=self._sign(request, self._usable_credentials()).headers)

    def _retries(self) -> "CallRetries":
        """Return the decisions about the attempts of one call."""
        from .config.retries import CallRetries, RetryPolicy, RetryQuota

        if self._quota is None:
            self._quota = RetryQuota()
        return CallRetries(RetryPolicy(*self._policy), self._quota)

    def _now(self) -> float:
        now = self._clock()  # of any type, if the caller's function is wrong; sigv4 checks it
        return now + self._clock_offset if self._clock_offset else now

    def _is_too_late(self, started: float, delay: float) -> bool:
        """Return whether the total time-out passes during a delay."""
        total = self._timeouts.total
        return total is not None and time.monotonic() + delay >= started + total

    def _usable_credentials(self) -> Credentials:
        try:
            credentials = unexpired(self._credentials(), self._now)
        except Error as error:
            from .redaction import forget_variables

            forget_variables(error)
            raise
        endpoint = parse_endpoint_url(self._endpoint.url)
        if credentials.session_token and endpoint.scheme == "http" and _is_remote(endpoint.host):
            warnings.warn(
                f"the session token is sent to {endpoint.host} without encryption; use https",
                InsecureEndpointWarning,
                stacklevel=3,
            )
        return credentials

    def _sign(self, request: "HttpRequest", credentials: Credentials) -> "SignedRequest":
        from .operation_request import UNSIGNED_HEADERS
        from .sigv4_signer import Signer
        from .sigv4_values import amz_date_of

        if self._signer is None:  # two threads may make two, which costs one derivation of keys
            self._signer = Signer()
        return self._signer.sign(
            request.method,
            request.target,
            request.headers,
            request.body,
            credentials,
            self._region,
            self._endpoint.signing_name,
            amz_date_of(self._now()),
            sign_body=self._sign_body,
            unsigned=UNSIGNED_HEADERS,
        )

    def _exchange(
        self, request: "HttpRequest", credentials: Credentials, started: float
    ) -> "Tuple[Exchange, ResponseReader]":
        """Sign and send a request. Return the response, which is an event stream."""
        from .operation_response import ResponseReader

        signed = self._sign(request, credentials)
        exchange = self._send(request._replace(headers=signed.headers), started)
        try:
            reader = ResponseReader(exchange.status, exchange.headers, self._max_frame_length)
            if not reader.is_stream:
                from .failures import raise_error_response

                raise_error_response(exchange, reader, signed.canonical_request)
        except BaseException:
            exchange.close()
            raise
        return exchange, reader

    def _send(self, request: "HttpRequest", started: float) -> "Exchange":
        """Send a request. Return the exchange when the head of the response has arrived."""
        if self._transport is not None:
            from .fetched import fetch_exchange

            return fetch_exchange(self._transport, request, self._timeouts)
        try:
            from .transport import open_exchange

            return open_exchange(
                request, self._timeouts, self._ssl_context, route=self._route, started=started
            )
        except ImportError as error:
            raise missing_module(error, "open connections") from None


def _is_remote(host: str) -> bool:
    if host == "127.0.0.1":  # most local servers
        return False
    from .proxy import is_loopback

    return not is_loopback(host)


def _require_callable(function: object, name: str) -> None:
    if not callable(function):
        raise UsageError(
            f"{name} is not callable",
            kind="type",
            expected="a function",
            actual=type(function).__name__,
        )


def _random() -> float:
    # The module random takes a millisecond to load, for a number that most calls do not need.
    return int.from_bytes(os.urandom(6), "big") / 2.0**48
