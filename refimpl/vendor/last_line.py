# SPDX-License-Identifier: MIT
"""The start and the end of a single file, which show whether the file was copied completely.

A file that lost its end between two statements is still valid Python. The compiled module has the
name that the last line defines, unless this line is missing. So an intact copy is recognised when
it is imported, without reading the file. Compilers that keep no names, and programs that run one
statement at a time, skip this test.
"""

from .statements import with_tabs

_LINE_COUNT = "_LINES = 0\n"
_TEST = """\
import sys

# The test of a copy that lost its end. The last line defines _LAST_LINE.
_LINES = 0


def _require_last_line(names: "Tuple[str, ...]", is_program: bool) -> None:
    if "_LINES" not in names or "_LAST_LINE" in names:
        return
    try:
        with open(__file__, "rb") as file:
            found = str(len(file.readlines()))
    except (NameError, OSError):  # for example inside a zip file
        found = "fewer"
    message = f"this copy is incomplete (expected {_LINES} lines, got {found})"
    if not is_program:
        raise ImportError(f"{__name__}: {message}")
    sys.stderr.write(f"{sys.argv[0]}: {message}\\n")
    sys.exit(3)


_require_last_line(sys._getframe().f_code.co_names, __name__ == "__main__")
"""
_END = "_LAST_LINE = True\n"


def with_last_line(head: str, body: str) -> str:
    """Return the text of a file that reports a missing end. One line will be added to it.

    head: the lines before the first import;  body: all others
    """
    text = "\n".join([head, with_tabs(_TEST), body]) + _END
    return text.replace(_LINE_COUNT, f"_LINES = {text.count(chr(10)) + 1}\n", 1)
