"""Grafana, against a server that keeps to the contract of its HTTP API."""
