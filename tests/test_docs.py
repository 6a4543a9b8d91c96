# SPDX-License-Identifier: MIT
"""docs/one-value-in-five-formats.md: it is what `python3 -m tests.pages` makes, and each of its
documents is what it says.

The documents are taken from the committed page, not from what makes it, and read by the forms'
readers; JSON and XML also by the standard library's parsers, the query by urllib.

Below that, what holds for every page: its links lead to files and headings that are there, its
  contents name its chapters.
"""

import base64
import json
import re
import shlex
import subprocess
import sys
import urllib.parse
from xml.etree import ElementTree

import pytest

from refimpl import shapes
from refimpl.cli import _parser as cli_parser
from refimpl.convert import FORMATS, convert
from refimpl.errordocument import error_of_document, error_of_json, error_of_xml
from refimpl.explain.messages import proof_in
from refimpl.shapes import (
    InvokeEndpointWithResponseStreamOutput,
    ModelError,
    PayloadPart,
    UnknownOperationError,
)
from tests import pages
from tests.rows import for_each

TEXT = pages.PATH.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)\n```$", TEXT, re.MULTILINE | re.DOTALL)
SECTIONS = {
    heading: re.search(r"^```\w+\n(.*?)\n```$", body, re.MULTILINE | re.DOTALL).group(1)
    for heading, body in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    if heading in FORMATS
}


def test_the_page_is_what_the_code_makes():
    assert pages.PATH.read_bytes() == pages.page().encode("utf-8"), (
        "write it anew: python3 -m tests.pages"
    )


def test_every_form_has_its_section_and_is_the_value():
    value = eval(
        BLOCKS[0][1],
        {pages.SHAPE: InvokeEndpointWithResponseStreamOutput, "PayloadPart": PayloadPart},
    )
    assert value == pages.VALUE
    assert list(SECTIONS) == list(FORMATS) == ["json", "xml", "query", "value", "headers"]
    for form, document in SECTIONS.items():
        for other in FORMATS:
            assert convert(pages.SHAPE, form, other, document) == SECTIONS[other]
    read = InvokeEndpointWithResponseStreamOutput
    assert (
        read.of_json(SECTIONS["json"])
        == read.of_xml(SECTIONS["xml"])
        == read.of_query(SECTIONS["query"])
        == value
    )


def test_other_parsers_read_the_same():
    payloads = [event.bytes for event in pages.VALUE.body]
    events = json.loads(SECTIONS["json"])["Body"]
    assert [base64.b64decode(event["PayloadPart"]["Bytes"]) for event in events] == payloads
    assert [
        base64.b64decode(element.text)
        for element in ElementTree.fromstring(SECTIONS["xml"]).iter("Bytes")
    ] == payloads
    pairs = dict(
        urllib.parse.parse_qsl(SECTIONS["query"], keep_blank_values=True, encoding="latin-1")
    )
    assert [
        pairs[f"Body.{number}.PayloadPart.Bytes"].encode("latin-1") for number in (1, 2)
    ] == payloads
    assert b"".join(payloads).decode("utf-8") == "caf\u00e9 & cake"


def test_the_error_is_one_value_in_all_its_documents():
    service_json, service_xml, our_json, our_xml, unknown = [text for _, text in BLOCKS[-5:]]
    error = ModelError(
        message="the model failed", original_status_code=500, original_message="a < b"
    )
    assert pages.SERVICE_CODE in TEXT
    assert (
        error_of_json(pages.SERVICE_CODE, service_json) == error_of_xml(None, service_xml) == error
    )
    assert error_of_document(our_json) == error_of_document(our_xml) == error
    assert error_of_document(unknown) == UnknownOperationError(
        code="ThrottlingException", payload='{"message":"Rate exceeded"}'
    )


def test_the_command_does_what_the_page_says(tmp_path):
    (tmp_path / "document").write_text(SECTIONS["json"], encoding="utf-8")
    command = shlex.split(re.search(r"^\$ python3 (.*)$", TEXT, re.MULTILINE).group(1))
    run = subprocess.run(
        [sys.executable] + command,
        cwd=str(tmp_path),
        env={"PYTHONPATH": str(pages.PATH.parent.parent)},
        timeout=60,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert (run.stdout.decode("utf-8").rstrip("\n"), run.stderr, run.returncode) == (
        SECTIONS["xml"],
        b"",
        0,
    )


def test_the_rules_that_the_page_names_are_rules():
    spec = (pages.PATH.parent.parent / "SPEC.md").read_text(encoding="utf-8")
    for rule in re.findall(r"\b[A-Z]+-\d{3}\b", TEXT):
        assert f"**{rule}**" in spec
    assert "## 17. Appendix: divergences from awso" in spec and "## 4. EVS" in spec
    assert pages.SHAPE in shapes.DATA_TYPES


# ---- every page --------------------------------------------------------------------------------

ROOT = pages.PATH.parent.parent
_FENCE = re.compile(r"^(```+)[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


def pages_of(root):
    """Return the Markdown files below a folder, without hidden, third-party and built ones.

    Installing the package from a checkout leaves copies of some pages in `build`.
    """
    return sorted(
        path
        for path in root.rglob("*.md")
        if not any(
            part.startswith(".") or part in ("node_modules", "build")
            for part in path.relative_to(root).parts
        )
    )


def prose_of(path):
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors_of(text):
    """Return the anchors that a reader's browser is given for a page's headings:

    GitHub's way, a heading that stands again numbered.
    """
    anchors, seen = set(), {}
    for heading in re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if anchor in seen else anchor)
        seen[anchor] = seen.get(anchor, 0) + 1
    return anchors


def broken_links(path):
    """Return the links of a page that lead to no file, or to no heading of one."""
    broken = []
    for link in _LINK.findall(_CODE.sub("", prose_of(path))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / urllib.parse.unquote(name)) if name else path
        if not target.exists() or (anchor and anchor not in anchors_of(prose_of(target))):
            broken.append(link)
    return broken


PAGES = pages_of(ROOT)


@pytest.mark.slow
@for_each("path", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_links_lead_somewhere(path):
    assert broken_links(path) == []


def test_pages_with_links_are_found():
    assert {"README.md", "SPEC.md", "docs/judging.md", "vectors/README.md"} <= {
        path.relative_to(ROOT).as_posix() for path in PAGES
    }
    assert sum(bool(_LINK.search(prose_of(path))) for path in PAGES) >= 3


@pytest.mark.parametrize(
    "link, leads",
    [
        ("other.md", True),
        ("none.md", False),
        ("other.md#a-b-c", True),
        ("other.md#a-b", False),
        ("#here", True),
        ("#there", False),
        ("#here-1", True),
        ("#here-2", False),
        ("other.md#inside-a-fence", False),
        ("https://example.com/none", True),
    ],
)
def test_a_link_that_leads_nowhere_is_told(tmp_path, link, leads):
    (tmp_path / "other.md").write_text(
        "# A: b, c\n\n```text\n# Inside a fence\n```\n", encoding="utf-8"
    )
    page = tmp_path / "page.md"
    page.write_text(
        f"## Here\n\n[text]({link}), but `[code](nothing.md)`\n\n## Here\n", encoding="utf-8"
    )
    assert broken_links(page) == ([] if leads else [link])


@pytest.mark.parametrize(
    "path",
    [ROOT / "SPEC.md", ROOT / "docs" / "judging.md", ROOT / "docs" / "troubleshooting.md"],
    ids=["SPEC.md", "judging.md", "troubleshooting.md"],
)
def test_the_contents_name_every_chapter_in_order(path):
    contents = re.findall(
        r"^(\d+)\. \[(.*?)\]\(#(.*?)\)$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    chapters = re.findall(r"^## (\d+)\. (.*)$", prose_of(path), re.MULTILINE)
    assert [(number, title) for number, title, _ in contents] == chapters
    assert [int(number) for number, _ in chapters] == list(range(1, len(chapters) + 1))


def test_the_table_of_the_vectors_names_every_file():
    told = re.findall(
        r"`([a-z0-9-]+\.json)`", (ROOT / "vectors" / "README.md").read_text(encoding="utf-8")
    )
    names = sorted(path.name for path in (ROOT / "vectors").glob("*.json"))
    assert sorted(told) == names
    changes = (ROOT / "vectors" / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [
        name
        for name in names
        if f"`{name}`" not in changes and f"`{name[: -len('.json')]}`" not in changes
    ] == []


# ---- troubleshooting.md ------------------------------------------------------------------------

TROUBLE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def test_the_commands_of_the_troubleshooting_page_exist():
    """Every command and flag is one that --help shows."""
    parser = cli_parser(None)
    (commands,) = [one for one in parser._actions if one.dest == "command"]
    known = {"explain": set(), **{name: set() for name in commands.choices}}
    for name, command in commands.choices.items():
        for action in command._actions:
            known[name].update(action.option_strings)
            known[name].update(getattr(action, "choices", None) or ())
    flags = set().union(*(words for words in known.values()))
    found = re.findall(r"`refimpl ([a-z]+)(?: ([a-z]+))?([^`]*)`", TROUBLE)
    assert len(found) > 20
    for name, subject, rest in found:
        assert name in known, name
        if name == "explain" and subject:
            assert subject in known["explain"], subject
        assert set(re.findall(r"--[a-z-]+", rest)) <= known[name], (name, rest)
    flags |= {"--canonical-request", "--request"}  # of `explain refusal`
    alone = set(re.findall(r"`(--[a-z0-9-]+)[^`]*`", TROUBLE))
    assert alone <= flags and len(alone) > 8


def test_the_rules_of_the_troubleshooting_page_are_rules():
    spec = (ROOT / "SPEC.md").read_text(encoding="utf-8")
    rules = set(re.findall(r"\b[A-Z]+-\d{3}\b", TROUBLE)) - {"SHA-256"}
    assert [rule for rule in sorted(rules) if f"**{rule}**" not in spec] == []


def test_the_messages_of_the_troubleshooting_page_are_recognised():
    """Section 1 quotes messages. `explain refusal` must find a refusal in each."""
    section = TROUBLE.partition("\n## 1. ")[2].partition("\n## 2. ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    quoted = [text for row in rows for text in re.findall(r"`([^`]+)`", row)]
    assert len(quoted) > 14
    for text in quoted:
        assert proof_in(text) is not None, text
