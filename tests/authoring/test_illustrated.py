# SPDX-License-Identifier: MIT
"""docs/illustrated.html: it is what the generator makes, its commands print its values, its blocks
are the bytes of the call, its script is judged like any implementation, and it works in Chromium.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from authoring.illustrated import PATH, illustrated_page
from authoring.illustrated.commands import filled
from authoring.illustrated.values import illustrated_call, values_of
from conformance.cases.rules import load_rules
from tests import browser
from tests.rows import first_fast

ADAPTER = PATH.parents[1] / "authoring" / "illustrated" / "adapter.mjs"
TEXT = PATH.read_text(encoding="utf-8")
CALL = illustrated_call()
VALUES = values_of(CALL)


class _Page(HTMLParser):
    """Collects the elements of the page: (tag, attributes, text) in the order of their starts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self._open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        element = [tag, dict(attrs), ""]
        self.elements.append(element)
        if tag not in ("meta", "input"):
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for element in self._open:
            element[2] += data

    def with_attribute(self, name):
        return [element for element in self.elements if name in element[1]]

    def text_of(self, label):
        return next(text for _, has, text in self.elements if has.get("aria-label") == label)


PAGE = _Page(TEXT)
COMMANDS = PAGE.with_attribute("data-t")


def test_the_page_is_what_the_generator_makes():
    assert illustrated_page() == TEXT, "write it: python3 -m authoring.illustrated --write"


def test_every_element_is_closed():
    assert PAGE._open == []


@pytest.mark.slow
@pytest.mark.parametrize("tag, has, text", first_fast([tuple(one) for one in COMMANDS], 2))
@pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("bash")), reason="needs bash and openssl"
)
def test_every_command_prints_its_value(tag, has, text):
    printed = subprocess.run(
        ["bash", "-c", text],
        stdout=subprocess.PIPE,
        check=True,
        env=dict(os.environ, PYTHONIOENCODING="utf-8"),
    )
    assert printed.stdout.decode("utf-8").strip() == VALUES[has["data-out"]].strip()
    assert filled(has["data-t"], VALUES) == text


def test_every_value_that_is_shown_is_that_of_refimpl():
    shown = [(has["data-v"], text) for _, has, text in PAGE.with_attribute("data-v")]
    assert shown == [(name, VALUES[name]) for name, _ in shown]
    assert len(shown) > 200


def test_every_computed_value_has_a_command():
    literal = {"path", "query", "raw_query", "content_type", "time", "day", "body", "secret"}
    derived = re.compile(
        r"canonical|to_sign|.*\.(offset|bytes|hex|before|holds)|f\d\.length|decoded\d"
    )
    reproduced = {has["data-out"] for _, has, _ in COMMANDS}
    # `ok` and `string` stand for a checksum and a type, whose numbers are reproduced.
    reproduced |= {name.rpartition(".")[0] + ".value" for name in reproduced if "crc" in name}
    reproduced |= {name.rpartition(".")[0] + ".value" for name in reproduced if ".code" in name}
    missing = [name for name in VALUES if name not in reproduced | literal]
    assert [name for name in missing if not derived.fullmatch(name)] == []


def test_the_request_is_complete_byte_by_byte():
    text = PAGE.text_of("The request").replace("\\r\\n\n", "\r\n")
    head, _, body = text.partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert lines[0] == f"{CALL.request['method']} {CALL.request['target']} HTTP/1.1"
    sent = [tuple(line.split(": ", 1)) for line in lines[1:]]
    given = [tuple(pair) for pair in CALL.request["headers"]]
    own = [("Content-Length", str(len(CALL.body))), ("x-amz-date", CALL.request["time"])]
    assert sent == given + own and body.encode("utf-8") == CALL.body


def test_each_piece_of_the_request_is_linked_to_a_line_or_says_why_not():
    rows = {
        link
        for tag, has, _ in PAGE.with_attribute("data-l")
        if tag == "tr"
        for link in [has["data-l"]]
    }
    request = re.search('(?s)<div class="bytes links"[^>]*The request">.*?</div>', TEXT)
    pieces = _Page(request.group()).with_attribute("data-a")
    linked = [has["data-l"] for _, has, _ in pieces if "data-l" in has]
    assert linked == ["method", "path", "query", "host", "content-type", "x-amz-date", "body"]
    assert set(linked) <= rows
    unlinked = [text.partition(":")[0] for _, has, text in pieces if "data-l" not in has]
    assert unlinked == [
        *(" ", " HTTP/1.1", "User-Agent", "Connection", "Content-Length"),
        "\\r\\n\n",
    ]


def test_the_lines_of_the_canonical_request_are_numbered():
    table = re.search('(?s)<table class="canonical.*?</table>', TEXT).group()
    rows = [text.split("\n") for tag, _, text in _Page(table).elements if tag == "tr"][1:]
    texts = re.findall(r'<td class="mono"[^>]*>(.*?)</td>', table)
    assert (
        "\n".join(re.sub("<[^>]*>", "", text) for text in texts) == CALL.explained.canonical_request
    )
    assert len(rows) == 9


def test_the_frames_are_complete_byte_by_byte():
    shown = "".join(PAGE.text_of(f"The bytes of frame {number}") for number in (1, 2))
    assert bytes.fromhex(shown.replace(" ", "")) == CALL.stream
    offsets = [int(VALUES[f"f1.{place}.offset"]) for place in range(20)]
    lengths = [len(VALUES[f"f1.{place}.hex"]) // 2 for place in range(20)]
    assert offsets == [sum(lengths[:place]) for place in range(20)]


def test_the_rules_on_the_page_exist():
    named = set(re.findall(r"\b[A-Z]{3,4}-[0-9]{3}\b", TEXT)) - {"SHA-256"}
    assert named <= set(load_rules())


def test_the_page_loads_nothing():
    prose = re.sub(r"(?s)<(script|style).*?</\1>", "", TEXT)
    assert re.findall(r"(?:src|srcset|action|poster)\s*=", prose) == []
    assert re.findall(r'href="([^"#][^"]*)"', prose) == ["../SPEC.md"]
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\(", TEXT)
    policy = next(has["content"] for _, has, _ in PAGE.with_attribute("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    for _, has, _ in PAGE.elements:
        assert "style" not in has and not [name for name in has if name.startswith("on")]
    inline = re.findall(r"(?s)<(?:style|script(?: id=\"(?:engine|script)\")?)>(.*?)</", TEXT)
    assert len(inline) == 3
    for part in inline:
        digest = base64.b64encode(hashlib.sha256(part.encode("utf-8")).digest()).decode("ascii")
        assert f"'sha256-{digest}'" in policy


# ---- the script as an implementation -----------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("hashing", ["", " own-hash"])
@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_suite_finds_no_failure(hashing):
    run = subprocess.run(
        [sys.executable, "-m", "conformance", "run", "--strict", "--adapter"]
        + [f"node {ADAPTER} {PATH}{hashing}"]
        + ["--op", "sigv4.sign", "--op", "eventstream.encode", "--op", "eventstream.decode"],
        stdout=subprocess.PIPE,
        universal_newlines=True,
        cwd=str(PATH.parents[1]),
    )
    assert run.returncode == 0, run.stdout
    assert re.search(r"^(\d+) cases: \1 PASS$", run.stdout, re.MULTILINE), run.stdout


# ---- in a browser ------------------------------------------------------------------------------

in_chromium = pytest.mark.skipif(not browser.is_installed(), reason="needs Chromium and its driver")
_TEXT_OF = "return document.querySelector(arguments[0]).textContent"
_SLOT = "return document.querySelector(`[data-v='${arguments[0]}']`).textContent"
_CHANGED = (
    "return Array.from(document.querySelectorAll('nav a.changed'), (link) => link.hash.slice(1))"
)


@pytest.fixture(scope="module")
def page():
    with browser.IllustratedCall() as opened:
        yield opened


def _changed(page, **fields):
    """Return which steps change with these fields, and reset the page."""
    page.run("document.forms[0].reset()")
    for name, value in fields.items():
        page.change(name, value)
    return page.run(_CHANGED)


SIGNED = ["request", "canonical", "to-sign", "signature"]


@in_chromium
@pytest.mark.slow
class TestInChromium:
    def test_a_browser_computes_the_printed_values(self, page):
        assert page.run("return document.documentElement.dataset.ready") == "0"
        assert page.run("return [isSecureContext, Engine.hashing.usesWebCrypto]") == [True, True]
        assert page.run(_TEXT_OF, "#status") == ""

    def test_a_change_marks_the_steps_that_depend_on_it(self, page):
        assert _changed(page, type="text/plain") == SIGNED
        assert _changed(page, body="{}") == SIGNED
        assert _changed(page, target="/endpoints/llm/invocations-response-stream?a=1") == SIGNED
        assert _changed(page, secret="another") == ["keys", "signature"]
        assert _changed(page, time="20150830T123601Z") == SIGNED
        assert _changed(page, time="20150831T123600Z") == [*SIGNED[:3], "keys", "signature"]
        assert _changed(page, text="Hello, world.") == ["chunks", "frames", "text"]
        assert _changed(page, damage="110") == ["frames", "text"]
        assert _changed(page) == []

    def test_a_space_in_a_header_changes_the_request_and_not_its_signature(self, page):
        assert _changed(page, type="application/json  ") == ["request"]

    def test_a_changed_call_has_the_signature_of_refimpl(self, page):
        from refimpl.sigv4 import Credentials, Signer

        _changed(
            page, type="text/plain", body="caf\u00e9", secret="x'y", target="/a/../b%20c?d=+&c"
        )
        headers = [
            (name, "text/plain" if name == "Content-Type" else value)
            for name, value in CALL.request["headers"]
        ]
        signed = Signer().sign(
            "POST",
            "/a/../b%20c?d=+&c",
            headers,
            "caf\u00e9".encode(),
            Credentials("AKIDEXAMPLE", "x'y"),
            "us-east-1",
            "sagemaker",
            CALL.request["time"],
        )
        assert page.run(_SLOT, "signature") == signed.signature
        code = page.run("return document.querySelector(\"[data-out='can.hash']\").textContent")
        printed = subprocess.run(["bash", "-c", code], stdout=subprocess.PIPE).stdout.decode()
        assert printed.strip() == page.run(_SLOT, "can.hash")

    def test_a_damaged_byte_is_reported_by_the_checksum(self, page):
        _changed(page, damage="0")
        assert "prelude checksum differs" in page.run(_SLOT, "decoded1")
        assert "EVS-024" in page.run(_SLOT, "decoded2") and page.run(_SLOT, "text") == ""
        _changed(page, damage=str(len(CALL.stream) - 1))
        assert page.run(_SLOT, "decoded1").startswith("accepted")
        assert "message checksum differs" in page.run(_SLOT, "decoded2")

    def test_an_invalid_value_is_reported_and_harms_nothing(self, page):
        _changed(page, time="2015")
        assert "SIG-016" in page.run(_TEXT_OF, "#status")
        assert page.run(_SLOT, "signature") == "\u2013"
        for name in ("secret", "target", "type", "body", "text", "split"):
            for value in ("", "\u0000", "\ud800", "<b>&", "9" * 400):
                _changed(page, **{name: value})
        assert _changed(page) == [] and page.run(_SLOT, "signature") == VALUES["signature"]
        assert [entry for entry in page.logs() if entry["level"] == "SEVERE"] == []

    def test_a_piece_lights_its_line_and_the_keys_move(self, page):
        lit = "return Array.from(document.querySelectorAll('.lit'), (one) => one.textContent)"
        page.run("document.querySelector('#request .piece').focus()")
        assert page.run(lit) == ["POST", "1POSTthe method, unchangedSIG-002"]
        for _ in range(4):
            page.press("Right")
        host = page.run("return document.activeElement.textContent")
        page.press("Right")
        assert host.startswith("Host: ") or "Host" in page.run(
            "return document.activeElement.textContent"
        )
        page.run("document.querySelector('[data-l=content-type]').focus()")
        assert len(page.run(lit)) == 3
        assert "SIG-015" in page.run(_TEXT_OF, "#request .about")
        page.run("document.activeElement.blur()")
        assert page.run(lit) == []

    def test_every_control_is_reached_with_tab(self, page):
        page.run("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
        seen = []
        for _ in range(80):
            page.press("Tab")
            seen.append(page.run("const at = document.activeElement; return at.id || at.className"))
        assert {"in-secret", "in-damage", "piece one lit"} <= set(seen)

    def test_nothing_is_requested_but_the_page(self, page):
        urls = re.findall(
            r'"url\\*":\\*"((?:https?|wss?)://[^"\\]+)', str(page.logs("performance"))
        )
        assert urls == []


@in_chromium
@pytest.mark.slow
@pytest.mark.parametrize("size, dark", [("wide", False), ("narrow", True)])
def test_the_page_fits_and_follows_the_theme(size, dark):
    with browser.IllustratedCall(browser.SIZES[size], dark) as opened:
        assert opened.run(browser.CONTRAST) >= 4.5
        assert opened.run("return document.documentElement.scrollWidth <= innerWidth")
        ground = opened.run("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground))) < 200) is dark
        assert opened.picture().startswith(b"\x89PNG") and opened.pdf().startswith(b"%PDF")


@in_chromium
@pytest.mark.slow
def test_the_page_is_readable_without_javascript():
    with browser.Browser() as opened:
        opened.command("Emulation.setScriptExecutionDisabled", value=True)
        opened.open(PATH.as_uri())
        shown = opened.run("return document.body.innerText")
    assert "The fields need JavaScript" in shown and VALUES["signature"] in shown
