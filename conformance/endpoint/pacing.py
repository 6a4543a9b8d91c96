# SPDX-License-Identifier: MIT
"""Progress of a client: how many events it has handed over, and how long the endpoint waits for it.

In a paced scenario, the endpoint sends the next part after the client has handed over all earlier
ones. Only the program around the client knows that, and reports it. Without a report the endpoint
waits for a while, which is the hold. The first wait that ends without a report is the lapse. The
endpoint then plays the rest without further waits.
"""

import threading
from typing import NamedTuple, Optional


class Lapse(NamedTuple):
    """A wait that ended without a report.

    sent: the number of complete events that the endpoint had sent
    handed_over: how many of them the client had handed over
    """

    sent: int
    handed_over: int


class Pacing:
    """The progress of one call, which one thread reports and another one waits for.

    hold: seconds that the endpoint waits for a report
    lapse: the first wait that ended without a report, or None
    impossible: a report of an event that was not sent, or None
    """

    def __init__(self, hold: float) -> None:
        self.hold = hold
        self.lapse: Optional[Lapse] = None
        self.impossible: Optional[Lapse] = None
        self._handed_over = 0
        self._has_ended = False
        self._changed = threading.Condition()

    def report(self, count: int) -> None:
        """Note that the client has handed over this many events."""
        with self._changed:
            self._handed_over = count
            self._changed.notify_all()

    def end(self) -> None:
        """Note that the call has ended: nothing waits for it any more."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def wait(self, sent: int) -> None:
        """Wait until the client has handed over all events that were sent, or for the hold."""
        with self._changed:
            if self.lapse is None and not self._changed.wait_for(
                lambda: self._has_ended or self._handed_over >= sent, self.hold
            ):
                self.lapse = Lapse(sent, self._handed_over)
            if self._handed_over > sent and self.impossible is None:
                self.impossible = Lapse(sent, self._handed_over)
