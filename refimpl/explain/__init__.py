# SPDX-License-Identifier: MIT
"""Explanations: why a signature was refused, what a byte is. Optional: nothing else needs them."""
