# SPDX-License-Identifier: MIT
"""`refimpl token`: print a bearer token for SageMaker's OpenAI-compatible route (SIG-050).

Region and credentials are found as by `invoke`. The token itself needs no connection. It is a
secret, so it goes only to stdout.
"""

import argparse

from ..bearer import MAX_TOKEN_LIFETIME, bearer_token
from ..endpoints import resolve_endpoint
from ..sigv4_values import amz_date_of
from .credentials import add_credentials, find_signer
from .network import add_network
from .streams import Streams, write_pieces


def add_token(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `token`."""
    parser.set_defaults(act=_token)
    add_credentials(parser)
    parser.add_argument(
        "--expires",
        type=int,
        default=MAX_TOKEN_LIFETIME,
        metavar="SECONDS",
        help="lifetime, at most %(default)s (default: %(default)s)",
    )
    add_network(parser)


def _token(options: argparse.Namespace, streams: Streams) -> None:
    found, credentials = find_signer(options, streams)
    # END-007: a name such as fips-us-east-1 stands for its region.
    region = resolve_endpoint(found).signing_region or found
    token = bearer_token(credentials, region, amz_date_of(streams.clock()), options.expires)
    write_pieces([token.encode("ascii") + b"\n"], streams.stdout)
