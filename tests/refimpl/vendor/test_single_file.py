# SPDX-License-Identifier: MIT
"""Tests of refimpl/vendor/single_file.py: the text of the file, its size and what it can do."""

import ast
import builtins
import hashlib
import symtable
import types
from itertools import combinations

import pytest

import refimpl
from refimpl.cli.vendor import package_sources
from refimpl.self_test import checksum_of
from refimpl.vendor.parts import PARTS, chosen_parts, part_of
from refimpl.vendor.single_file import single_file
from tests.interpreters import ROOT, interpreters, run_program
from tests.rows import first_fast, for_each

SOURCES, PACKAGES = package_sources()
_built = {}


def built(*parts):
    """Return the text of the file with these parts."""
    if parts not in _built:
        _built[parts] = single_file(SOURCES, PACKAGES, sorted(parts))
    return _built[parts]


def loaded(*parts):
    """Return a new module with the contents of the file."""
    module = types.ModuleType("copy_" + "_".join(parts))
    exec(compile(built(*parts), "sagemaker_stream.py", "exec"), vars(module))
    return module


OF_CLIENTS = chosen_parts(None, None)
CHOICES = [
    choice for count in range(len(OF_CLIENTS) + 1) for choice in combinations(OF_CLIENTS, count)
]
CHOICES.append(tuple(sorted(PARTS)))


@pytest.mark.slow
def test_the_file_of_a_client_has_at_most_600_kilobytes():
    assert len(built(*OF_CLIENTS).encode()) <= 600_000


@pytest.mark.slow
def test_only_public_names_keep_docstrings_in_internal_modules():
    text = built(*OF_CLIENTS)
    assert '\t"""The credentials of a profile' in text and "def verify(" not in text
    command = text.partition("# ======== cli/invoke.py")[2].partition("# ======== ")[0]
    assert "def " in command and '"""' not in command
    assert "def verify(" in built(*sorted(PARTS))


@pytest.mark.slow
def test_the_smallest_file_has_at_most_200_kilobytes():
    assert len(built().encode()) <= 200_000


@pytest.mark.slow
def test_the_header_states_versions_parts_licence_and_checksum():
    text = built("client", "text")
    lines = text.splitlines()
    assert lines[0] == "#!/usr/bin/env python3"
    assert lines[1] == "# SPDX-License-Identifier: MIT"
    assert refimpl.operation.VERSION in lines[2] and refimpl.operation.VECTORS_VERSION in lines[2]
    assert lines[3] == "# parts: client, text; left out: config, documents, explain, servers"
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8").partition("\nThe contents of")[0]
    for line in licence.splitlines()[1:]:
        assert f"# {line}".rstrip() in lines[:30]
    stated, actual = checksum_of(text.encode())
    assert stated and stated == actual


@pytest.mark.slow
@pytest.mark.parametrize("version, python", interpreters(), ids=lambda value: value)
def test_every_python_writes_the_same_bytes(version, python):
    program = (
        "import hashlib, sys\nfrom refimpl.cli.vendor import package_sources\n"
        "from refimpl.vendor.parts import PARTS\n"
        "from refimpl.vendor.single_file import single_file\n"
        "for parts in (sorted(PARTS), [], ['client', 'text']):\n"
        "    text = single_file(*package_sources(), parts)\n"
        "    print(checksum(text))\n"
    ).replace("checksum(text)", "hashlib.sha256(text.encode()).hexdigest()")
    expected = [built(*sorted(PARTS)), built(), built("client", "text")]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in expected]
    assert run_program(python, program).split() == digests


def undefined_names(text):
    """Return the names that functions of a program read and nothing defines."""
    table = symtable.symtable(text, "copy.py", "exec")
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
    names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_imported()}
    names |= {child.get_name() for child in table.get_children()}
    names |= set(dir(builtins)) | {"__file__", "__name__"}
    missing = set()
    waiting = [table]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_global() and symbol.is_referenced() and symbol.get_name() not in names:
                missing.add(symbol.get_name())
    return missing


def names_of_part(part):
    found = set()
    for name, text in SOURCES.items():
        if part_of(name) == part:
            for node in ast.parse(text).body:
                targets = getattr(node, "targets", [getattr(node, "target", node)])
                found |= {getattr(target, "id", getattr(target, "name", "")) for target in targets}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("parts", first_fast(map(list, CHOICES[::-1]), 1), ids="+".join)
def test_a_file_lacks_only_the_names_of_the_parts_that_are_left_out(parts):
    left_out = set().union(*(names_of_part(part) for part in PARTS if part not in parts))
    assert undefined_names(built(*parts)) <= left_out | {"add_vendor"}


@pytest.mark.slow
@pytest.mark.parametrize("parts", first_fast(map(list, CHOICES), 1), ids="+".join)
def test_a_file_with_any_parts_passes_its_test(parts):
    module = loaded(*parts)
    assert [report for _, report in module.self_test() if report] == []
    assert set(module.__all__) <= set(vars(module))
    if set(parts) == set(PARTS):
        assert set(module.__all__) == set(refimpl.__all__)


@pytest.mark.slow
def test_the_smallest_file_signs_and_decodes_and_has_no_client():
    module = loaded()
    for name in ("Signer", "Credentials", "Decoder", "encode", "build_request", "open_exchange"):
        assert name in vars(module)
    assert not {"Client", "run", "LineDecoder", "verify", "argparse"} & set(vars(module))


@pytest.mark.slow
@for_each(
    "parts, act, part",
    [
        (("client",), lambda m: m.PayloadPart(bytes=b"x").to_query(), "documents"),
        (("client",), lambda m: m._arguments_of("explain"), "explain"),
        (("client",), lambda m: m._arguments_of("bridge"), "text"),
        (("client",), lambda m: m._arguments_of("doctor"), "config"),
        (("client", "text"), lambda m: m.Client(profile="p", region="us-east-1"), "config"),
    ],
)
def test_what_is_left_out_says_so(parts, act, part):
    module = loaded(*parts)
    with pytest.raises(module.MissingPartError) as caught:
        act(module)
    assert str(caught.value) == f"this copy was made without the part {part}"
    assert caught.value.kind == "configuration"


@pytest.mark.slow
def test_two_copies_in_one_process_are_independent():
    older, newer = loaded("client"), loaded("client")
    assert older.Error is not newer.Error and older.Client is not newer.Client
    with pytest.raises(newer.Error):
        newer.Credentials("", "")
    with pytest.raises(older.Error) as caught:
        older.Credentials("", "")
    assert not isinstance(caught.value, newer.Error)
    assert not isinstance(caught.value, refimpl.Error)
    assert [report for _, report in older.self_test() if report] == []
    assert [report for _, report in newer.self_test() if report] == []
