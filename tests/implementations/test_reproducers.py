# SPDX-License-Identifier: MIT
"""Run every reproducer in docs/divergences, and compare its output with the page.

Before its first section, a page has a `console` block with the installation and a prelude in the
page's language. In a section, each block of that language is a reproducer. It runs alone after the
prelude, and the `text` block below it is its exact output. Only a section "Other differences" has
no reproducer.

RUNNERS has one function per language that returns the commands for a page. A compiled language
needs one build per page. Implementations that are not installed are skipped, but the structure of
their pages is tested.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import pytest

from conformance.adapters.curl_client import version
from conformance.implementations.installers import PROGRAMS, Installed
from conformance.implementations.matrix import kept_path
from conformance.implementations.registry import environment_of, implementation_named
from conformance.report.json_report import read_report
from tests.implementations import installed
from tests.implementations.compiled import build_go, build_java, build_rust

PAGES = Path(__file__).resolve().parents[2] / "docs" / "divergences"
BLOCK = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONGEST = 12  # lines of a reproducer
DEADLINE = 60  # seconds for one, with what its language takes to start


class Reproducer(NamedTuple):
    name: str  # DIV-nnn, followed by a letter if a section has several
    code: str
    printed: str


class Page(NamedTuple):
    name: str
    console: str
    language: str
    prelude: str
    reproducers: List[Reproducer]
    faults: List[str]  # departures from the form


Commands = List[Sequence[str]]  # one for each reproducer, in order
Prepare = Callable[[Installed, Page, Path], Commands]  # in a folder that is empty


# ---- reading a page ----------------------------------------------------------------------------


def page_of(name: str, text: str) -> Page:
    """Parse a page."""
    head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    blocks = BLOCK.findall(head)
    if [language for language, _ in blocks][:1] != ["console"] or len(blocks) != 2:
        return Page(
            name,
            "",
            "",
            "",
            [],
            ["ahead of the sections: a block console and the prelude, and nothing else"],
        )
    (_, console), (language, prelude) = blocks
    page = Page(name, console, language, prelude, [], [])
    if len(re.findall("^ *```", text, re.MULTILINE)) != 2 * len(BLOCK.findall(text)):
        page.faults.append("a fence of three backticks does not belong to a block")
    for section in sections:
        read_section(page, section)
    return page


def read_section(page: Page, section: str) -> None:
    heading = section.partition("\n")[0]
    number = heading.partition(" ")[0]
    blocks = BLOCK.findall(section)
    if not blocks and " Other differences" not in heading:
        page.faults.append(f"{number} has no reproducer")
    if [language for language, _ in blocks] != [page.language, "text"] * (len(blocks) // 2):
        page.faults.append(f"{number}: expected a text block after each {page.language} block")
        return
    # Right below: what a block prints is not to be searched for.
    if len(re.findall(r"^```\n\n```text\n", section, re.MULTILINE)) != len(blocks) // 2:
        page.faults.append(f"{number}: a block text is apart from its code")
    for place, ((_, code), (_, printed)) in enumerate(zip(blocks[::2], blocks[1::2])):
        letter = "" if len(blocks) == 2 else chr(ord("a") + place)
        if len(code.splitlines()) > LONGEST:
            page.faults.append(f"{number}{letter} is longer than {LONGEST} lines")
        page.reproducers.append(Reproducer(number + letter, code, printed))


# ---- the runners -------------------------------------------------------------------------------


def programs(page: Page, folder: Path, suffix: str) -> List[str]:
    """Write a file for each reproducer in a language that is not compiled."""
    paths = [folder / (reproducer.name + suffix) for reproducer in page.reproducers]
    for path, reproducer in zip(paths, page.reproducers):
        path.write_text(page.prelude + "\n" + reproducer.code, encoding="utf-8")
    return [str(path) for path in paths]


def python(found: Installed, page: Page, folder: Path) -> Commands:
    return [(found.command[0], "-I", "-B", program) for program in programs(page, folder, ".py")]


def javascript(found: Installed, page: Page, folder: Path) -> Commands:
    (folder / "node_modules").symlink_to(Path(found.where) / "node_modules")
    return [
        (found.command[0], "--no-warnings", program) for program in programs(page, folder, ".mjs")
    ]


def ruby(found: Installed, page: Page, folder: Path) -> Commands:
    return [
        (found.command[0], "--disable-gems", program) for program in programs(page, folder, ".rb")
    ]


def curl(found: Installed, page: Page, folder: Path) -> Commands:
    """Skip another version of the system's curl than the page is about."""
    recorded = read_report(kept_path("curl"))["implementation"]["version"]
    if version(found.where) != recorded:
        pytest.skip(f"the page describes curl {recorded}")
    return [(sys.executable, "-I", "-B", program) for program in programs(page, folder, ".py")]


def compiled_by(build: Callable[[Installed, str, Sequence[str], Path], Commands]) -> Prepare:
    def prepare(found: Installed, page: Page, folder: Path) -> Commands:
        return build(
            found, page.prelude, [reproducer.code for reproducer in page.reproducers], folder
        )

    return prepare


RUNNERS: Dict[str, Prepare] = {
    "boto3": python,
    "awscrt": python,
    "smithy-python": python,
    "javascript": javascript,
    "ruby": ruby,
    "curl": curl,
    "go": compiled_by(build_go),
    "rust": compiled_by(build_rust),
    "java": compiled_by(build_java),
    "requests-aws4auth": python,
    "awscurl": python,
    "aws-requests-auth": python,
    "httpx-aws-auth": python,
    "aws4": javascript,
    "aws4fetch": javascript,
    "aws-sdk-js": javascript,
    "rust-crates": compiled_by(build_rust),
    "asigv4": python,
    "auth-aws4": python,
    "aws4-express": javascript,
    "langchain-aws": python,
    "litellm": python,
    "sagemaker": python,
    "sagemaker-core": python,
}


# ---- the tests ---------------------------------------------------------------------------------

READ = {
    name: page_of(name, (PAGES / (name + ".md")).read_text(encoding="utf-8")) for name in RUNNERS
}
EACH = [(name, place) for name, page in READ.items() for place in range(len(page.reproducers))]


def environment(found: Installed) -> Dict[str, str]:
    """Return the environment of a reproducer, without the caller's settings."""
    return {
        name: value
        for name, value in dict(os.environ, **environment_of(found)).items()
        if value is not None
    }


@pytest.fixture(scope="module")
def commands_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Installed, Page], Commands]:
    """Return a function that prepares each page only once."""
    prepared: Dict[str, Commands] = {}
    failed: Dict[str, AssertionError] = {}

    def commands(found: Installed, page: Page) -> Commands:
        if page.name in failed:
            raise failed[page.name]
        if page.name not in prepared:
            try:
                prepared[page.name] = RUNNERS[page.name](
                    found, page, tmp_path_factory.mktemp(page.name)
                )
            except AssertionError as error:
                failed[page.name] = error
                raise
        return prepared[page.name]

    return commands


def test_every_page_is_run() -> None:
    assert set(RUNNERS) == {path.stem for path in PAGES.glob("*.md")}


@pytest.mark.parametrize("name", RUNNERS)
def test_form(name: str) -> None:
    page = READ[name]
    assert page.faults == []
    assert page.reproducers


@pytest.mark.parametrize("name", RUNNERS)
def test_what_is_installed_is_what_is_pinned(name: str) -> None:
    pinned = {version for _, version in implementation_named(name).pins}
    if name == "javascript":  # the signer comes with the client, at the version of the lock
        pinned.update(
            re.findall(
                r'"version": "([^"]+)"',
                Path(PROGRAMS, name, "package-lock.json").read_text(encoding="utf-8"),
            )
        )
    console = READ[name].console.replace(
        "<modelVersion>4.0.0<", "<modelVersion><"
    )  # the form of a pom, no package
    installed = set(re.findall(r"[0-9]+\.[0-9]+\.[0-9]+(?:\.post[0-9]+)?", console))
    assert installed <= pinned
    assert installed or name == "curl"  # which is the system's


@pytest.mark.slow
@pytest.mark.parametrize(
    "name,place", EACH, ids=[READ[name].reproducers[place].name for name, place in EACH]
)
def test_prints(name: str, place: int, commands_of: Callable[[Installed, Page], Commands]) -> None:
    found, page = installed(name), READ[name]
    process = subprocess.run(
        commands_of(found, page)[place],
        env=environment(found),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=DEADLINE,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )
    errors = process.stderr
    if name == "sagemaker":  # it logs its configuration and a notice
        assert "Traceback" not in errors
        errors = ""
    assert (process.stdout, errors, process.returncode) == (
        page.reproducers[place].printed,
        "",
        0,
    )


GOOD = """# A page

```console
pip install x==1.2.3
```

```python
import x
```

## DIV-801 it does

```python
x.do()
```

```text
done
```

```python
x.do(2)
```

```text
done twice
```

## DIV-802 Other differences

Little.
"""
BAD: List[Tuple[str, str, str]] = [
    (
        "```console",
        "```sh",
        "ahead of the sections: a block console and the prelude, and nothing else",
    ),
    (
        "import x\n```\n",
        "import x\n```\n\n```python\nx\n```\n",
        "ahead of the sections: a block console and the prelude, and nothing else",
    ),
    (" Other differences", " More", "DIV-802 has no reproducer"),
    ("```text\ndone\n```\n", "", "DIV-801: expected a text block after each python block"),
    ("```text\ndone\n", "```sh\ndone\n", "DIV-801: expected a text block after each python block"),
    (
        "x.do(2)\n```\n\n",
        "x.do(2)\n```\n\nIt prints:\n\n",
        "DIV-801: a block text is apart from its code",
    ),
    (
        "done\n```\n",
        "done\n```\n\n```Python\nx\n```\n",
        "a fence of three backticks does not belong to a block",
    ),
    ("x.do()\n", "x.do()\n" * 13, "DIV-801a is longer than 12 lines"),
]


def test_reading() -> None:
    page = page_of("x", GOOD)
    assert page == Page(
        "x",
        "pip install x==1.2.3\n",
        "python",
        "import x\n",
        [
            Reproducer("DIV-801a", "x.do()\n", "done\n"),
            Reproducer("DIV-801b", "x.do(2)\n", "done twice\n"),
        ],
        [],
    )


@pytest.mark.parametrize("good,bad,fault", BAD)
def test_faults(good: str, bad: str, fault: str) -> None:
    assert good in GOOD
    assert page_of("x", GOOD.replace(good, bad)).faults == [fault]
