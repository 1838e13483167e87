"""What of a module does a handler reach, and are handlers that share a file judged apart?"""

from __future__ import annotations

from gameday.review.handler_code import reached

MODULE = """\
import json
import boto3

table = boto3.resource("dynamodb").Table("t")
LIMIT: int = 3

def _read(key):
    return table.get_item(Key=key)["Item"]

def get(event, context):
    return {"statusCode": 200, "body": json.dumps(_read({"id": "1"}))}

def health(event, context):
    return {"statusCode": 200}

print("imported")
"""


def test_is_what_the_handler_calls_kept_and_what_another_calls_left_out() -> None:
    assert "_read" in reached(MODULE, "get")
    assert "boto3.resource" in reached(MODULE, "get")
    assert "health" not in reached(MODULE, "get")
    assert "_read" not in reached(MODULE, "health")
    assert "boto3" not in reached(MODULE, "health")


def test_is_what_runs_at_import_reached_by_every_handler() -> None:
    assert 'print("imported")' in reached(MODULE, "health")


def test_is_what_is_registered_with_a_framework_reached() -> None:
    source = (
        "app = Resolver()\n\n@app.get('/health')\ndef ok():\n    return ask()\n\n"
        "def ask():\n    return 1\n\ndef unused():\n    return 2\n\n"
        "def handler(event, context):\n    return app.resolve(event)\n"
    )
    found = reached(source, "handler")
    assert "@app.get('/health')" in found
    assert "def ask" in found
    assert "unused" not in found


def test_does_a_module_that_cannot_be_cut_stay_whole() -> None:
    assert reached("def broken(:\n", "broken") == "def broken(:\n"
    assert reached("from other import *\nx = 1", "handler") == "from other import *\nx = 1"
