# SPDX-License-Identifier: MIT
"""`conformance dump`: a case as files, for a debugger without the runner.

    question.jsonl   the lines for an adapter: hello, one request per chunking, bye
    input.bin        the case's bytes before they are split, if it has any
    expect.json      the expected answer to each request, and the acceptable ones
    README.txt       the case for a person

To run a case: `adapter < question.jsonl`. An `invoke` case also needs
`python3 -m conformance serve --port 8080`.
"""

import json
import os
from typing import List, Mapping, Tuple, Union

from conformance.cases.case import Case
from conformance.cases.questions import expected_in, input_bytes, questions_of
from conformance.cases.rules import Rule
from conformance.escaping import escaped
from conformance.files import write_whole
from conformance.protocol.messages import PROTOCOL_VERSION
from conformance.report.terminal import case_lines
from conformance.run.asking import addressed
from refimpl.errors import UsageError

SERVED = "http://127.0.0.1:8080"  # the URL that `conformance serve --port 8080` prints


def write_case(case: Case, folder: str, rules: Mapping[str, Rule]) -> None:
    """Write the files of a case into a folder, which is created if missing.

    A link in the place of a file is replaced. Raises UsageError if the folder is a link.
    """
    os.makedirs(folder, exist_ok=True)
    if os.path.islink(folder):
        raise UsageError("a case's folder is a link", expected="a folder", actual=folder)
    for name, content in files_of(case, rules):
        if isinstance(content, str):
            content = escaped(content).encode("utf-8")
        write_whole(os.path.join(folder, name), content, follow=False, sync=False)


def files_of(case: Case, rules: Mapping[str, Rule]) -> List[Tuple[str, Union[str, bytes]]]:
    """Return (name, content) of each file."""
    questions = questions_of(case)
    asked = [
        {"cmd": "run", "seq": seq, "op": case.op, "input": addressed(case, question.input, SERVED)}
        for seq, question in enumerate(questions, 1)
    ]
    lines = [{"cmd": "hello", "protocol": PROTOCOL_VERSION}, *asked, {"cmd": "bye"}]
    expected = [
        {
            "seq": seq,
            "chunking": question.chunking,
            "expect": question.expect,
            "acceptable": [
                dict(other, expect=expected_in(case, other["expect"], question.chunking))
                for other in case.acceptable
            ],
        }
        for seq, question in enumerate(questions, 1)
    ]
    files: List[Tuple[str, Union[str, bytes]]] = [
        ("question.jsonl", "".join(json.dumps(line) + "\n" for line in lines)),
        ("expect.json", json.dumps(expected, indent=1, ensure_ascii=False) + "\n"),
        ("README.txt", "\n".join(case_lines(case, rules)) + "\n"),
    ]
    data = input_bytes(case)
    return files if data is None else files + [("input.bin", data)]
