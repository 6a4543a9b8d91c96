# SPDX-License-Identifier: MIT
"""The flags for connections: proxy and certificates; for an endpoint also its variant and retries.

`add_network` adds those that every command with a connection has. `add_endpoint_network` adds all.

It rejects an address of --connect-to without a port, and a --client-key without --client-cert.
"""

import argparse
import re
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from ..errors import UsageError


def add_network(parser: argparse.ArgumentParser) -> Any:
    """Add the flags for connections to any host, and return their group."""
    group = parser.add_argument_group("connection")
    proxies = group.add_mutually_exclusive_group()
    proxies.add_argument(
        "--proxy",
        metavar="URL",
        help="proxy: http(s)://[user:password@]host[:port] (default: HTTPS_PROXY, HTTP_PROXY or "
        "ALL_PROXY, unless NO_PROXY has the host)",
    )
    proxies.add_argument(
        "--no-proxy",
        dest="proxy",
        action="store_const",
        const="",
        help="connect without a proxy",
    )
    group.add_argument(
        "--ca-bundle",
        metavar="PATH",
        help="trusted certificates (default: AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, SSL_CERT_FILE, "
        "then the system's)",
    )
    group.add_argument(
        "--no-x509-strict",
        dest="x509_strict",
        action="store_false",
        help="verify certificates as Python versions before 3.13",
    )
    return group


def add_endpoint_network(parser: argparse.ArgumentParser) -> None:
    """Add the flags for connections to an endpoint."""
    group = add_network(parser)
    for flag, what in (
        ("--fips", "use the endpoint for FIPS (default: AWS_USE_FIPS_ENDPOINT)"),
        ("--dualstack", "use the endpoint with IPv6 (default: AWS_USE_DUALSTACK_ENDPOINT)"),
    ):
        group.add_argument(flag, action="store_const", const=True, help=what)
    group.add_argument(
        "--connect-to",
        metavar="HOST:PORT",
        help="address for the connection; Host, TLS name and signature stay the endpoint's",
    )
    group.add_argument("--client-cert", metavar="FILE", help="certificate of the client")
    group.add_argument("--client-key", metavar="FILE", help="key, if --client-cert has none")
    group.add_argument(
        "--max-attempts", type=int, metavar="N", help="attempts (default: AWS_MAX_ATTEMPTS, then 3)"
    )
    group.add_argument(
        "--retry-after-send",
        action="store_true",
        help="also repeat a call that may have reached the model, which then runs twice",
    )
    group.add_argument(
        "--retry-model-errors",
        action="store_true",
        help="also repeat a call after a ModelError, so the model runs again",
    )
    group.add_argument(
        "--sign-body",
        action="store_true",
        help="send x-amz-content-sha256, which some front ends require",
    )


def network_of(options: argparse.Namespace, variables: Mapping[str, str]) -> Any:
    """Return the Network for connections to any host.

    variables: the environment with the profile's settings
    """
    from ..routes import Network  # loads ssl, which a signature with given keys does not need

    return Network(variables, options.proxy, None, options.ca_bundle, options.x509_strict)


def network_arguments(options: argparse.Namespace) -> Dict[str, Any]:
    """Return the arguments of Client for the flags of an endpoint. Raises UsageError."""
    return {
        "use_fips": options.fips,
        "use_dualstack": options.dualstack,
        "proxy": options.proxy,
        "connect_to": _address_in(options.connect_to),
        "ca_bundle": options.ca_bundle,
        "client_cert": _certificate_in(options.client_cert, options.client_key),
        "x509_strict": options.x509_strict,
        "max_attempts": options.max_attempts,
        "retry_after_send": options.retry_after_send,
        "retry_model_errors": options.retry_model_errors,
        "sign_body": options.sign_body,
    }


def _address_in(text: Optional[str]) -> Optional[Tuple[str, int]]:
    if text is None:
        return None
    match = re.match(r"(?:\[([^\]]+)\]|([^:\[\]]+)):([0-9]{1,5})\Z", text)
    if match is None:
        raise UsageError("invalid --connect-to", expected="HOST:PORT", actual=text, rule="NET-030")
    return match.group(1) or match.group(2), int(match.group(3))


def _certificate_in(
    certificate: Optional[str], key: Optional[str]
) -> Union[str, Tuple[str, str], None]:
    if key is None:
        return certificate
    if certificate is None:
        raise UsageError("--client-key needs --client-cert", rule="NET-022")
    return certificate, key
