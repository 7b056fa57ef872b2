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
MOST_WAYPOINTS = 500
MOST_WAYPOINTS_LISTED = 100  # of each file, on a page
MOST_WAYPOINTS_SENT = 2_000  # of a trip, for its map
MOST_TRACKS_IN_ARCHIVE = 100
LARGEST_ARCHIVE_BYTES = 200 * 1024 * 1024  # unpacked, of the tracks in it
LARGEST_ARCHIVE_TABLE_BYTES = 1024 * 1024

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

# Further and faster than this nobody rides from one point to the next: a receiver's mistake.
# After a silence it may have been a train or a plane.
STRAY_METRES = 45.0
FASTEST_METRES_PER_SECOND = 42.0  # 150 km/h
SILENT_GAP_SECONDS = 600.0
MOST_STRAY_SHARE = 0.3  # of a segment's points
FASTEST_TRANSFER_METRES_PER_SECOND = 300.0

# Without times a step is a leap if it is this much longer than nine of ten others.
LEAP_TIMES_USUAL = 50.0
LEAP_LEAST_METRES = 300.0
FEWEST_STEPS_FOR_LEAPS = 20

# Who stays within so many metres for so long stands, whatever the receiver scribbles meanwhile.
STANDING_METRES = 15.0
STANDING_SECONDS = 120.0
SCRIBBLED_METRES = 100.0  # less is left as it is

# In a silence of this length, this far and this fast, or over the sea at any speed: a train or a
# ferry, not the bicycle.
TRANSFER_SECONDS = 300.0
TRANSFER_METRES = 2_000.0
TRANSFER_METRES_PER_SECOND = 11.0
SILENT_TIMES_USUAL = 20.0  # as long as the median of all steps
TRANSFER_SHARE_AT_SEA = 0.5
MOST_GAPS_LOOKED_AT = 200
MOST_TRANSFERS = 100  # of a file, drawn
MOST_TRANSFERS_SENT = 1_000  # of a trip, for its map

# Steeper than a stair: an altimeter's mistake.
CLIFF_METRES = 25.0
CLIFF_GRADE = 1.0
WEIGHT_OF_ZERO = 0.05
MOST_SETTLING_POINTS = 120

# A clock that leaps by days while the wheels turn was set, or broke.
CLOCK_LEAP_SECONDS = 86_400.0
CLOCK_LEAP_OF_A_RIDE_SECONDS = 3 * CLOCK_LEAP_SECONDS
FEW_STALE_POINTS = 3
FEWEST_POINTS_THAT_TELL = 10  # fewer say nothing about a whole file
LEAST_SHARE_TO_360 = 0.2

# A file that tells some seconds twice.
MOST_SEGMENTS_COMPARED = 500
OVERLAP_GAP_SECONDS = 60.0
OVERLAP_METRES = 30.0
FEWEST_POINTS_TOLD_AGAIN = 3
SHORTER_BY_ORDER = 0.9

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
BESIDE_METRES = 1_000.0  # from the way; a place further off is not on the profile
GRADE_WINDOW_METRES = 100.0
OUTLINE_POINTS = 200

MAX_TRACKS_PER_TRIP = 100


def check_file_size(size_bytes: int) -> None:
    """Raises EmptyFile or FileTooLarge."""
    if size_bytes == 0:
        raise EmptyFile
    if size_bytes > LARGEST_FILE_BYTES:
        raise FileTooLarge(megabytes=LARGEST_FILE_BYTES // 2**20)
