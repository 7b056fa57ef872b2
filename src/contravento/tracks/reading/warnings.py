"""Every remark that the reading of a track can make, in the order a report gives them."""

from contravento.kit.i18n.marks import N_
from contravento.tracks.recording import Kind

# About the file as text.
UNPACKED = Kind("unpacked", N_("The file was packed with gzip; it was unpacked."))
PACKED_PART = Kind(
    "packed_part", N_("The packed file breaks off; what could be unpacked was read.")
)
BYTE_ORDER_MARK = Kind("byte_order_mark", N_("A byte-order mark stands before the file; harmless."))
ENCODING = Kind(
    "encoding",
    N_("The file is not written in the encoding it names; it was read as %(encoding)s."),
)
CONTROL_CHARACTERS = Kind(
    "control_characters", N_("Characters that no XML may hold were taken out (%(count)s).")
)
AMPERSANDS = Kind("ampersands", N_("Unescaped ampersands were repaired (%(count)s)."))
TRUNCATED = Kind(
    "truncated", N_("The file breaks off at line %(line)s; what was complete before that was read.")
)
BROKEN = Kind(
    "broken", N_("The file is damaged at line %(line)s; what was complete before that was read.")
)
TRAILING = Kind(
    "trailing",
    N_("Something stands after the end of the track, from line %(line)s; it was left out."),
)

# About the file as GPX or TCX.
NO_NAMESPACE = Kind(
    "no_namespace", N_("The file does not say that it is GPX; it was read as such.")
)
NO_CREATOR = Kind("no_creator", N_("The file does not say which program or device wrote it."))
ODD_VERSION = Kind(
    "odd_version", N_("The file calls itself GPX version “%(version)s”; it was read as 1.1.")
)
PREFIXED = Kind("prefixed", N_("Every element carries the prefix “%(prefix)s”; it was understood."))
UNDECLARED_PREFIX = Kind(
    "undeclared_prefix",
    N_("The prefix “%(prefix)s” is used but never declared; it was looked past."),
)
ROUTE = Kind("route", N_("This is a planned route, not a recorded track."))
ROUTES_LEFT_OUT = Kind(
    "routes_left_out", N_("Planned routes beside the track were left out (%(count)s).")
)
EMPTY_TRACKS = Kind("empty_tracks", N_("Tracks without a point were left out (%(count)s)."))
EMPTY_SEGMENTS = Kind("empty_segments", N_("Segments without a point were left out (%(count)s)."))
WAYPOINTS_LEFT_OUT = Kind(
    "waypoints_left_out", N_("Waypoints were left out: %(count)s of %(total)s.")
)

# About the file as FIT.
BAD_CHECKSUM = Kind(
    "bad_checksum", N_("The file’s checksum does not match: a few bytes may have been damaged.")
)
BROKEN_OFF = Kind(
    "broken_off", N_("The file breaks off early; what was complete before that was read.")
)
TRAILING_BYTES = Kind(
    "trailing", N_("Something stands after the end of the ride; it was left out (%(count)s bytes).")
)

# About positions.
COMMA_DECIMALS = Kind(
    "comma_decimals", N_("Numbers written with a decimal comma were understood (%(count)s).")
)
BAD_POSITIONS = Kind(
    "bad_positions", N_("Points without a usable position were left out: %(count)s of %(total)s.")
)
NULL_ISLAND = Kind(
    "null_island",
    N_(
        "Points in the Gulf of Guinea, which is where a receiver lies without satellites, "
        "are gone (%(count)s)."
    ),
)
DUPLICATES = Kind(
    "duplicates", N_("Points that repeat the one before were left out: %(count)s of %(total)s.")
)
REPEATED_SEGMENTS = Kind(
    "repeated_segments", N_("Segments that are in the file twice were counted once (%(count)s).")
)
SPIKES = Kind(
    "spikes", N_("Points that leap away faster than any train and back were left out (%(count)s).")
)
SINGLE_POINT = Kind("single_point", N_("There is only one point: a place, with no way to it."))

# About elevations.
NO_ELEVATION = Kind("no_elevation", N_("No point has an elevation, so there is no profile."))
PARTLY_ELEVATED = Kind(
    "partly_elevated", N_("Points without an elevation: %(count)s of %(total)s.")
)
BAD_ELEVATIONS = Kind("bad_elevations", N_("Elevations that cannot be were taken out (%(count)s)."))

# About times.
NO_TIMES = Kind("no_times", N_("No point has a time, so there are no days and no speeds."))
PARTLY_TIMED = Kind("partly_timed", N_("Points without a time: %(count)s of %(total)s."))
BAD_TIMES = Kind("bad_times", N_("Times that cannot be understood were taken out (%(count)s)."))
NO_ZONE = Kind("no_zone", N_("Times without a zone were read as UTC (%(count)s)."))
TOO_EARLY = Kind("too_early", N_("Times before 1990 were taken out (%(count)s)."))
IN_THE_FUTURE = Kind("in_the_future", N_("Times in the future were taken out (%(count)s)."))
BACKWARDS = Kind("backwards", N_("Times that run backwards were taken out (%(count)s)."))
