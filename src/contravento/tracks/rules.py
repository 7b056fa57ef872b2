"""Limits on tracks, and the thresholds behind their figures."""

from contravento.tracks.errors import EmptyFile, FileTooLarge

# What is taken at all.
LARGEST_FILE_BYTES = 50 * 1024 * 1024
MOST_POINTS = 2_000_000
MOST_SEGMENTS = 100_000  # and tracks: more are made to keep a reader busy
MOST_MESSAGES = 3 * MOST_POINTS  # of FIT; a device writes few besides one a point
MOST_DEFINITIONS = 100_000  # of FIT's messages; a device writes a dozen for each pause
DEEPEST_ELEMENT = 64
LONGEST_ELEMENT_NAME = 200
MOST_ELEMENT_NAMES = 1_000
LONGEST_NUMBER_CHARACTERS = 64
LONGEST_TIME_CHARACTERS = 40
LONGEST_NAME_CHARACTERS = 200
MOST_WAYPOINTS = 2_000

# What can be true on a road. The Dead Sea's shore lies 430 m below the sea, Everest 8,849 m above.
LOWEST_ELEVATION_METRES = -500.0
HIGHEST_ELEVATION_METRES = 9_000.0
EARLIEST_TIME_SECONDS = (
    631_152_000.0  # 1 January 1990: no rider carried a satellite receiver before
)
CLOCK_MAY_BE_AHEAD_SECONDS = 86_400.0  # a device left on local time without saying so

# A receiver without satellites writes 0, 0: a point in the Gulf of Guinea. It is taken for that
# when every other point lies further away than anyone rides between two points.
NULL_ISLAND_DEGREES = 1e-6
NULL_ISLAND_ALONE_METRES = 300_000.0

# A single point this far off, reached and left at such a speed, is the receiver's mistake.
SPIKE_METRES = 500.0
SPIKE_METRES_PER_SECOND = 100.0

# Resuming further than this from where the device was paused begins a new segment: a train, a lift.
PAUSED_ELSEWHERE_METRES = 100.0

# Mean radius (R1) of the WGS 84 ellipsoid: Moritz, Geodetic Reference System 1980.
EARTH_RADIUS_METRES = 6_371_008.8

# Elevations are averaged over this way to either side, then a rise or fall counts once it exceeds
# the threshold. Of the pairs tried (0–50 m, 1–7 m) this one comes closest to what five Garmin and
# Wahoo devices with barometers say of their own rides, and it takes a third off the imaginary
# climbs of a telephone in the flat.
CLIMB_SMOOTHING_METRES = 30.0
CLIMB_THRESHOLD_METRES = 3.0

# Slower than pushing a loaded bicycle uphill. With it the riding time of the Garmin Edge's ride is
# 10,684 s, the device's own 10,641 s.
MOVING_METRES_PER_SECOND = 0.5

# Long enough that no single stray point makes a record.
TOP_SPEED_WINDOW_SECONDS = 10.0

# Below this a point adds nothing that any map can show.
FINEST_SIGNIFICANCE_METRES = 0.01

PROFILE_SAMPLES = 1_000
GRADE_WINDOW_METRES = 100.0
OUTLINE_POINTS = 200

MAX_TRACKS_PER_TRIP = 100


def check_file_size(size_bytes: int) -> None:
    """Raises EmptyFile or FileTooLarge."""
    if size_bytes == 0:
        raise EmptyFile
    if size_bytes > LARGEST_FILE_BYTES:
        raise FileTooLarge(megabytes=LARGEST_FILE_BYTES // 2**20)
