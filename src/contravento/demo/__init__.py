"""Demo content: riders, trips, tracks and pictures, all made by the program."""
