# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/observations.py: what the page says, and what it must not say."""

import pytest

from conformance.cases.rules import load_rules
from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.servers.catalogue import CHECKS
from conformance.servers.judging import run_checks
from conformance.servers.observations import observations_page, without_private
from conformance.servers.subject import Names, Subject
from tests.conformance.servers.subjects import served, subject_at
from tests.rows import for_each

RULES = load_rules()
REMOVED = (
    ("Endpoint my-llm of account 123456789012 not found.", "Endpoint <name> of account <account> "),
    ("id 6f8d0c1e-6c1b-4b7e-9a55-0d2f5a4b3c21.", "id <id>."),
    ("see arn:aws:logs:us-east-1:123456789012:log-group:/aws/x, end", "see <arn> end"),
    ("key AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE", "key <access key>, <access key>"),
    (f"hash {'0a' * 32};", "hash <hash>;"),
    ("my-llm-2 and my-llm", "my-llm-2 and <name>"),
    ("a|b`c", "a\\|b'c"),
    ("Signature expired: 20150830T123600Z", "Signature expired: 20150830T123600Z"),
)


@for_each("given, expected", REMOVED)
def test_what_is_removed(given: str, expected: str) -> None:
    subject = subject_at("http://127.0.0.1:1", Names("my-llm"))
    assert without_private(given, subject).startswith(expected)


def test_keys_are_removed_by_value() -> None:
    subject = subject_at("http://127.0.0.1:1")
    for secret in (ACCESS_KEY, SECRET_KEY, EXAMPLE_TOKEN):
        assert secret not in without_private(f"a {secret} b", subject)


@pytest.mark.slow
def test_the_page() -> None:
    ids = ("srv-endpoint-unknown", "srv-date", "srv-scope-region", "srv-stream-type", "srv-paths")
    checks = [check for check in CHECKS if check.id in ids]
    with served() as endpoint:
        endpoint.on("mine", b"text of the model")
        subject = subject_at(endpoint.url, Names(streams="mine"))
        other = subject_at(endpoint.url, Names())
        page = observations_page(
            subject, run_checks(subject, checks, lambda *step: None).results, RULES, "2026-11-30"
        )
        wrong = endpoint_in_another_region(other.url)
        different = observations_page(
            wrong, run_checks(wrong, checks, lambda *step: None).results, RULES, "2026-11-30"
        )
    assert "## Differences from SPEC.md\n\nNone.\n" in page
    assert "- SRV-045, an endpoint that does not exist: as known" in page
    assert "not known before" in page and "2026-11-30" in page
    assert "of account <account> not found." in page
    for private in ("mine", "123456789012", ACCESS_KEY, EXAMPLE_TOKEN, "text of the model"):
        assert private not in page, private
    assert "> SRV-045: A server MUST reject" in different
    assert "- expected: 400" in different and "- observed: 403 InvalidSignature" in different
    assert "needs --streams, --echoes or --attributes NAME" in different


def endpoint_in_another_region(url: str) -> Subject:
    subject = subject_at(url, Names())
    subject.region = "eu-west-1"
    return subject
