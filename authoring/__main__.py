# SPDX-License-Identifier: MIT
"""`python3 -m authoring`: write the vectors."""
import sys

from authoring import CaseMistake, write

if __name__ == "__main__":
    try:
        for name, count in write():
            print("%-20s %4d cases" % (name, count))
    except CaseMistake as mistake:
        sys.exit("authoring: %s" % mistake)
