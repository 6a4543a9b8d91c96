# SPDX-License-Identifier: MIT
"""`refimpl identity`: show the account and the user or role of the credentials (CRED-019).

Region and credentials are found as by `invoke`. STS answers one request, which needs no permission.
The result is one JSON object: Account, Arn, UserId, and the source of the credentials.
"""

import argparse
import sys

from ..config.chain import find_credentials, source_context
from ..config.files import home_of, read_bounded_file
from ..config.settings import read_settings
from ..config.sts import caller_identity
from ..config.system import system_surroundings
from ..routes import Network
from .network import add_network
from .parser import add_region
from .streams import Streams, write_line


def add_identity(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `identity`."""
    parser.set_defaults(act=_identity)
    add_region(parser)
    parser.add_argument("--profile", help="profile of the shared files (default: AWS_PROFILE)")
    add_network(parser)


def _identity(options: argparse.Namespace, streams: Streams) -> None:
    variables = streams.environment
    is_windows, home = sys.platform == "win32", home_of(variables)
    settings = read_settings(variables, options.profile, read_bounded_file, is_windows, home)
    network = Network(
        {**variables, **settings.overlay()},
        options.proxy,
        None,
        options.ca_bundle,
        options.x509_strict,
    )
    world = system_surroundings(variables, clock=streams.clock, network=network)
    context = source_context(world, options.profile, options.region)
    source, _, credentials = find_credentials(context)
    identity = caller_identity(context, credentials)
    write_line(
        {
            "Account": identity.account,
            "Arn": identity.arn,
            "UserId": identity.user_id,
            "source": source,
        },
        streams.stdout,
    )
