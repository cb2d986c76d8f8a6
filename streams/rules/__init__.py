"""Prometheus rules for one election: recording rules and alerts, written from its pack."""
