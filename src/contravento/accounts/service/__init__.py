"""Everything that changes an account, one file per verb."""
