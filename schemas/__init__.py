"""Contracts: the event envelope, the event types, the election pack. Pure."""
