import json

import boto3

table = boto3.resource("dynamodb").Table("MyGlobalTable")


def handler(event, context):
    item_id = json.loads(event["body"])["item_id"]
    table.put_item(Item={"item_id": item_id})
    return {"statusCode": 200, "body": json.dumps({"item_id": item_id})}
