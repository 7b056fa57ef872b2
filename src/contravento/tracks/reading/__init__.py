"""Reading track files of every format."""
