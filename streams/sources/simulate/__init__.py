"""A simulated election day: observers' reports and the desk's decisions, made up from a seed.

Everything made up says so: sources begin with `urn:scrutineer:simulated:`, stations with `SIM-`.
What was put in on purpose is written beside the events, so that tests can look for it.
"""

from streams.sources.simulate.generate import TEAMS, Simulation, simulate
from streams.sources.simulate.official import courses

__all__ = ["TEAMS", "Simulation", "courses", "simulate"]
