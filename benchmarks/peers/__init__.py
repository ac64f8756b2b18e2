"""The same tiny scenario in other people's runners: 15 rows in, 3 operations, 5 assertions, clean-up."""
