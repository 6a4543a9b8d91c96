# SPDX-License-Identifier: MIT
"""`python3 -m conformance`."""
from .cli import run

if __name__ == "__main__":
    run()
