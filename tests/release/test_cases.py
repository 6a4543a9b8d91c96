# SPDX-License-Identifier: MIT
"""Tests of release/cases.py: the cases as JSON, and their readers in JavaScript and Go."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest

from conformance.cases.questions import questions_of
from conformance.cases.scenarios import scenario_cases
from refimpl.version import VECTORS_VERSION
from release.cases import FORMAT, LARGEST, case_files
from tests.support import committed_cases

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cases():
    return [*committed_cases(), *scenario_cases()]


@pytest.fixture(scope="module")
def folder(cases, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("cases")
    for name, data in case_files(cases).items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(data)
    return path


def documents(folder: Path) -> Dict[str, Any]:
    return {path.stem: json.loads(path.read_bytes()) for path in (folder / "cases").iterdir()}


def test_every_request_is_in_it_or_named_in_the_index(folder, cases):
    expected = {
        (case.op, case.id, question.chunking) for case in cases for question in questions_of(case)
    }
    found = {
        (op, case["id"], request["chunking"])
        for op, document in documents(folder).items()
        for case in document["cases"]
        for request in case["requests"]
    }
    index = json.loads((folder / "index.json").read_bytes())
    left_out = {(entry["op"], entry["id"], entry["chunking"]) for entry in index["left_out"]}
    assert found | left_out == expected and not found & left_out
    assert len(left_out) < 100
    assert sorted(index["operations"]) == sorted(documents(folder))


def test_requests_are_those_of_the_runner(folder, cases):
    questions = {
        (case.id, question.chunking): question for case in cases for question in questions_of(case)
    }
    for document in documents(folder).values():
        assert (document["format"], document["vectors"]) == (FORMAT, VECTORS_VERSION)
        for case in document["cases"]:
            for request in case["requests"]:
                question = questions[case["id"], request["chunking"]]
                described = request.get("described", False)
                assert (request["input"] == question.input) is not described
                if not described:
                    assert request["expect"] == question.expect
                assert len(json.dumps(request)) <= 2 * LARGEST
                assert "frames" not in request["input"]


def test_each_file_has_one_line_per_case_in_ascii(folder):
    for path in (folder / "cases").iterdir():
        lines = path.read_bytes().decode("ascii").splitlines()
        count = len(json.loads(path.read_bytes())["cases"])
        assert len(lines) == count + 2


def test_a_package_for_node(folder):
    package = json.loads((folder / "package.json").read_bytes())
    assert package["version"] == VECTORS_VERSION
    assert all((folder / name).exists() for name in package["files"])
    _passes(folder, "# fail 0", "node", "--test")


def test_a_module_for_go(folder):
    more = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    _passes(folder, "ok ", "go", "test", "-count=1", "./...", **more)
    _passes(folder, "", "go", "vet", "./...", **more)


def _passes(folder: Path, words: str, program: str, *arguments: str, **more: str) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}")
    done = subprocess.run(
        [found, *arguments],
        cwd=str(folder),
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0 and words in output, output
