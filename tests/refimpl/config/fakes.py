# SPDX-License-Identifier: MIT
"""A fake outside world for the tests of the credential sources."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from conformance.endpoint.credentials_services import (
    sts_credentials_document,
    sts_error_document,
)
from refimpl.config.chain import source_context
from refimpl.config.sources import SourceContext
from refimpl.config.surroundings import FetchReply, FetchRequest, ProcessOutput, Surroundings
from refimpl.errors import NetworkError

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
LATER = "2027-01-15T09:00:00Z"
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY", "sessionTokenEXAMPLE"

Reply = Union[FetchReply, Exception, Callable[[FetchRequest], Any]]


class World:
    """Surroundings whose files, replies and time are attributes, and which record what is asked.

    replies: `METHOD URL` to a reply, an error, a function of the request, or a list of these that
        is used up; a URL without a reply has no connection
    """

    def __init__(
        self,
        environment: Optional[Mapping[str, str]] = None,
        files: Optional[Mapping[str, Union[str, bytes, OSError]]] = None,
        replies: Optional[Mapping[str, Any]] = None,
        process: Any = None,
        **options: Any,
    ) -> None:
        self.now = NOW
        self.pid = 1
        self.files: Dict[str, Any] = dict(files or {})
        self.replies: Dict[str, Any] = dict(replies or {})
        self.process = process
        self.requests: List[FetchRequest] = []
        self.commands: List[Tuple[Tuple[str, ...], float]] = []
        self.slept: List[float] = []
        self.surroundings = Surroundings(
            dict({"HOME": "/h"}, **(environment or {})),
            read_file=self.read,
            write_file=self.write,
            run_process=self.run,
            fetch=self.fetch,
            clock=lambda: self.now,
            sleep=self.slept.append,
            process_id=lambda: self.pid,
            **options,
        )

    def read(self, path: str, limit: int) -> Optional[bytes]:
        found = self.files.get(path)
        if isinstance(found, OSError):
            raise found
        data = found.encode("utf-8") if isinstance(found, str) else found
        return None if data is None else data[:limit]

    def write(self, path: str, data: bytes) -> None:
        if isinstance(self.files.get(path), OSError):
            raise self.files[path]
        self.files[path] = data

    def run(self, arguments: Sequence[str], timeout: float) -> ProcessOutput:
        self.commands.append((tuple(arguments), timeout))
        if isinstance(self.process, Exception):
            raise self.process
        return self.process

    def fetch(self, request: FetchRequest) -> FetchReply:
        self.requests.append(request)
        found = self.replies.get(f"{request.method} {request.url}")
        if isinstance(found, list):
            found = found.pop(0)
        if callable(found):
            found = found(request)
        if found is None:
            raise NetworkError(f"cannot connect to {request.url}", retryable=True)
        if isinstance(found, Exception):
            raise found
        return found

    def context(
        self, config: Optional[str] = None, profile: Optional[str] = None, region: Any = "eu-west-1"
    ) -> SourceContext:
        if config is not None:
            self.files["/h/.aws/config"] = config
        return source_context(self.surroundings, profile, region)


def reply(status: int, body: Union[str, bytes] = b"", *headers: Tuple[str, str]) -> FetchReply:
    return FetchReply(status, headers, body.encode("utf-8") if isinstance(body, str) else body)


def sts_reply(
    action: str = "AssumeRole", key: str = "ASIAROLE", expiration: str = LATER
) -> FetchReply:
    return reply(
        200, sts_credentials_document(action, expiration, key, f"{key}secret", f"{key}token")
    )


def sts_error(code: str, message: str, status: int = 403) -> FetchReply:
    return reply(status, sts_error_document(code, message))


STS = "POST https://sts.eu-west-1.amazonaws.com/"
