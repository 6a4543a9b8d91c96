# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/scenarios/applications.py: what an application sees in each.

The reference's extraction reads the payload. An application that reports less loses a failure.
"""

from typing import Any, Dict, List, Tuple

import pytest

from conformance.endpoint.scenarios import applications, scenario_named
from conformance.endpoint.scenarios.applications import CONTAINERS, TEXT, TOKENS
from refimpl.errors import ContainerError, TextError
from refimpl.text.extraction import ModelText, deltas_of, parse_extraction
from tests.rows import for_each

NAMES = [scenario.name for scenario in applications.scenarios()]
FAILURES = sorted({name.partition("-")[2] for name in NAMES})
COMPLETE = {
    "complete",
    "one-part",
    "split-characters",
    "split-lines",
    "one-byte-parts",
    "pings",
    "crlf",
    "no-final-newline",
    "skipped-events",
}


def read(name: str, preset: str) -> Tuple[str, bool, Any]:
    """Return the text, whether the model's stream is complete, and the container's failure."""
    model_text = ModelText(parse_extraction(preset), warn=lambda warning: None)
    texts: List[str] = []
    failure = None
    is_unread = False
    try:
        for delta in deltas_of(scenario_named(name).expect.parts, model_text):
            texts.append(delta.text)
    except ContainerError as error:
        failure = error
    # The text ends inside a value.
    except TextError:
        is_unread = True
    is_complete = failure is None and not is_unread and bool(model_text.summary.complete)
    return "".join(texts), is_complete, failure


def test_each_container_has_each_failure() -> None:
    wanted = {f"{container.name}-{failure}" for container in CONTAINERS for failure in FAILURES}
    assert set(NAMES) == wanted and len(NAMES) == len(set(NAMES)) and len(FAILURES) > 20


@for_each("name", NAMES)
def test_the_model_s_stream_is_what_the_name_says(name: str) -> None:
    container, _, failure = name.partition("-")
    text, is_complete, problem = read(name, container)
    assert TEXT.startswith(text)
    if failure in COMPLETE:
        assert (text, problem) == (TEXT, None)
        # DJL's older lines have no end marker.
        assert is_complete == (container != "djl")
    else:
        assert not is_complete
    assert (problem is not None) == (failure in ("error-object", "only-an-error"))
    if problem is not None:
        assert "CUDA out of memory" in str(problem)


def test_the_text_before_a_failure() -> None:
    texts: Dict[str, str] = {
        failure: read(f"openai-{failure}", "auto")[0] for failure in FAILURES if failure != "stall"
    }
    assert texts["no-end-marker"] == texts["error-object"] == "".join(TOKENS[:-1])
    assert texts["only-pings"] == texts["only-an-error"] == ""
    assert texts["exception"] == texts["reset"] == texts["truncated-http"] == TOKENS[0]


@pytest.mark.parametrize("container", [container.name for container in CONTAINERS])
def test_the_pieces_are_split_where_the_names_say(container: str) -> None:
    parts = scenario_named(f"{container}-split-characters").expect.parts
    with pytest.raises(UnicodeDecodeError):
        parts[0].decode("utf-8")
    assert scenario_named(f"{container}-no-final-newline").expect.parts[-1][-1:] != b"\n"
    crlf = b"".join(scenario_named(f"{container}-crlf").expect.parts)
    assert crlf.count(b"\r\n") == crlf.count(b"\n") > 0
    assert scenario_named(f"{container}-complete").since == "0.2.0"
