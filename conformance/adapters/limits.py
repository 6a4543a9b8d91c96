# SPDX-License-Identifier: MIT
"""The timeouts of the third-party adapter programs.

A call that has not ended by the deadline, long after every timeout that its client was given,
hangs. Then the adapter does not answer, and the suite ends it. curl offers the operation
`http.call` instead of `invoke`, because it speaks HTTP but cannot decode an event stream.
"""

READ_TIMEOUT = 3.0  # seconds that each client waits for the next byte
DEADLINE = 8.0  # seconds after which a call counts as hanging
