import os


def handler(event, context):
    return {"statusCode": os.environ["STATUS"]}
