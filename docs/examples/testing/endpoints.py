"""Replies for `python3 -m conformance serve --scenarios endpoints.py`."""

from conformance.testing import error, model_error, openai, slow


def endpoints(sagemaker):
    sagemaker.on("llm", slow(openai("Hel", "lo"), 0.05))
    sagemaker.on("echo", lambda request: openai(*request.text.split()))
    sagemaker.on("busy", error(503))
    sagemaker.on("broken", openai("Hel", finish_reason=None, done=False), model_error(500, "oom"))
