"""The names that the seed promises, one room each; `rehearse` itself exports them."""
