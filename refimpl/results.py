# SPDX-License-Identifier: MIT
"""The results of a response, as an iterator that raises its error again and again."""

from typing import Callable, Generator, Generic, Iterator, Optional, TypeVar

from .errors import Error, NetworkError, UsageError

ResultItem = TypeVar("ResultItem")


class Results(Iterator[ResultItem], Generic[ResultItem]):
    """The results of a generator, for one thread at a time.

    A generator that has failed only says that it is at its end, which would make a broken stream
    look complete. This iterator raises the same error at each later call.
    """

    def __init__(
        self,
        results: "Generator[ResultItem, None, None]",
        close: "Optional[Callable[[], None]]" = None,
    ) -> None:
        self._next = results.__next__
        self._failure: Optional[Error] = None
        self.close = close or results.close

    def __next__(self) -> ResultItem:
        if self._failure is not None:
            raise self._failure
        try:
            return self._next()
        except StopIteration:
            raise
        except Error as error:
            from .redaction import forget_variables

            forget_variables(error)
            self._failure = error
            raise
        except ValueError as error:
            if str(error) != "generator already executing":
                raise
            raise UsageError("another thread reads this response") from None
        except BaseException:  # KeyboardInterrupt, for example, which has ended the generator
            self._failure = NetworkError("reading was interrupted", kind="closed")
            raise


def described(
    results: "Iterator[ResultItem]", status: int, request_id: "Optional[str]"
) -> "Generator[ResultItem, None, None]":
    """Yield the results. An error gets the status and the id of the call."""
    try:
        yield from results
    except Error as error:
        error.status = status
        error.request_id = request_id
        raise
