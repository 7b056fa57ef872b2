"""Whether staging is set as production is: both looked at from all sides, and compared."""
