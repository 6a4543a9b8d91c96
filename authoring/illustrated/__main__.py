# SPDX-License-Identifier: MIT
"""`python3 -m authoring.illustrated`: print docs/illustrated.html. --write writes it."""

import sys

from authoring.illustrated import PATH, illustrated_page

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PATH.write_text(illustrated_page(), encoding="utf-8")
    else:
        sys.stdout.write(illustrated_page())
