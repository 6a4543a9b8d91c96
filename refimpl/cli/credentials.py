# SPDX-License-Identifier: MIT
"""The flags for region and credentials, which every command that signs has (CLI-017).

A command finds both as a call does: the flags, the environment, the profile, and the sources of
CRED-002. If a role needs the code of an MFA device, the user is asked on the terminal, as by the
AWS CLI. Without a terminal, the error names the flag for the code.
"""

import argparse
import warnings
from typing import Callable, Tuple

from ..config.credentials import provider_of, unexpired
from ..config.environment import configured_region
from ..config.search import search_credentials, variables_with_profile
from ..endpoints import no_region
from ..errors import ConfigurationError, shown
from ..sigv4_credentials import Credentials
from .network import network_of
from .streams import Streams


def add_credentials(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument(
        "--region", help="region (default: AWS_REGION, AWS_DEFAULT_REGION, then the profile's)"
    )
    parser.add_argument("--profile", help="profile of the shared files (default: AWS_PROFILE)")
    parser.add_argument(
        "--mfa-code",
        metavar="CODE",
        help="code of the MFA device of the profile's role (default: ask on the terminal)",
    )


def find_signer(options: argparse.Namespace, streams: Streams) -> Tuple[str, Credentials]:
    """Return the region and the credentials for the flags. Raises ConfigurationError, NetworkError.

    The flags are those of add_credentials and add_network.
    """
    variables = variables_with_profile(streams.environment, options.profile)
    region = options.region or configured_region(variables)
    if region is None:
        raise no_region()

    found = search_credentials(
        streams.environment,
        options.profile,
        region,
        mfa_code_source(options),
        streams.clock,
        lambda: network_of(options, variables),
    )
    return region, unexpired(provider_of(found)(), streams.clock)


def mfa_code_source(options: argparse.Namespace) -> Callable[[str], str]:
    """Return a function that gets a device's serial number and returns its code."""

    def code_of(serial: str) -> str:
        given: str = options.mfa_code or ""
        return given or _typed_code(serial)

    return code_of


def _typed_code(serial: str) -> str:
    """Ask for the code on the terminal, without an echo (CLI-017)."""
    from getpass import GetPassWarning, getpass  # most roles need no code

    device = shown(serial, 120)
    # CLI-017: without a terminal, getpass would warn and then read stdin, which may be the body.
    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            return getpass(f"Enter MFA code for {device}: ").strip()
        except EOFError:
            return ""  # not a code
        except (GetPassWarning, OSError):
            raise ConfigurationError(
                f"no terminal to ask for the code of the device {device}",
                expected="--mfa-code CODE, or mfa_code=, a function that returns the code",
                rule="CLI-017",
            ) from None
