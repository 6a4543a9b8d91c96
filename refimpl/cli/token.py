# SPDX-License-Identifier: MIT
"""`refimpl token`: print a bearer token for SageMaker's OpenAI-compatible route (SIG-050).

Region and credentials are found as by `invoke`. The token itself needs no connection. It is a
secret, so it goes only to stdout.
"""

import argparse

from ..bearer import MAX_TOKEN_LIFETIME
from ..client import Client
from .parser import add_region
from .streams import Streams, write_pieces


def add_token(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `token`."""
    parser.set_defaults(act=_token)
    add_region(parser)
    parser.add_argument("--profile", help="profile of the shared files (default: AWS_PROFILE)")
    parser.add_argument(
        "--expires",
        type=int,
        default=MAX_TOKEN_LIFETIME,
        metavar="SECONDS",
        help="lifetime, at most %(default)s (default: %(default)s)",
    )


def _token(options: argparse.Namespace, streams: Streams) -> None:
    client = Client(
        region=options.region,
        profile=options.profile,
        environment=streams.environment,
        clock=streams.clock,
    )
    token = client.bearer_token(options.expires)
    write_pieces([token.encode("ascii") + b"\n"], streams.stdout)
