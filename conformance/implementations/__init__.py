# SPDX-License-Identifier: MIT
"""Third-party implementations: how each is installed, and how all are judged side by side."""
