"""The resilience review: one rule a file, each with an example that fails and one that passes."""
