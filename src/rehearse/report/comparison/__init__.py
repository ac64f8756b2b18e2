"""Two runs beside each other: what the database of one holds at its end that the other's does not."""
