"""DynamoDB of one Region: moto's operations over tables of our own, replicated between Regions."""

from gameday.lab.dynamodb.region import RegionDynamoDB

__all__ = ["RegionDynamoDB"]
