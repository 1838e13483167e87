"""Faults that only a simulator can cause, one a file; reached through the management door."""
