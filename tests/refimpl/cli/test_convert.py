# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/convert.py: `refimpl convert`."""

import io
import time
from pathlib import Path
from typing import Optional, Tuple

import pytest

from refimpl import cli
from tests.refimpl.cli.support import Result, call, convert, failed, one_line

OUTPUT_JSON = (
    '{"Body":[{"PayloadPart":{"Bytes":"aGk="}},{"PayloadPart":{"Bytes":""}}],'
    '"X-Amzn-SageMaker-Content-Type":"caf\u00e9"}'
)
OUTPUT_QUERY = (
    "Body.1.PayloadPart.Bytes=hi&Body.2.PayloadPart.Bytes=&X-Amzn-SageMaker-Content-Type=caf%C3%A9"
)


def test_converts_there_and_back(tmp_path: Path) -> None:
    query = convert("json", "query", OUTPUT_JSON.encode())
    assert query == Result(0, OUTPUT_QUERY.encode() + b"\n", "", query.flushed)
    # The end of the line is not part of the query.
    assert convert("query", "json", query.stdout).stdout == OUTPUT_JSON.encode() + b"\n"
    assert (
        convert("query", "json", OUTPUT_QUERY.encode() + b"\r\n").stdout
        == OUTPUT_JSON.encode() + b"\n"
    )
    for form in ("xml", "value", "headers"):
        written = convert("json", form, OUTPUT_JSON.encode())
        assert (written.code, written.stderr) == (0, "")
        assert convert(form, "json", written.stdout).stdout == OUTPUT_JSON.encode() + b"\n"
    (tmp_path / "output.json").write_text(OUTPUT_JSON, encoding="utf-8")
    assert convert("json", "query", b"", str(tmp_path / "output.json")).stdout == query.stdout


def test_converts_an_error() -> None:
    done = convert("json", "json", b'{"message":"m"}', "--code", "ns#ModelError", shape="Error")
    assert done.stdout == b'{"error":"ModelError","details":{"Message":"m"}}\n'
    assert convert("json", "xml", done.stdout, shape="Error").stdout == (
        b"<Error><error>ModelError</error><details><Message>m</Message></details></Error>\n"
    )


@pytest.mark.parametrize(
    "source, target, document, code, words",
    [
        ("json", "xml", b"{", 7, ("syntax", "SHP-002")),
        (
            "json",
            "xml",
            b'{"Body":[{},{"PayloadPart":{"Bytes":"?"}}]}',
            7,
            ("type", "in Body[1].PayloadPart.Bytes", "<hidden>", "SHP-010"),
        ),
        (
            "json",
            "xml",
            b'{"ContentType":"\\u0000"}',
            2,
            ("constraint", "SHP-018", "in X-Amzn-SageMaker-Content-Type"),
        ),
        ("yaml", "json", b"", 2, ("invalid choice",)),
        ("json", "yaml", b"", 2, ("invalid choice",)),
    ],
)
def test_rejects_what_cannot_be_converted(
    source: str, target: str, document: bytes, code: int, words: Tuple[str, ...]
) -> None:
    result = convert(source, target, document)
    failed(result, code, *words)
    assert result.stdout == b""


def test_usage(tmp_path: Path) -> None:
    failed(convert("json", "json", b"{}", shape="Nothing"), 2, "unknown shape", "got Nothing")
    failed(call("convert", "--shape", "Header", "--from", "json"), 2, "--to")
    failed(convert("json", "json", b"", str(tmp_path / "none")), 2, "cannot read")
    failed(
        convert("json", "json", b"", ""),
        2,
        "cannot read a file without a name: No such file or directory",
    )


@pytest.mark.slow
def test_reads_no_more_than_the_longest_document(tmp_path: Path) -> None:
    class Endless(io.BytesIO):
        def read(self, size: Optional[int] = -1) -> bytes:
            assert size is not None and 0 < size < 100 * 1024 * 1024
            return b" " * size

    errors, limit = io.StringIO(), 64 * 1024 * 1024
    arguments = ["convert", "--shape", "Header", "--from", "json", "--to", "xml"]
    assert cli.main(arguments, cli.Streams(Endless(), io.BytesIO(), errors, {}, time.time)) == 7
    expected = f"expected at most {limit} bytes, got {limit + 1}, rule SHP-006"
    assert f"the document is too long ({expected})" in one_line(errors.getvalue())
    with open(str(tmp_path / "long"), "wb") as file:
        file.truncate(limit + 1000)
    failed(
        convert("json", "json", b"", str(tmp_path / "long")),
        7,
        "limit: the document is too long",
        f"got {limit + 1}",
    )
