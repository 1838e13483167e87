"""Route 53 as pure functions: record sets and health in, answers out. No I/O."""
