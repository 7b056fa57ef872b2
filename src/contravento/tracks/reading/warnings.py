"""Every remark that reading a track can make, in the order a report lists them."""

from contravento.kit.i18n.marks import N_
from contravento.tracks.recording import RemarkKind

# About the file as text.
UNPACKED = RemarkKind("unpacked", N_("The file was packed with gzip; it was unpacked."))
PACKED_PART = RemarkKind(
    "packed_part", N_("The packed file breaks off; what could be unpacked was read.")
)
FROM_ARCHIVE = RemarkKind(
    "from_archive", N_("The track was taken out of an archive, where it is called “%(name)s”.")
)
BYTE_ORDER_MARK = RemarkKind(
    "byte_order_mark", N_("A byte-order mark stands before the file; harmless.")
)
ENCODING = RemarkKind(
    "encoding",
    N_("The file is not written in the encoding it names; it was read as %(encoding)s."),
)
CONTROL_CHARACTERS = RemarkKind(
    "control_characters", N_("Characters that no XML may hold were taken out (%(count)s).")
)
AMPERSANDS = RemarkKind("ampersands", N_("Unescaped ampersands were repaired (%(count)s)."))
TRUNCATED = RemarkKind(
    "truncated", N_("The file breaks off at line %(line)s; what was complete before that was read.")
)
BROKEN = RemarkKind(
    "broken", N_("The file is damaged at line %(line)s; what was complete before that was read.")
)
TRAILING = RemarkKind(
    "trailing",
    N_("Something stands after the end of the track, from line %(line)s; it was left out."),
)

# About the file as GPX or TCX.
NO_NAMESPACE = RemarkKind(
    "no_namespace", N_("The file does not say that it is GPX; it was read as such.")
)
NO_CREATOR = RemarkKind("no_creator", N_("The file does not say which program or device wrote it."))
ODD_VERSION = RemarkKind(
    "odd_version", N_("The file calls itself GPX version “%(version)s”; it was read as 1.1.")
)
PREFIXED = RemarkKind(
    "prefixed", N_("Every element carries the prefix “%(prefix)s”; it was understood.")
)
UNDECLARED_PREFIX = RemarkKind(
    "undeclared_prefix",
    N_("The prefix “%(prefix)s” is used but never declared; it was looked past."),
)
ROUTE = RemarkKind("route", N_("This is a planned route, not a recorded track."))
ROUTES_LEFT_OUT = RemarkKind(
    "routes_left_out", N_("Planned routes beside the track were left out (%(count)s).")
)
EMPTY_TRACKS = RemarkKind("empty_tracks", N_("Tracks without a point were left out (%(count)s)."))
EMPTY_SEGMENTS = RemarkKind(
    "empty_segments", N_("Segments without a point were left out (%(count)s).")
)
PLACES_ALONE = RemarkKind(
    "places_alone", N_("The file marks places (%(count)s) and has no track; they are shown.")
)
WAYPOINTS_LEFT_OUT = RemarkKind(
    "waypoints_left_out", N_("Waypoints were left out: %(count)s of %(total)s.")
)

# About the file as FIT.
BAD_CHECKSUM = RemarkKind(
    "bad_checksum", N_("The file’s checksum does not match: a few bytes may have been damaged.")
)
BROKEN_OFF = RemarkKind(
    "broken_off", N_("The file breaks off early; what was complete before that was read.")
)
TRAILING_BYTES = RemarkKind(
    "trailing", N_("Something stands after the end of the ride; it was left out (%(count)s bytes).")
)

# About the file as NMEA.
DAMAGED_SENTENCES = RemarkKind(
    "damaged_sentences", N_("Lines whose checksum does not match were left out (%(count)s).")
)

# About positions.
COMMA_DECIMALS = RemarkKind(
    "comma_decimals", N_("Numbers written with a decimal comma were understood (%(count)s).")
)
BAD_POSITIONS = RemarkKind(
    "bad_positions", N_("Points without a usable position were left out: %(count)s of %(total)s.")
)
NO_FIX = RemarkKind(
    "no_fix",
    N_(
        "The device wrote %(count)s of %(total)s entries before it knew where it was, "
        "or in between."
    ),
)
NULL_ISLAND = RemarkKind(
    "null_island",
    N_(
        "Points in the Gulf of Guinea, which is where a receiver lies without satellites, "
        "are gone (%(count)s)."
    ),
)
DUPLICATES = RemarkKind(
    "duplicates", N_("Points that repeat the one before were left out: %(count)s of %(total)s.")
)
REPEATED_SEGMENTS = RemarkKind(
    "repeated_segments", N_("Segments that are in the file twice were counted once (%(count)s).")
)
SPIKES = RemarkKind(
    "spikes", N_("Points that leap away faster than any train and back were left out (%(count)s).")
)
LEAPS = RemarkKind(
    "leaps", N_("Ways that nobody can have made in the time are not counted (%(count)s).")
)
LONGITUDES_TO_360 = RemarkKind(
    "longitudes_to_360", N_("Longitudes beyond 180° were read as western ones (%(count)s).")
)
SWAPPED = RemarkKind(
    "swapped",
    N_("Latitude and longitude were swapped in all points; they were put right (%(count)s)."),
)
OVERLAPS = RemarkKind(
    "overlaps", N_("Points that tell the same seconds again were left out (%(count)s).")
)
STANDING = RemarkKind(
    "standing",
    N_("While you stood, the receiver scribbled; those places are one point now (%(count)s)."),
)
TRANSFERS = RemarkKind(
    "transfers",
    N_(
        "Silent gaps that no bicycle rides, as in a train, are not counted: "
        "%(count)s, together %(kilometres)s km."
    ),
)
SINGLE_POINT = RemarkKind(
    "single_point", N_("There is only one point: a place, with no way to it.")
)

# About elevations.
NO_ELEVATION = RemarkKind("no_elevation", N_("No point has an elevation, so there is no profile."))
PARTLY_ELEVATED = RemarkKind(
    "partly_elevated", N_("Points without an elevation: %(count)s of %(total)s.")
)
BAD_ELEVATIONS = RemarkKind(
    "bad_elevations", N_("Elevations that cannot be were taken out (%(count)s).")
)

FALSE_HEIGHTS = RemarkKind(
    "false_heights",
    N_("Elevations that jump as no road does were taken out (%(count)s)."),
)

# About times.
NO_TIMES = RemarkKind("no_times", N_("No point has a time, so there are no days and no speeds."))
PARTLY_TIMED = RemarkKind("partly_timed", N_("Points without a time: %(count)s of %(total)s."))
BAD_TIMES = RemarkKind(
    "bad_times", N_("Times that cannot be understood were taken out (%(count)s).")
)
NO_ZONE = RemarkKind("no_zone", N_("Times without a zone were read as UTC (%(count)s)."))
TOO_EARLY = RemarkKind("too_early", N_("Times before 1990 were taken out (%(count)s)."))
IN_THE_FUTURE = RemarkKind("in_the_future", N_("Times in the future were taken out (%(count)s)."))
BACKWARDS = RemarkKind("backwards", N_("Times that run backwards were taken out (%(count)s)."))
ROUTE_TIMES = RemarkKind(
    "route_times", N_("The times of a planned route are not those of a ride; they were left out.")
)
OUT_OF_ORDER = RemarkKind(
    "out_of_order", N_("Points that were written late were put in their place (%(count)s).")
)
FALSE_TIMES = RemarkKind(
    "false_times", N_("Times that no bicycle could have kept were taken out (%(count)s).")
)
STALE_TIMES = RemarkKind("stale_times", N_("Times that are days off were taken out (%(count)s)."))
CLOCK_LEAPS = RemarkKind(
    "clock_leaps",
    N_("The clock leapt by days in the middle of the ride; it was set back (%(count)s)."),
)
