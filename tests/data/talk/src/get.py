import json
import os

import boto3

table = boto3.resource("dynamodb").Table("MyGlobalTable")


def handler(event, context):
    item = table.get_item(Key={"item_id": event["pathParameters"]["item_id"]})
    body = {"item_id": item["Item"], "retrieved from": os.environ["AWS_REGION"]}
    return {"statusCode": 200, "body": json.dumps(body)}
