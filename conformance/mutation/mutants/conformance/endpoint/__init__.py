# SPDX-License-Identifier: MIT
"""Mutants of conformance/endpoint/."""
