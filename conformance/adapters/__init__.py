# SPDX-License-Identifier: MIT
"""Adapters: small programs that put the runner's questions to one implementation each, over the adapter protocol.

protocol.py holds what they share: reading questions, writing answers, and the four ways to answer.
"""
