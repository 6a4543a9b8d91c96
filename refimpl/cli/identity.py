# SPDX-License-Identifier: MIT
"""`refimpl identity`: show the account and the user or role of the credentials (CRED-019).

Region and credentials are found as by `invoke`. STS answers one request, which needs no permission.
The result is one JSON object: Account, Arn, UserId, and the source of the credentials.
"""

import argparse

from ..config.chain import find_credentials, source_context
from ..config.search import variables_with_profile
from ..config.sts import caller_identity
from ..config.system import system_surroundings
from .credentials import add_credentials, mfa_code_source
from .network import add_network, network_of
from .streams import Streams, write_line


def add_identity(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `identity`."""
    parser.set_defaults(act=_identity)
    add_credentials(parser)
    add_network(parser)


def _identity(options: argparse.Namespace, streams: Streams) -> None:
    variables = variables_with_profile(streams.environment, options.profile)
    world = system_surroundings(
        streams.environment,
        mfa_code_source(options),
        streams.clock,
        network_of(options, variables),
    )
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
