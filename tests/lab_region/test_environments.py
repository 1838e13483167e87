"""What does an environment of a function have for itself, and how many may there be?"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from region_process import REGION, RegionProcess, function, invoke, spec, wait_until


def test_does_the_account_have_a_limit(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "h.py").write_text("import time\n\ndef slow(event, context):\n"
                                            "    time.sleep(30)\n")  # fmt: skip
    process = RegionProcess(spec(tmp_path, account_concurrency=3))
    try:
        slow, other = (function(tmp_path / "code", "h.slow") for _ in range(2))
        process.apply(functions={"slow": slow, "other": other | {"reserved": 1}})
        for _ in range(3):
            invoke(process, "slow", InvocationType="Event")
        wait_until(lambda: process.status()["in_flight"] == 2)
        with pytest.raises(ClientError) as e:  # one of three is the other function's own
            invoke(process, "slow")
        assert e.value.response["Reason"] == "ConcurrentInvocationLimitExceeded"
        invoke(process, "other", InvocationType="Event")
        wait_until(lambda: process.status()["in_flight"] == 3)
    finally:
        process.close()


TEMPORARY = """
import os, pathlib, tempfile

def counts(event, context):
    folder = pathlib.Path(event["folder"] or tempfile.gettempdir())
    (folder / f"seen-{len(list(folder.glob('seen-*')))}").touch()
    return [os.getpid(), len(list(folder.glob("seen-*")))]
"""


def test_has_each_environment_its_own_tmp_which_it_keeps() -> None:
    """The lab lies outside /tmp here, as it does in a project."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        place = Path(name)
        (place / "h.py").write_text(TEMPORARY)
        process = RegionProcess(spec(place))

        def seen(folder: str) -> list[int]:
            return [json.loads(invoke(process, n, {"folder": folder})["Payload"].read())[1]
                    for n in ("one", "one", "two")]  # fmt: skip

        try:
            process.apply(functions={n: function(place, "h.counts") for n in ("one", "two")})
            assert seen("") == [1, 2, 1]
            counts = seen("/tmp")  # the same folder, where the kernel lets it be mounted there
            leaked = list(Path("/tmp").glob("seen-*"))
            for file in leaked:
                file.unlink()
            assert leaked or counts == [3, 4, 2]
            process.apply(functions={})
            wait_until(lambda: not list((place / "tmp" / REGION).iterdir()))
        finally:
            process.close()
