# SPDX-License-Identifier: MIT
"""The cases: how they are stored, checked and read."""
