# SPDX-License-Identifier: MIT
"""Tests of conformance/report/page.js and page.css in Chromium, driven over WebDriver.

They are skipped if Chromium or its driver is not installed. The driver is a server on loopback with
a port chosen by the system. It ends with the tests.
"""

from pathlib import Path
from typing import Iterator, List

import pytest

from conformance.cases.rules import load_rules
from conformance.report.html import html_text
from conformance.report.json_report import report_document
from conformance.run.runner import Implementation
from conformance.run.verdicts import ACCEPTABLE, FAIL, UNSUPPORTED, Difference
from tests.browser import CONTRAST, Browser, is_installed
from tests.support import made_result

pytestmark = pytest.mark.skipif(not is_installed(), reason="no chromium with its driver")

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
)


class Window(Browser):
    """A window with the page of a report."""

    def open_page(self, path: Path, mark: str = "") -> None:
        self.open("about:blank")
        self.open(path.as_uri() + mark)

    def media(self, **features: str) -> None:
        told = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        self.command("Emulation.setEmulatedMedia", features=told)

    def focused(self) -> str:
        return str(
            self.run(
                "const one = document.activeElement; "
                "return one.textContent.trim() || one.name || one.tagName"
            )
        )

    def shown(self) -> List[str]:
        return list(
            self.run(
                "return Array.from(document.querySelectorAll('tr.case'))"
                ".filter(row => row.getClientRects().length)"
                ".map(row => row.cells[0].firstChild.textContent)"
            )
        )

    def choose(self, **values: str) -> List[str]:
        """Set the filters, and return the visible rows."""
        self.run(
            "const form = document.querySelector('form'); "
            "for (const [name, value] of Object.entries(arguments[0])) "
            "{ form[name].value = value; } form.requestSubmit()",
            values,
        )
        return self.shown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Window]:
    with Window(size=(1200, 900)) as one:
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page with two implementations and four cases.

    One case fails in the first. Another is acceptable in it, and the second does not offer it.
    """
    rules = load_rules()
    parts = Difference("messages[0].payload", "expected " + HOSTILE, "actual " + HOSTILE)
    results = [
        made_result("evs-pass", title="the plain one"),
        made_result("evs-fail", FAIL, parts, message=HOSTILE, rules=("EVS-002",)),
        made_result(
            "txt-also",
            ACCEPTABLE,
            op="text.lines",
            note="allowed by a note (DIV-001)",
            rules=("TXT-001",),
            input={"text": "a"},
        ),
        made_result("txt-last", op="text.lines", rules=("TXT-001", "TXT-002"), input={"text": "b"}),
    ]
    others = [
        made_result(
            result.case.id,
            UNSUPPORTED,
            note="never offered",
            op=result.case.op,
            rules=result.case.rules,
        )
        if result.case.id == "txt-also"
        else result
        for result in results[:1] + results[2:]
    ]
    reports = [
        report_document(Implementation(name, "1", "c", OPERATIONS, {}), own, False)
        for name, own in ((HOSTILE[:50], results), ("theirs", others))
    ]
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(
        html_text(reports, [result.case for result in results], rules), encoding="utf-8"
    )
    return path


OPERATIONS = ("eventstream.decode", "text.lines")
ALL = ["evs-pass", "evs-fail", "txt-also", "txt-last"]


@pytest.fixture
def window(browser: Window, page: Path) -> Window:
    browser.open_page(page)
    return browser


def test_nothing_of_a_report_runs(window: Window) -> None:
    assert window.run(
        "return [document.title, document.images.length, document.scripts.length]"
    ) == ["Conformance of 2 implementations", 0, 2]
    window.run("document.querySelector('#matrix td.fail').click()")
    assert window.run("return document.querySelector('dialog').innerText").count("onerror") >= 3
    assert window.run("return [document.title, document.images.length]") == [
        "Conformance of 2 implementations",
        0,
    ]


def test_the_policy_holds_for_what_is_put_in_later(window: Window) -> None:
    window.run(
        "const one = document.createElement('script'); "
        "one.textContent = \"document.title = 'owned'\"; document.body.append(one)"
    )
    assert window.run("return document.title") == "Conformance of 2 implementations"


def test_filters(window: Window) -> None:
    assert (
        window.shown() == ALL
        and window.run("return document.getElementById('count').textContent") == "4 of 4 cases"
    )
    assert window.choose(verdict="FAIL") == ["evs-fail"]
    assert window.choose(verdict="any") == ["evs-fail", "txt-also"]
    assert window.choose(verdict="any", implementation="1") == []
    assert window.choose(verdict="UNSUPPORTED") == ["txt-also"]
    assert window.run(
        "return Array.from(document.querySelectorAll('#matrix thead th'))"
        ".filter(one => one.getClientRects().length)"
        ".map(one => one.textContent)"
    ) == ["case", "theirs 1"]
    assert window.choose(verdict="", implementation="", operation="text.lines") == [
        "txt-also",
        "txt-last",
    ]
    assert (
        window.run(
            "return Array.from(document.querySelectorAll('.group'))"
            ".filter(one => one.getClientRects().length).length"
        )
        == 1
    )
    assert window.choose(operation="", rule="TXT-002") == ["txt-last"]
    assert window.choose(rule="", text="PLAIN one") == ["evs-pass"]
    assert window.choose(text="onerror") == ["evs-fail"]
    assert window.choose(text="plain onerror") == []
    assert (
        window.run(
            "return Array.from(document.querySelectorAll('.finding'))"
            ".filter(one => one.getClientRects().length).length"
        )
        == 0
    )
    window.run("document.querySelector('button[type=reset]').click()")
    assert (
        window.run("return new Promise(done => setTimeout(done, 50))") is None
        and window.shown() == ALL
    )


def test_the_keyboard_alone_is_enough(window: Window) -> None:
    for expected in (
        "implementations",
        "text",
        "verdict",
        "implementation",
        "operation",
        "rule",
        "All cases",
    ):
        window.press("Tab")
        told = window.run(
            "const one = document.activeElement; "
            "return one.getAttribute('aria-label') || one.name || one.textContent"
        )
        assert told.lower() == expected.lower()
    window.press("Tab")
    assert window.focused().startswith("evs-pass")
    assert window.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    window.press("Down", "Right")
    assert window.focused() == "FAIL"
    window.press("Up", "End")
    assert window.run(
        "return [document.activeElement.cellIndex, document.activeElement.parentNode.rowIndex]"
    ) == [2, 2]
    window.press("PageDown", "Home")
    assert window.focused().startswith("txt-last")
    window.press("Left", "Up", "Right", "Enter")
    assert (
        window.run("return document.querySelector('dialog').open") is True
        and window.focused() == "Close"
    )
    assert "allowed by a note" in window.run("return document.getElementById('content').innerText")
    window.press("p")
    told = window.run("return document.querySelector('dialog').innerText")
    assert (
        "evs-fail" in told
        and "messages[0].payload" in told
        and load_rules()["EVS-002"].text in told
        and "what it costs" in told
    )
    assert "000000  00 00 00 10" in told
    window.press("p", "n")
    assert "txt-also" in window.run("return document.getElementById('head').textContent")
    window.press("Escape")
    assert (
        window.run("return document.querySelector('dialog').open") is False
        and window.focused() == "accept"
    )
    window.press("Right", "Space")
    assert "never offered" in window.run("return document.getElementById('content').innerText")
    window.press("Escape", "Tab")
    assert window.run("return document.activeElement.closest('tr.case')") is None


def test_a_cell_has_an_address(browser: Window, page: Path) -> None:
    browser.open_page(page, "#evs-fail")
    assert browser.run("return document.getElementById('head').textContent") == "evs-fail"
    browser.open_page(page, "#txt-also%40theirs%201")
    assert "never offered" in browser.run("return document.getElementById('content').innerText")
    assert browser.run("return decodeURIComponent(location.hash)") == "#txt-also@theirs 1"
    for wrong in ("#nobody", "#%ff", "#c-evs-fail"):
        browser.open_page(page, wrong)
        assert browser.run("return document.querySelector('dialog').open") is False


def test_light_dark_and_narrow(window: Window) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        window.media(prefers_color_scheme=scheme)
        grounds.append(window.run("return getComputedStyle(document.body).backgroundColor"))
        assert window.run(CONTRAST) >= 4.5
    assert grounds == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]
    window.resize(500, 800)
    assert (
        window.run(
            "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        is True
    )
    window.resize(1200, 900)
    window.media()


def test_on_paper_the_quiet_rows_and_the_controls_are_left_out(window: Window) -> None:
    window.command("Emulation.setEmulatedMedia", media="print")
    assert window.shown() == ["evs-fail", "txt-also"]
    assert window.run("return document.querySelector('form').getClientRects().length") == 0
    window.command("Emulation.setEmulatedMedia", media="")
    assert window.pdf().startswith(b"%PDF-")


def test_without_scripts_the_page_reads(browser: Window, page: Path) -> None:
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open_page(page)
        told = browser.run("return document.body.innerText")
        assert (
            browser.shown() == ALL and "allowed by a note" in told and "messages[0].payload" in told
        )
        assert browser.run("return document.querySelector('form').getClientRects().length") == 0
        assert "Each cell that is more than a pass links to its finding below." in told
    finally:
        browser.command("Emulation.setScriptExecutionDisabled", value=False)
