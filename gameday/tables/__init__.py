"""Global tables as pure values: versions, tombstones, last writer wins, lag. No I/O."""
