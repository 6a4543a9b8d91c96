# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/subject.py: requests that are correct until a check breaks them."""

import pytest

from conformance.endpoint.checks import EXAMPLE_TOKEN
from conformance.servers.exchange import ServerFault
from conformance.servers.subject import UNKNOWN_NAME, Names, Signing, Subject
from refimpl.errors import ConfigurationError
from refimpl.sigv4 import Credentials, verify
from tests.conformance.servers.subjects import NAMES, served, subject_at

NOW = 1440938160.0


def subject(names: Names = NAMES) -> Subject:
    return subject_at("http://127.0.0.1:8080/base/", names, clock=lambda: NOW)


def is_valid(draft: object, amz_date: str = "20150830T123600Z") -> None:
    credentials = subject().credentials
    verify(
        draft.method,  # type: ignore[attr-defined]
        draft.target,  # type: ignore[attr-defined]
        draft.headers,  # type: ignore[attr-defined]
        draft.body,  # type: ignore[attr-defined]
        credentials,
        "us-east-1",
        "sagemaker",
        amz_date,
    )


def test_a_draft_is_signed_for_its_path() -> None:
    draft = subject().draft(query="b=1&a=2", headers=[("x-amz-note", "1")])
    is_valid(draft)
    assert draft.target == "/base/endpoints/echoes/invocations-response-stream?b=1&a=2"
    assert draft.value("HOST") == "127.0.0.1:8080"
    is_valid(subject().draft(signing=Signing(later=60)), "20150830T123700Z")


def test_a_presigned_draft() -> None:
    draft = subject().presigned()
    is_valid(draft)
    assert draft.value("authorization") == "" and "X-Amz-Signature=" in draft.target


def test_changes_leave_the_first_draft_alone() -> None:
    draft = subject().draft()
    assert draft.replacing("host", "b").value("Host") == "b"
    assert draft.replacing("host", None).value("Host") == ""
    assert b"Host: 127.0.0.1:8080\r\nA: b" not in draft.adding("A", "b").head
    assert draft.adding("A", "b").head.endswith(b"\r\nA: b\r\n\r\n")
    assert "/s3/" in draft.with_authorization("/sagemaker/", "/s3/").value("Authorization")
    is_valid(draft)


def test_no_secret_is_shown() -> None:
    own = subject()
    draft = own.draft()
    assert EXAMPLE_TOKEN in draft.head.decode("latin-1")
    assert repr(draft) == "Draft(POST /base/endpoints/echoes/invocations-response-stream)"
    assert "Signature" not in repr(own.presigned())
    assert own.secrets() == [own.credentials.secret_key, EXAMPLE_TOKEN]
    assert EXAMPLE_TOKEN not in repr(own) + repr(own.secrets)


def test_names() -> None:
    own = subject(Names(fails="f"))
    assert own.names.working is None and not own.has("works") and own.has("fails")
    assert UNKNOWN_NAME in own.draft().target
    assert subject().has("works") and subject().has("signatures")
    assert Names(streams="s", attributes="a").working == "a"


def test_one_request_for_many_checks() -> None:
    with served() as endpoint:
        own = subject_at(endpoint.url, budget=2)
        assert own.ask_once(own.draft()) is own.ask_once(own.draft())
        assert own.ask_once(own.draft().replacing("authorization", None)).status == 403
        assert len(endpoint.calls) == len(own.seen) == 2
        with pytest.raises(ServerFault, match="no more requests"):
            own.ask(own.draft())


def test_long_bodies_are_not_kept() -> None:
    with served() as endpoint:
        own = subject_at(endpoint.url)
        answer = own.ask(own.draft("echoes", body=b"x" * 2000000))
        assert len(answer.body) > 2000000
        (draft, kept) = own.seen[0]
        assert len(draft.body) == 1000 and len(kept.body) <= 1000 * len(answer.pieces) < 200000


def test_an_invalid_url() -> None:
    with pytest.raises(ConfigurationError, match="invalid endpoint URL"):
        subject_at("http://127.0.0.1:8080/?x")


def test_other_credentials() -> None:
    other = Credentials("AKIDOTHER", "x" * 40)
    assert "AKIDOTHER/" in subject().draft(signing=Signing(credentials=other)).value(
        "authorization"
    )
