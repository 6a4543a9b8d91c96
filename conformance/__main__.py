# SPDX-License-Identifier: MIT
"""`python3 -m conformance`; an interrupt ends it without a traceback even while it loads."""

import sys

if __name__ == "__main__":
    try:
        from conformance.cli import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)
