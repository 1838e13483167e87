#!/bin/sh
# One health check per Region, then a weighted traffic policy.
for region in us-east-1 us-west-2; do
  aws route53 create-health-check --caller-reference "$(date +%Y-%m-%d-%H:%M:%S)" \
    --health-check-config Type=HTTPS,ResourcePath=/dev/health,RequestInterval=10,FailureThreshold=1
done
aws dynamodb create-global-table --global-table-name MyGlobalTable \
  --replication-group RegionName=us-east-1 RegionName=us-west-2
