"""Deploys templates into the lab: read, translate, check, resolve, create by API call, register.

moto's own CloudFormation cannot do it: it reports success for types it skips. Here what is left
out is listed by name, logical id and reason.
"""

from gameday.lab.template.deploy import DeployedStack, Deployment, Plan, deploy, prepare
from gameday.lab.template.plan import LeftOut

__all__ = ["DeployedStack", "Deployment", "LeftOut", "Plan", "deploy", "prepare"]
