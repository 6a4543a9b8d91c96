# SPDX-License-Identifier: MIT
"""Tests of conformance/adapters/vendored.py: the suite runs on each form of a copy."""

import io
import sys

import pytest

from conformance import cli
from refimpl.vendor.parts import PARTS
from tests.refimpl.cli.support import call
from tests.support import committed_cases

FORMS = {"file": "copy.py", "folder": "copy", "zipapp": "copy.pyz"}


def run_suite(path, *options):
    """Run the suite on a copy. Return its exit code and what it printed."""
    adapter = f"{sys.executable} -m conformance.adapters.vendored {path}"
    stdout, stderr = io.BytesIO(), io.StringIO()
    code = cli.main(["run", "--adapter", adapter, *options], cli.Streams(stdout, stderr))
    return code, stdout.getvalue().decode(), stderr.getvalue()


def copy(tmp_path, form, *options):
    path = tmp_path / FORMS[form]
    assert call("vendor", str(path), "--form", form, *options).code == 0
    return path


def passes(path, *options):
    code, output, complaints = run_suite(path, *options)
    assert (code, complaints) == (0, "")
    count = output.split()[-2]
    assert output.endswith(f"{count} cases: {count} PASS\n")


@pytest.mark.slow
def test_the_file_passes_every_case(tmp_path):
    passes(copy(tmp_path, "file", "--with", ",".join(PARTS)))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["folder", "zipapp"])
def test_the_other_forms_pass_a_case_of_each_operation(tmp_path, form):
    """Their modules are those of the package, byte for byte, and the package passes every case.

    tests/refimpl/cli/test_vendor.py compares the bytes.
    """
    cases = {}
    for case in committed_cases():
        cases.setdefault(case.op, case.id)
    chosen = [*cases.values(), "invoke-default", "invoke-error-424"]
    passes(copy(tmp_path, form), *(word for name in chosen for word in ("--only", name)))


@pytest.mark.slow
def test_the_smallest_file_signs_and_decodes_as_every_case_expects(tmp_path):
    path = copy(tmp_path, "file", "--with", "none")
    code, output, _ = run_suite(path, "--only", "sig-*", "--only", "evs-*")
    assert code == 0 and "FAIL" not in output
    rows = {row.split()[0]: row.split()[1:] for row in output.splitlines() if row[:1].isalpha()}
    assert rows["sigv4.verify"][0] == "-"
    assert int(rows["sigv4.sign"][0]) > 300 and int(rows["eventstream.decode"][0]) > 200


@pytest.mark.slow
@pytest.mark.parametrize("form", ["file", "folder"])
def test_the_copy_is_judged_and_not_the_package(tmp_path, form):
    path = copy(tmp_path, form)
    broken = path / "sigv4_values.py" if form == "folder" else path
    text = broken.read_text(encoding="utf-8")
    assert "AWS4-HMAC-SHA256" in text
    broken.write_text(text.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA265"), encoding="utf-8")
    code, output, _ = run_suite(path, "--only", "sig-method-post")
    assert code == 1 and "sig-method-post" in output


@pytest.mark.parametrize("arguments", [[], ["missing.py"], ["a", "b"]])
def test_the_path_is_checked(arguments):
    from conformance.adapters.vendored import main

    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert "expected the path of a copy" in str(end.value)
