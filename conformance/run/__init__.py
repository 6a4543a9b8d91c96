# SPDX-License-Identifier: MIT
"""A run: each request to an adapter, and the verdict on each reply."""
