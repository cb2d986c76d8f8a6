"""The Grafana dashboards, as Python: `make dashboards` writes the JSON that is provisioned.

For development only, not part of the distribution. ``consoles`` has one module for each dashboard,
the other modules what they share.
"""
