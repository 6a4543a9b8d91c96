# SPDX-License-Identifier: MIT
"""Replies in a Python file, for `serve --scenarios FILE.py`.

The file defines the function `endpoints`, which gets the Endpoint:

    from conformance.testing import error, openai

    def endpoints(sagemaker):
        sagemaker.on("llm", openai("Hel", "lo"))
        sagemaker.on("busy", error(503))

The file is a program of the user. It runs with the user's rights.
"""

import importlib.util
import os
import sys
import traceback

from conformance.testing.double import Endpoint
from refimpl.errors import UsageError, shown

FUNCTION = "endpoints"


def load_endpoints(path: str, endpoint: Endpoint) -> None:
    """Run the function `endpoints` of a Python file. Raises UsageError if that fails."""
    folder = os.path.dirname(os.path.abspath(path))
    spec = importlib.util.spec_from_file_location("endpoints_of_user", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise UsageError(f"cannot read {shown(path)}", expected="a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
        function = getattr(module, FUNCTION, None)
        if not callable(function):
            raise UsageError(
                f"{path} does not define {FUNCTION}()", expected=f"def {FUNCTION}(sagemaker): ..."
            )
        function(endpoint)
    except UsageError:
        raise
    # A program of the user may raise anything, and may exit.
    except (Exception, SystemExit) as error:
        raise UsageError(_described(path, error)) from error
    finally:
        sys.path.remove(folder)


def _described(path: str, error: BaseException) -> str:
    """Return one line with the error and its place in the file."""
    line = getattr(error, "lineno", None)
    for frame in traceback.extract_tb(error.__traceback__):
        if os.path.abspath(frame.filename) == os.path.abspath(path):
            line = frame.lineno
    place = f", line {line}" if line is not None else ""
    return f"{shown(path)}{place}: {shown(error, 300)}"
