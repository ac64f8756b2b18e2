"""From text to a typed scenario: positions are kept, mistakes are collected, nothing is executed."""
