# SPDX-License-Identifier: MIT
"""`python3 -m authoring`: write vectors/*.json and the manifest."""

import sys

from authoring import CaseMistake, write

if __name__ == "__main__":
    try:
        for name, count in write():
            print(f"{name:20} {count:4} cases")
    except CaseMistake as mistake:
        sys.exit(f"authoring: {mistake}")
