"""Numbers from what clients and public APIs saw. Pure; one file per number of the report."""
