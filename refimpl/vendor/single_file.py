# SPDX-License-Identifier: MIT
"""The package as one file: its modules joined in the order of their imports.

Module-level names are unique within the package, so the joined modules share one namespace, and
imports between them disappear. A file without all parts has only the definitions that its public
names, its command line and its remaining parts use. Docstrings keep their first sentence. Those of
definitions that no program imports are omitted. A level of indentation is one tab. The text depends
only on the sources and the parts.
"""

import ast
import re
from textwrap import wrap
from typing import Dict, Iterable, List, Mapping, Sequence, Set, Tuple

from ..self_test import with_checksum
from ..version import VECTORS_VERSION, VERSION
from .last_line import with_last_line
from .parts import PARTS, modules_of, part_of
from .statements import (
    Imported,
    ModuleSource,
    Statement,
    read_module,
    with_short_docstrings,
    with_short_rulers,
    with_tabs,
    without_relative_imports,
)

FILE_NAME = "sagemaker_stream.py"

# The roots of a file without all parts, in addition to `refimpl.__all__`.
_ENTRY_POINTS = (
    "Decoder",
    "ResponseReader",
    "Signer",
    "build_request",
    "encode",
    "main",
    "message_to_json",
    "missing_part",
    "open_exchange",
    "run",
    "self_test",
)

# Programs import only the public names of these modules.
_INTERNAL = ("cli", "config", "explain")

_LICENCE = """\
Copyright (c) 2026 The sagemaker-stream-reference authors

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

_DOCSTRING = '''\
"""A client for Amazon SageMaker Runtime InvokeEndpointWithResponseStream, in one file.

    client = Client(region="eu-west-1")
    with client.invoke_endpoint_with_response_stream(
        endpoint_name="llm", body=b"...", content_type="application/json"
    ) as response:
        for event in response.body:
            sys.stdout.buffer.write(event.bytes)

Run the file for the command line. `--help` lists the commands, `--version` shows the versions, and
`--self-test` compares this copy with its checksum and with published vectors. This file is
generated from the package `refimpl` of sagemaker-stream-reference, by `python3 -m refimpl vendor`.
Change the package instead of this file. The package has longer docstrings.
"""
'''


_WITH_COMMANDS = """\
__version__ = VERSION

if __name__ == "__main__":
\trun()
"""
_WITHOUT_COMMANDS = """\
__version__ = VERSION

if __name__ == "__main__":  # this copy has no commands: test it
\tfor case, report in self_test():
\t\tif report:
\t\t\traise SystemExit(f"{case}: {report}")
"""


def single_file(sources: Mapping[str, str], packages: Iterable[str], parts: Sequence[str]) -> str:
    """Return the text of the file.

    sources: the text of each module by its dotted name within the package; "" is the package
    packages: the modules that are packages;  parts: as of chosen_parts()
    """
    are_packages = set(packages)
    modules = {
        name: read_module(name, text, name in are_packages) for name, text in sources.items()
    }
    needs = {name: module.needs for name, module in modules.items()}
    names = modules_of(parts, needs)
    public = _public_names(sources[""])
    kept = {name: modules[name].statements for name in names}
    if set(parts) != set(PARTS):
        roots = {*_ENTRY_POINTS, *public}
        for name in names:
            if part_of(name) in parts:
                roots.update(*(statement.names for statement in kept[name]))
        kept = _reachable(kept, roots)
    sections = [
        _section(name, modules[name], kept[name], name in are_packages, set(names), public)
        for name in names
        if kept[name]
    ]
    defined = {name for section in kept.values() for each in section for name in each.names}
    head = "\n".join([_header(parts), _DOCSTRING])
    names_of_file = "\n".join([_imports(names, modules, kept), _all_of(public, defined)])
    tail = _WITH_COMMANDS if "run" in defined else _WITHOUT_COMMANDS
    body = "\n\n\n".join([names_of_file[:-1], *sections, tail])
    return with_checksum(with_last_line(head, body))


def _header(parts: Sequence[str]) -> str:
    left_out = [part for part in sorted(PARTS) if part not in parts]
    facts = [
        "SPDX-License-Identifier: MIT",
        f"{FILE_NAME}, version {VERSION}, vectors {VECTORS_VERSION}",
        f"parts: {', '.join(parts) or 'none'}; left out: {', '.join(left_out) or 'none'}",
    ]
    lines = ["#!/usr/bin/env python3"] + [f"# {fact}" for fact in facts] + ["#"]
    lines += [f"# {line}".rstrip() for line in _LICENCE.splitlines()]
    return "\n".join(lines) + "\n"


def _public_names(text: str) -> List[str]:
    """Return `__all__` of the package."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and [ast.dump(target) for target in node.targets] == [
            ast.dump(ast.parse("__all__ = 0").body[0].targets[0])  # type: ignore[attr-defined]
        ]:
            return list(ast.literal_eval(node.value))
    return []


def _all_of(public: Sequence[str], defined: Set[str]) -> str:
    names = [name for name in public if name in defined] + ["__version__"]
    listed = wrap(", ".join(f'"{name}"' for name in names), 96)
    return "__all__ = [\n\t" + "\n\t".join(listed) + "\n]\n"


def _reachable(
    kept: Mapping[str, Sequence[Statement]], roots: Iterable[str]
) -> Dict[str, List[Statement]]:
    """Return the statements that the roots use, directly or not, and those without a name."""
    homes: Dict[str, List[Statement]] = {}
    waiting = list(roots)
    for statements in kept.values():
        for statement in statements:
            for name in statement.names:
                homes.setdefault(name, []).append(statement)
            if not statement.names:
                waiting += statement.uses
    seen: Set[str] = set()
    texts: Set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            for statement in homes.get(name, ()):
                texts.add(statement.text)
                waiting += statement.uses
    return {
        module: [each for each in statements if each.text in texts or not each.names]
        for module, statements in kept.items()
    }


def _section(
    name: str,
    module: ModuleSource,
    statements: Sequence[Statement],
    is_package: bool,
    present: Set[str],
    public: Sequence[str],
) -> str:
    """Return the statements of a module, with the first paragraph of its docstring above them."""
    has_internals = name.partition(".")[0] in _INTERNAL
    file_name = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
    summary = " ".join(module.docstring.split("\n\n")[0].split())
    head = [f"# ======== {file_name} ========", *wrap(summary, 98)]
    pieces = ["\n# ".join(head) + "\n"]
    for statement in statements:
        text = without_relative_imports(name, is_package, statement.text + "\n", present)
        is_internal = has_internals and statement.names.isdisjoint(public)
        text = with_short_rulers(with_short_docstrings(text.rstrip("\n"), is_internal))
        text = with_tabs(text)
        gap = "\n" if re.search("^(?:def|class|@)", text, re.MULTILINE) else ""
        pieces.append(gap + text)
    return "\n".join(pieces)


def _imports(
    names: Sequence[str],
    modules: Mapping[str, ModuleSource],
    kept: Mapping[str, Sequence[Statement]],
) -> str:
    """Return the imports of the standard library that the statements need."""
    runtime: Set[Imported] = set()
    typing: Set[Imported] = {("typing", "TYPE_CHECKING", "")}
    for name in names:
        used = {use for statement in kept[name] for use in statement.uses}
        runtime.update(each for each in modules[name].imports if _bound_name(each) in used)
        typing.update(modules[name].typing_imports if kept[name] else ())
    optional = {each for each in runtime if each[0] in _OPTIONAL}
    for_types = _import_lines(typing - {("typing", "TYPE_CHECKING", "")} - optional)
    needed = {("typing", "Any", "")} if optional else set()
    if for_types:
        needed.add(("typing", "TYPE_CHECKING", ""))
    lines = _import_lines({*runtime, *needed} - optional - {("sys", "", "")})
    if for_types:
        lines += ["", "if TYPE_CHECKING:", *("\t" + line for line in for_types)]
    return "\n".join(lines + _optional_lines(optional)) + "\n"


def _bound_name(imported: Imported) -> str:
    module, name, alias = imported
    return alias or name or module.partition(".")[0]


# Some Pythons lack these. In the package, a module that needs one of them is loaded on first use.
_OPTIONAL = ("socket", "ssl")
_ABSENT = '''\

class _Absent:
\t"""A module that this Python lacks. A use of it raises the error of its import."""

\tdef __init__(self, error: ImportError) -> None:
\t\tself._error = error

\tdef __getattr__(self, name: str) -> Any:
\t\traise self._error
'''
_OPTIONAL_IMPORT = """\

try:
\timport {0}
except ImportError as error:
\t{0} = _Absent(error)"""


def _optional_lines(imports: Iterable[Imported]) -> List[str]:
    found = sorted({module for module, _, _ in imports}.intersection(_OPTIONAL))
    return [_ABSENT, *(_OPTIONAL_IMPORT.format(module) for module in found)] if found else []


def _import_lines(imports: Iterable[Imported]) -> List[str]:
    groups: Dict[str, List[Tuple[str, str]]] = {}
    for module, name, alias in sorted(imports):
        groups.setdefault(module, []).append((name, alias))
    lines = []
    for module, names in groups.items():
        for name, alias in names:
            if not name:
                lines.append(f"import {module} as {alias}" if alias else f"import {module}")
        listed = ", ".join(f"{name} as {alias}" if alias else name for name, alias in names if name)
        if listed:
            line = f"from {module} import {listed}"
            wrapped = wrap(listed, 96)
            many = f"from {module} import (\n  " + "\n  ".join(wrapped) + "\n)"
            lines.append(line if len(line) < 100 else many)
    return lines
