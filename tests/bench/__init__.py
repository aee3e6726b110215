"""Figures, not tests: each bench prints ratios measured in one run."""
