# SPDX-License-Identifier: MIT
"""`refimpl doctor`: show which settings and credentials are found, and where (CLI-015).

One line for each: files, profile, region, endpoint, proxy, certificates, retries, credentials,
clock. The flags for connections are those of `invoke`. A line that cannot be found shows its error,
and the command goes on. Nothing is sent to a model. The clock is compared with the Date of the
endpoint's response to `GET /`; --offline leaves this out.

Secrets are never shown, and of a key's id only the first and the last four characters.
"""

import argparse
import os
import sys
from typing import Callable, List, Mapping, Optional

from ..certificates import ca_bundle_of, trusting_context
from ..config.chain import CredentialChain
from ..config.environment import (
    DEFAULT_MAX_ATTEMPTS,
    check_max_attempts,
    configured_max_attempts,
)
from ..config.files import home_of, read_bounded_file
from ..config.profiles import (
    PROFILE_VARIABLES,
    config_paths,
    parse_shared_config,
    read_shared_config,
    select_profile,
)
from ..config.retries import seconds_of_http_date
from ..config.search import configured_endpoint
from ..config.settings import MAX_ATTEMPTS, Setting, Settings
from ..config.surroundings import FetchRequest
from ..config.system import fetch_reply, system_surroundings
from ..documents.header_format import header_value
from ..endpoint_url import authority, parse_endpoint_url
from ..endpoints import ResolvedEndpoint, no_region
from ..errors import ConfigurationError, Error, shown
from ..proxy import proxy_for
from ..routes import Network
from ..sigv4_values import amz_date_of
from .credentials import add_credentials, mfa_code_source
from .network import add_endpoint_network, network_arguments, network_of
from .streams import Streams, write_text

_WIDTH = 13  # columns of a line's name
_CLOCK_TIMEOUT = 10.0  # seconds
_ALLOWED_OFFSET = 300  # seconds; SIG-042


def add_doctor(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `doctor`."""
    parser.set_defaults(act=_doctor)
    parser.add_argument("--endpoint-url", help="URL to use instead of the region's host")
    add_credentials(parser)
    parser.add_argument(
        "--offline", action="store_true", help="do not compare the clock with the endpoint's"
    )
    add_endpoint_network(parser)


def _doctor(options: argparse.Namespace, streams: Streams) -> None:
    _Examination(options, streams).run()


class _Examination:
    """Finds one setting after the other. A method returns the text of its line."""

    def __init__(self, options: argparse.Namespace, streams: Streams) -> None:
        self._options = options
        self._arguments = network_arguments(options)
        self._streams = streams
        self._environment: Mapping[str, str] = streams.environment
        self._shared = parse_shared_config()
        self._settings: Optional[Settings] = None
        self._region: Optional[str] = None
        self._endpoint: Optional[ResolvedEndpoint] = None
        self._errors: List[Error] = []

    def run(self) -> None:
        """Write all lines. Raises the first error again, for the exit code."""
        # CLI-015
        for name, line in (
            ("files", self._files),
            ("profile", self._profile),
            ("region", self._find_region),
            ("endpoint", self._find_endpoint),
            ("proxy", self._proxy),
            ("certificates", self._certificates),
            ("retries", self._retries),
            ("credentials", self._credentials),
            ("clock", self._clock),
        ):
            self._write(name, line)
        if self._errors:
            raise self._errors[0]

    def _write(self, name: str, line: Callable[[], str]) -> None:
        try:
            text = line()
        except Error as error:
            self._errors.append(error)
            text = f"ERROR {error}"
        for number, part in enumerate(text.split("\n")):
            label = name if number == 0 else ""
            write_text(f"{label:{_WIDTH}}{shown(part, 2000)}", self._streams.stdout)

    def _files(self) -> str:
        paths = config_paths(self._environment, sys.platform == "win32", home_of(self._environment))
        found = [f"{path}{'' if os.path.exists(path) else ' (does not exist)'}" for path in paths]
        self._shared = read_shared_config(paths, read_bounded_file)
        return ", ".join(found)

    def _profile(self) -> str:
        profile = select_profile(self._shared, self._environment, self._options.profile)
        self._settings = Settings(self._environment, self._shared, profile)
        self._environment = self._settings.variables()
        variables = [name for name in PROFILE_VARIABLES if self._streams.environment.get(name)]
        if profile.explicit:
            origin = "--profile"
        elif variables:
            origin = f"the variable {variables[0]}"
        else:
            origin = "the default"
        missing = "" if profile.section else ", without properties"
        return f"{profile.name} ({origin}{missing})"

    def _setting(self, argument: Optional[str], flag: str, found: Optional[Setting]) -> str:
        if argument is not None:
            return f"{argument} ({flag})"
        return "" if found is None else f"{found.value} ({found.origin})"

    def _find_region(self) -> str:
        found = None if self._settings is None else self._settings.region()
        self._region = self._options.region or (None if found is None else found.value)
        if self._region is None:
            raise no_region()
        return self._setting(self._options.region, "--region", found)

    def _find_endpoint(self) -> str:
        options = self._options
        self._endpoint = configured_endpoint(
            self._environment,
            options.region,
            options.endpoint_url,
            options.fips,
            options.dualstack,
        )
        found = None if self._settings is None else self._settings.endpoint_url()
        custom = self._setting(options.endpoint_url, "--endpoint-url", found)
        return custom or f"{self._endpoint.url} (the region's)"

    def _proxy(self) -> str:
        if self._endpoint is None:
            return "unknown, because there is no endpoint"
        if self._options.connect_to is not None:
            self._check_way()  # raises the error of a proxy next to it
            return f"none, connects to {self._options.connect_to} (--connect-to)"
        proxy = proxy_for(self._endpoint.url, self._environment, self._options.proxy)
        if proxy is None:
            return "none" if self._options.proxy is None else "none (--no-proxy)"
        login = ", with a user name" if proxy.authorization else ""
        origin = "the environment" if self._options.proxy is None else "--proxy"
        return f"{proxy.url} ({origin}{login})"

    def _certificates(self) -> str:
        options = self._options
        found = None if self._settings is None else self._settings.ca_bundle()
        text = self._setting(options.ca_bundle, "--ca-bundle", found) or "those of the system"
        if not options.x509_strict:
            text += ", without strict checks (--no-x509-strict)"
        if options.client_cert is not None:
            text += f", and the client certificate {options.client_cert} (--client-cert)"
        # The files are checked even if the endpoint's URL is http, or unknown.
        bundle = ca_bundle_of(options.ca_bundle, self._environment)
        trusting_context(bundle, self._arguments["client_cert"], options.x509_strict)
        return text

    def _retries(self) -> str:
        options, given = self._options, None
        if options.max_attempts is not None:
            given = str(check_max_attempts(options.max_attempts))
        configured_max_attempts(self._environment)  # raises the error of an invalid one
        found = None if self._settings is None else self._settings.find(*MAX_ATTEMPTS)
        attempts = self._setting(given, "--max-attempts", found)
        text = f"attempts per call: {attempts or f'{DEFAULT_MAX_ATTEMPTS} (the default)'}"
        if options.retry_after_send:
            text += ", also after the request was sent (--retry-after-send)"
        if options.retry_model_errors:
            text += ", also after a ModelError (--retry-model-errors)"
        return text

    def _network(self) -> Network:
        network: Network = network_of(self._options, self._environment)
        return network

    def _check_way(self) -> None:
        if self._endpoint is not None:
            self._network().way_to(self._endpoint.url, None, self._arguments["connect_to"])

    def _credentials(self) -> str:
        streams = self._streams
        world = system_surroundings(
            streams.environment, mfa_code_source(self._options), streams.clock, self._network()
        )
        chain = CredentialChain(world, self._options.profile, self._region)
        found = chain()
        key = found.access_key
        shortened = f"{key[:4]}...{key[-4:]}" if len(key) > 11 else "..."
        token = ", with a session token" if found.session_token else ""
        expires = f", until {amz_date_of(found.expires)}" if found.expires is not None else ""
        return f"{shortened} (source {chain.source}{token}{expires})"

    def _clock(self) -> str:
        if self._options.offline:
            return "not compared (--offline)"
        if self._endpoint is None:
            return "not compared, because there is no endpoint"
        endpoint = parse_endpoint_url(self._endpoint.url)
        host = ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port))
        request = FetchRequest(
            "GET", self._endpoint.url + "/", (host,), b"", _CLOCK_TIMEOUT, _CLOCK_TIMEOUT
        )
        reply = fetch_reply(
            request,
            self._network(),
            self._arguments["client_cert"],
            self._arguments["connect_to"],
        )
        now = self._streams.clock()
        date = seconds_of_http_date(header_value(reply.headers, "date") or "", now)
        if date is None:
            return "not compared, because the endpoint's response has no Date"
        offset = int(date - now)
        if abs(offset) > _ALLOWED_OFFSET:
            raise ConfigurationError(
                f"the clock is off by {abs(offset)} s",
                expected=f"at most {_ALLOWED_OFFSET} s from the endpoint's",
                rule="CLI-015",
            )
        return f"{offset:+d} s from the endpoint's"
