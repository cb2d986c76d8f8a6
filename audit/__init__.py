"""Known vulnerabilities among the pinned dependencies, as pip-audit knows them."""
