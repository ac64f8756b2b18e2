"""What assertions, preconditions, invariants and reports ask of a photograph or a run."""
