# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/page.py."""

import re
from html.parser import HTMLParser

from refimpl.explain.page import signing_page
from refimpl.explain.signing import explain_signature
from tests.refimpl.explain.test_signing import TOKEN, arguments


def test_the_page() -> None:
    explained = explain_signature(**arguments(headers=[("Host", "h"), ("X-A", '<b>&"')]))
    page = signing_page(explained)
    for stage in explained.stages:
        assert f". {stage.name}</h2>" in page
    assert explained.signature in page and TOKEN not in page
    assert "<b>" not in page and "&lt;b&gt;&amp;&quot;" in page
    assert "prefers-color-scheme:dark" in page and "@media (max-width" in page


def test_the_page_is_well_formed_and_needs_no_network() -> None:
    opened = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag, attributes):  # type: ignore[no-untyped-def]
            if tag != "meta":
                opened.append(tag)

        def handle_endtag(self, tag):  # type: ignore[no-untyped-def]
            assert opened.pop() == tag

    page = signing_page(explain_signature(**arguments()))
    Checker().feed(page)
    assert opened == []
    assert not re.search(r"src=|href=|url\(|<script|https?://(?!h)", page)
