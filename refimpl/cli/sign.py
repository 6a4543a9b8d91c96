# SPDX-License-Identifier: MIT
"""`refimpl sign`: sign a request and show the headers to send, the presigned URL, or every stage.

Region and credentials are found as by `invoke`. The request itself is not sent.

It rejects invalid URLs and headers, and what the signer rejects.
"""

import argparse
import json
from typing import Any, Dict, List, Tuple

from ..endpoint_url import SIGNING_NAME, authority, parse_endpoint_url
from ..errors import UsageError
from ..sigv4_signer import Signer
from ..sigv4_values import amz_date_of
from .credentials import add_credentials, find_signer
from .network import add_network
from .parser import add_body
from .streams import Streams, read_body, write_pieces


def add_sign(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sign`."""
    parser.set_defaults(act=_sign)
    add_signed_request(parser)
    parser.add_argument(
        "--presign", type=int, metavar="SECONDS", help="sign in the query; seconds until expiry"
    )
    parser.add_argument(
        "--format",
        choices=("headers", "stages", "json"),
        default="headers",
        help="output format: headers (default), the headers to send, or with --presign the URL; "
        "stages, every stage as text; json, every stage as JSON",
    )
    add_network(parser)


def add_signed_request(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a request to sign."""
    parser.add_argument("url", help="URL of the request: http(s)://host[:port]/path?query")
    parser.add_argument("--method", default="POST", help="HTTP method (default: %(default)s)")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME:VALUE",
        help="header of the request; may be given several times",
    )
    add_body(parser)
    add_credentials(parser)
    parser.add_argument(
        "--service",
        default=SIGNING_NAME,
        help="service name in the credential scope (default: %(default)s)",
    )
    parser.add_argument(
        "--time", metavar="YYYYMMDDThhmmssZ", help="time of the signature (default: now)"
    )
    parser.add_argument(
        "--no-normalize", action="store_true", help="keep dot segments and duplicate slashes"
    )
    parser.add_argument(
        "--single-encode", action="store_true", help="keep the %%XX of the path unchanged"
    )
    parser.add_argument("--sign-body", action="store_true", help="send x-amz-content-sha256")
    parser.add_argument(
        "--omit-session-token", action="store_true", help="send the session token unsigned"
    )


def _sign(options: argparse.Namespace, streams: Streams) -> None:
    sent, stages = _signed(options, streams)
    if options.format == "headers":
        text = "\n".join(sent)
    elif options.format == "json":
        text = json.dumps(stages, indent=1)
    else:
        shown_stages = ("canonical_request", "string_to_sign", "signature")
        text = "\n\n".join(f"{name}\n{stages[name]}" for name in shown_stages)
        text += "\n\nsend\n" + "\n".join(sent)
    write_pieces([text.encode("latin-1", "replace") + b"\n"], streams.stdout)


def _signed(options: argparse.Namespace, streams: Streams) -> Tuple[List[str], Dict[str, Any]]:
    """Return the lines to send, and the stages by name."""
    origin, arguments = request_to_sign(options, streams)
    if options.presign is not None:
        presigned = Signer().presign(expires=options.presign, **arguments)
        return [f"{origin}{presigned.target}"], presigned._asdict()
    signed = Signer().sign(sign_body=options.sign_body, **arguments)
    return [f"{name}: {value}" for name, value in signed.headers], signed._asdict()


def request_to_sign(options: argparse.Namespace, streams: Streams) -> Tuple[str, Dict[str, Any]]:
    """Return scheme and host of the request, and the arguments that all signers share."""
    base, mark, query = options.url.partition("?")
    endpoint = parse_endpoint_url(base)
    host = authority(endpoint.scheme, endpoint.host, endpoint.port)
    region, credentials = find_signer(options, streams)
    headers = [_header_pair(text) for text in options.header]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", host))
    arguments: Dict[str, Any] = {
        "method": options.method,
        "target": (endpoint.path or "/") + mark + query,
        "headers": headers,
        "body": b"" if options.body is None else read_body(options.body, streams.stdin),
        "credentials": credentials,
        "region": region,
        "service": options.service,
        "amz_date": options.time or amz_date_of(streams.clock()),
        "normalize": not options.no_normalize,
        "double_encode": not options.single_encode,
        "omit_session_token": options.omit_session_token,
    }
    return f"{endpoint.scheme}://{host}", arguments


def _header_pair(text: str) -> Tuple[str, str]:
    # argparse passes a list for a lone `--` after the flag.
    if not isinstance(text, str):
        raise UsageError("no value for --header")
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError("not a header", expected="NAME:VALUE", actual=name)
    return name.strip(" \t"), value.strip(" \t")
