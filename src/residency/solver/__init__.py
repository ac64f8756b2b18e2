"""Schedules made with CP-SAT. Nothing here reads or writes a database, and nothing here knows the rules' own code.

OR-tools is imported below this package alone, and whoever needs it imports this package late: it costs a third of a second.
"""
