#!/bin/sh
# Puts back what this run changed, the last change first. It may be run twice.
export AWS_ENDPOINT_URL=http://127.0.0.1:4566
export AWS_ACCESS_KEY_ID=gameday AWS_SECRET_ACCESS_KEY=gameday
unset AWS_PROFILE AWS_SESSION_TOKEN
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
# reserved concurrency of gameday-regional-items-write in us-east-1
aws lambda delete-function-concurrency --function-name gameday-regional-items-write --region us-east-1
# reserved concurrency of gameday-regional-items-read in us-east-1
aws lambda delete-function-concurrency --function-name gameday-regional-items-read --region us-east-1
# reserved concurrency of gameday-regional-health-deep in us-east-1
aws lambda delete-function-concurrency --function-name gameday-regional-health-deep --region us-east-1
# reserved concurrency of gameday-regional-health in us-east-1
aws lambda delete-function-concurrency --function-name gameday-regional-health --region us-east-1
# pause of replication of dynamo_serverless in us-east-1
for id in $(aws fis list-experiments --output text --query 'experiments[?tags.gameday==`"c84e19bc4165"` && contains(`["pending", "initiating", "running"]`, state.status)].id' --region us-east-1); do aws fis stop-experiment --region us-east-1 --id "$id"; done
for id in $(aws fis list-experiment-templates --output text --query 'experimentTemplates[?tags.gameday==`"c84e19bc4165"`].id' --region us-east-1); do aws fis delete-experiment-template --region us-east-1 --id "$id"; done
