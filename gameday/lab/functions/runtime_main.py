"""An environment in an interpreter of its own, for functions that bring their own boto3.

`python -m gameday.lab.functions.runtime_main RUNTIME HANDLER`, in the function's directory.
"""

from __future__ import annotations

import os
import sys

from gameday.lab.functions import runtime_loop

if __name__ == "__main__":
    runtime_loop.run(sys.argv[1], sys.argv[2], os.getcwd())
