"""A photograph of a database, the difference of two, and how both are written down."""
