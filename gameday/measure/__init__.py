"""What the run showed: each file is a number of the report, a pure function of recorded events."""
