"""The command line: parse arguments, call the package, print the outcome, set the exit code."""
