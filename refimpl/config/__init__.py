# SPDX-License-Identifier: MIT
"""Settings and credentials from the environment."""
