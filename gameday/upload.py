"""Stores a run in the target's report bucket, so that it outlives the machine it ran on.

The keys are `gameday/EXPERIMENT/ID/FILE`: `aws s3 sync s3://BUCKET/gameday reports/runs` brings
them back, and with them the history that the guards ask for.
"""

from __future__ import annotations

from pathlib import Path

from gameday.aws import GLOBAL_REGION, client, translated
from gameday.errors import GamedayError
from gameday.settings import Target

PREFIX = "gameday"

FILES = (
    "run.json", "guard.json", "findings.json", "report.html", "report.md", "junit.xml",
    "journal.json", "undo.jsonl", "undo.sh", "manifest.sha256", "events/chaos.jsonl",
)  # fmt: skip


def store(run_dir: Path, target: Target) -> str | None:
    """Store what there is of FILES; where, or why not; None where the target names no bucket.

    That the bucket does not take it changes no verdict, so it is told and not raised.
    """
    bucket = target.limits.report_bucket
    if bucket is None:
        return None
    region = next((r for r in target.regions if r != target.region), GLOBAL_REGION)
    prefix = f"{PREFIX}/{run_dir.parent.name}/{run_dir.name}"
    try:
        for name in FILES:
            if (run_dir / name).is_file():
                with translated(f"PutObject of {name} in {bucket}"):
                    client("s3", region).put_object(
                        Bucket=bucket, Key=f"{prefix}/{name}", Body=(run_dir / name).read_bytes()
                    )
    except GamedayError as e:
        return f"not in the report bucket: {e}"
    return f"s3://{bucket}/{prefix}"
