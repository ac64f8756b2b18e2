"""Reports: pure functions of a result, one module a format."""
