"""What is written down of every decision: the chained audit log, the outbox, and how notices leave."""
