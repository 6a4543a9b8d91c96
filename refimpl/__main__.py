# SPDX-License-Identifier: MIT
"""`python3 -m refimpl`; an interrupt ends it quietly even while it loads.

What is loaded stays until the process ends. The collector does not look for garbage in it, neither now nor at the end, which
would take a short call a sixth of its time; what comes later it collects as ever.
"""

import gc
import sys

if __name__ == "__main__":
    try:
        gc.disable()
        from .cli import run

        getattr(gc, "freeze", bool)()  # Python 3.7
        gc.enable()
        run()
    except KeyboardInterrupt:
        sys.exit(130)
