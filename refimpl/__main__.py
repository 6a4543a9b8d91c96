# SPDX-License-Identifier: MIT
"""`python3 -m refimpl`: the command line.

An interrupt ends the process without a traceback, even while modules are loading.

Everything that is loaded here lives until the process ends. The garbage collector does not scan
it while it loads (`gc.disable`) or later (`gc.freeze`), which saves a sixth of a short call's
time. The collector treats objects that are created later as usual.
"""

import gc
import sys

if __name__ == "__main__":
    try:
        gc.disable()
        from .cli import run

        if hasattr(gc, "freeze"):  # Python 3.7
            gc.freeze()  # novm: not reached on 3.6
        gc.enable()
        run()
    except KeyboardInterrupt:
        sys.exit(130)
    except (ImportError, NameError) as error:  # a file of the package is missing or truncated
        sys.stderr.write(f"refimpl: this copy is incomplete: {error}\n")
        sys.exit(3)
    except OSError as error:  # while modules load, for example without a free descriptor
        sys.stderr.write(f"refimpl: cannot load its modules: {error.strerror or error}\n")
        sys.exit(2)
