"""Who takes what when people are suddenly missing: from what is lost to a plan, from a plan to rows, and a year of what-ifs."""
