# SPDX-License-Identifier: MIT
"""Mutation tests: broken variants of the reference that the cases must detect."""
