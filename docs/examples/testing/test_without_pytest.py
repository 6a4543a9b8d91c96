"""The same without pytest."""

import os
import unittest
from unittest import mock

from chat import chat

from conformance.testing import Endpoint, openai


class ChatTest(unittest.TestCase):
    def test_tokens_are_joined(self):
        with Endpoint(strict=True) as sagemaker:
            sagemaker.on("llm", openai("Hel", "lo"))
            with mock.patch.dict(os.environ, sagemaker.environ(), clear=True):
                self.assertEqual("".join(chat("Hi")), "Hello")


if __name__ == "__main__":
    unittest.main()
