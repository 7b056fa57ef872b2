"""Countries, drawn maps and profiles."""
