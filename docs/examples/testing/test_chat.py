"""Tests of the chat application. The fixture `sagemaker` comes with the plugin for pytest."""

import pytest
from botocore.exceptions import ClientError, EventStreamError
from chat import Incomplete, chat

from conformance.testing import cut, error, model_error, openai, scenario, slow, stream_error


def test_tokens_are_joined(sagemaker):
    sagemaker.on("llm", openai("Hel", "lo"))
    assert "".join(chat("Hi")) == "Hello"
    assert sagemaker.requests[0].json["messages"] == [{"role": "user", "content": "Hi"}]
    assert sagemaker.requests[0].members["ContentType"] == "application/json"


def test_the_model_sees_the_prompt(sagemaker):
    def model(request):
        prompt = request.json["messages"][-1]["content"]
        return openai(*prompt.upper().split())

    sagemaker.on("llm", model)
    assert "".join(chat("good day")) == "GOODDAY"


def test_a_busy_service_is_called_again(sagemaker):
    sagemaker.on("llm", sequence=[error(503), openai("ok")])
    assert "".join(chat("Hi")) == "ok"
    assert len(sagemaker.requests) == 2


def test_the_container_s_error_is_shown(sagemaker):
    sagemaker.on("llm", model_error(507, "out of memory"))
    with pytest.raises(ClientError, match="out of memory"):
        list(chat("Hi"))


def test_tokens_before_a_failure_are_kept(sagemaker):
    sagemaker.on("llm", openai("Hel", finish_reason=None, done=False), stream_error("too slow"))
    tokens = []
    with pytest.raises(EventStreamError, match="too slow"):
        for token in chat("Hi"):
            tokens.append(token)
    assert tokens == ["", "Hel"]


@pytest.mark.parametrize("framing", ["length", "close"])
def test_a_truncated_stream_is_not_a_short_answer(sagemaker, framing):
    sagemaker.on("llm", cut(openai("Hel", "lo"), after=2, framing=framing))
    with pytest.raises(Incomplete):
        list(chat("Hi"))


@pytest.mark.parametrize("failure", ["no-end-marker", "only-pings", "truncated-in-character"])
def test_every_incomplete_stream_is_noticed(sagemaker, failure):
    sagemaker.on("llm", scenario("openai-" + failure))
    with pytest.raises(Incomplete):
        list(chat("Hi"))


def test_tokens_are_shown_as_they_arrive(sagemaker):
    arrived = []

    def model(request):
        for token in ("a", "b"):
            yield openai(token, finish_reason=None, done=False)
            arrived.append(token)
        yield openai()

    sagemaker.on("llm", slow(openai("a", "b"), 0.05))
    assert "".join(chat("Hi")) == "ab"
    sagemaker.on("llm", model)
    assert "".join(chat("Hi")) == "ab" and arrived == ["a", "b"]


def test_a_wrong_name_is_an_error(sagemaker):
    sagemaker.on("llm", openai("ok"))
    with pytest.raises(ClientError, match="Endpoint lmm of account 123456789012 not found"):
        list(chat("Hi", endpoint="lmm"))
