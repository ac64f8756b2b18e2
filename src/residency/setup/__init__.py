"""The set-up as its author writes it: rows, packs and constraints, checked and turned into the model."""
