"""The tables: pure functions of a set of versions."""
