"""Rehearse losing an AWS Region: lab, experiments, load, measurement and verdict."""

__version__ = "0.1.0"
