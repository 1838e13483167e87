"""Clients that treat DNS and connections as real clients do, and count what happens to them."""
