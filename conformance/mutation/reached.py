# SPDX-License-Identifier: MIT
"""Sends requests to the traced reference (reach.py) and returns the lines that each one reaches."""

import json
from typing import Dict, List, Sequence

from conformance.cases.questions import Question
from conformance.endpoint.server import Endpoint
from conformance.mutation.bench import Bench, ProofFailed
from conformance.protocol.process import AdapterFault
from conformance.run.asking import addressed
from conformance.run.runner import OWN_ADAPTER


def reached_by(
    bench: Bench, questions: Sequence[Question], path: str, timeout: float
) -> List[Dict[str, List[int]]]:
    """Return the lines executed on import, by module, then the lines that each request reaches.

    Raises ProofFailed if the adapter fails.
    """
    try:
        with Endpoint() as endpoint, bench.start(
            [OWN_ADAPTER[0], "-m", "conformance.mutation.reach", path]
        ) as adapter:
            for question in questions:
                adapter.ask(
                    question.case.op,
                    addressed(question.case, question.input, endpoint.url),
                    timeout * 20,
                )  # a tracer is slow
    except AdapterFault as fault:
        raise ProofFailed(f"the traced adapter failed: {fault}") from None
    with open(path, encoding="ascii") as file:
        return [json.loads(line) for line in file]
