# SPDX-License-Identifier: MIT
"""The adapter protocol: its messages, and the processes that speak it."""
