# SPDX-License-Identifier: MIT
"""Mutants of the modules of refimpl.config."""
