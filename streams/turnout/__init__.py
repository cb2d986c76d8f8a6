"""Estimators: pure functions on counts, which know no event and no table."""
