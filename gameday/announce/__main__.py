"""`python -m gameday.announce RUN_DIR`: follow a run and announce it."""

import sys

from gameday.announce.follow import main

sys.exit(main(sys.argv[1:]))
