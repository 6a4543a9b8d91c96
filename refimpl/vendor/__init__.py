# SPDX-License-Identifier: MIT
"""How the package becomes one file: `python3 -m refimpl vendor`. No I/O."""
