# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/signing.py: the plain stages give what the signer gives."""

from typing import Any, Dict, List, Optional, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.errors import Error
from refimpl.explain.signing import PUBLISHED_SECRETS, explain_signature, origin_at
from refimpl.sigv4 import Credentials, Signer, derive_signing_keys

DATE = "20150830T123600Z"
TOKEN = "A-SESSION-TOKEN-OF-NOBODY"


def arguments(**changes: Any) -> Dict[str, Any]:
    return {
        "method": "POST",
        "target": "/a//b/../c%20d?z=1&a=x%2fy&b",
        "headers": [("Host", "h.example"), ("X-A", " b   c "), ("x-a", "d"), ("Connection", "x")],
        "body": b"{}",
        "credentials": Credentials("AKIDEXAMPLE", PUBLISHED_SECRETS[0], TOKEN),
        "region": "us-east-1",
        "service": "sagemaker",
        "amz_date": DATE,
        **changes,
    }


TEXT = st.text(alphabet="ab/.%2Fe+&=? ~*\xe9", max_size=12)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(("X-A", "x-a", "Accept", "User-Agent", "Connection", "X-Amz-Meta", "TE")),
        st.text(alphabet="a b,\t;\xe9", max_size=8),
    ),
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(("GET", "POST")),
    TEXT,
    HEADERS,
    st.binary(max_size=8),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.just(TOKEN)),
)
def test_the_plain_stages_are_the_signer(
    method: str,
    target: str,
    headers: List[Tuple[str, str]],
    body: bytes,
    normalize: bool,
    double_encode: bool,
    sign_body: bool,
    omit: bool,
    token: Optional[str],
) -> None:
    """This holds Signer's faster ways against one call of each public stage."""
    given = arguments(
        method=method,
        target="/" + target,
        headers=[("Host", "h.example"), *headers],
        body=body,
        normalize=normalize,
        double_encode=double_encode,
        sign_body=sign_body,
        omit_session_token=omit,
        credentials=Credentials("AKIDEXAMPLE", "another", token),
    )
    explained, signed = explain_signature(**given), Signer().sign(**given)
    for name in ("canonical_request", "string_to_sign", "signature", "authorization"):
        assert getattr(explained, name) == getattr(signed, name)
    assert "".join(origin.text for origin in explained.origins) == signed.canonical_request


def test_unsigned_headers() -> None:
    given = arguments(unsigned=("x-a",))
    assert explain_signature(**given).signature == Signer().sign(**given).signature


def test_the_origins() -> None:
    explained = explain_signature(**arguments())
    assert [(one.text, one.origin) for one in explained.origins] == [
        ("POST\n", "the method of the request line"),
        ("/a/c%2520d\n", "the path of the request line, normalised and encoded"),
        ("a=x%2Fy&", "the query's parameter a, decoded and encoded again"),
        ("b=&", "the query's parameter b, decoded and encoded again"),
        ("z=1", "the query's parameter z, unchanged"),
        ("\n", "the end of the query"),
        ("host:h.example\n", "the header"),
        ("x-a:b c,d\n", "2 headers, joined with commas"),
        ("x-amz-date:20150830T123600Z\n", "the clock"),
        (f"x-amz-security-token:{TOKEN}\n", "the credentials"),
        ("\n", "the end of the headers"),
        ("host;x-a;x-amz-date;x-amz-security-token\n", "the names of the headers above"),
        (
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "the SHA-256 of the body",
        ),
    ]
    length = len(explained.canonical_request)
    assert origin_at(explained, 0) == explained.origins[0]
    assert origin_at(explained, length - 1) == explained.origins[-1]
    assert origin_at(explained, length) is None and origin_at(explained, -1) is None


def test_keys_only_of_the_published_example() -> None:
    keys = derive_signing_keys(PUBLISHED_SECRETS[0], "20150830", "us-east-1", "sagemaker")
    (stage,) = [one for one in explain_signature(**arguments()).stages if one.name == "keys"]
    assert stage.after.split("\n")[-1] == f"k_signing {keys.k_signing.hex()}"
    other = arguments(credentials=Credentials("A", "another-secret", None))
    (stage,) = [one for one in explain_signature(**other).stages if one.name == "keys"]
    assert stage.after.startswith("<hidden>")


def test_no_secret_is_shown() -> None:
    explained = explain_signature(**arguments())
    for stage in explained.stages:
        assert TOKEN not in stage.before + stage.after, stage.name
        assert PUBLISHED_SECRETS[0] not in stage.before + stage.after
    assert TOKEN not in repr(explained)


@pytest.mark.parametrize(
    "change",
    [
        {"target": "x"},
        {"headers": []},
        {"headers": [("Host", "a\rb")]},
        {"body": "text"},
        {"amz_date": 1},
        {"headers": 1},
    ],
)
def test_errors_are_those_of_the_signer(change: Dict[str, Any]) -> None:
    with pytest.raises(Error):
        explain_signature(**arguments(**change))
