"""Errors of tracks: one class for each reason, each with its sentence."""

from typing import ClassVar

from contravento.kit.errors import Conflict, NotFound, TooLarge, Unavailable, UnreadableFile
from contravento.kit.i18n.marks import N_


class NoLine(Conflict):
    message = N_("This file marks places and has no track to download.")


class UnreadableTrack(UnreadableFile):
    """No track can be had from this file; `kind` names the reason to programs."""

    kind: ClassVar[str] = "unreadable"
    field: ClassVar[str | None] = "file"
    message = N_("This file cannot be read. Export the track again and drop it here.")


class EmptyFile(UnreadableTrack):
    kind = "empty_file"
    message = N_("This file is empty. Export the track again and drop it here.")


class FileTooLarge(TooLarge, UnreadableTrack):
    kind = "file_too_large"
    message = N_(
        "This file is larger than %(megabytes)s MB. "
        "Export the journey in parts, a file a day perhaps."
    )


class TooManyPoints(UnreadableTrack):
    kind = "too_many_points"
    message = N_(
        "This file has more than %(limit)s points. "
        "Export the journey in parts, a file a day perhaps."
    )


class TooManySegments(UnreadableTrack):
    kind = "too_many_segments"
    message = N_(
        "This file has more than %(limit)s tracks or segments. "
        "Export the journey in parts, a file a day perhaps."
    )


class TooManyMessages(UnreadableTrack):
    kind = "too_many_messages"
    message = N_(
        "This file has more than %(limit)s entries of a kind that no device writes so often. "
        "Export the track again and drop it here."
    )


class NotATrack(UnreadableTrack):
    kind = "not_a_track"
    message = N_(
        "This is not a track file. Export the track as GPX, FIT, TCX, KML or GeoJSON and drop "
        "that here."
    )


class OtherXml(UnreadableTrack):
    kind = "other_xml"
    message = N_(
        "This is an XML file, but neither GPX nor TCX nor KML. "
        "Export the track as one of those and drop it here."
    )


class WebPage(UnreadableTrack):
    kind = "web_page"
    message = N_(
        "This is a web page saved with the ending %(ending)s. "
        "Export the track again and drop it here."
    )


class Archive(UnreadableTrack):
    kind = "archive"
    message = N_(
        "This is an archive of a kind that is not read. "
        "Unpack it, or pack the tracks as a zip file, and drop that here."
    )


class DamagedArchive(UnreadableTrack):
    kind = "damaged_archive"
    message = N_("This archive is damaged. Pack the tracks again and drop it here.")


class LockedArchive(UnreadableTrack):
    kind = "locked_archive"
    message = N_("This archive asks for a password. Unpack it and drop the tracks here.")


class NoTrackInArchive(UnreadableTrack):
    kind = "no_track_in_archive"
    message = N_("There is no track in this archive. Pack GPX, FIT, TCX, KML or GeoJSON files.")


class TooManyInArchive(UnreadableTrack):
    kind = "too_many_in_archive"
    message = N_("There are more than %(limit)s tracks in this archive. Pack fewer at a time.")


class ArchiveTooLarge(TooLarge, UnreadableTrack):
    kind = "archive_too_large"
    message = N_(
        "The tracks in this archive are larger than %(megabytes)s MB together. "
        "Pack fewer at a time."
    )


class SeveralTracks(UnreadableTrack):
    kind = "several_tracks"
    message = N_("There are %(count)s tracks in this archive. Unpack it and choose one.")


class Picture(UnreadableTrack):
    kind = "picture"
    message = N_("This is a picture. Add it to the photos, and drop the track here as GPX.")


class Document(UnreadableTrack):
    kind = "document"
    message = N_("This is a PDF document. Export the track as GPX and drop that here.")


class HasDoctype(UnreadableTrack):
    kind = "has_doctype"
    message = N_(
        "This file brings its own XML definitions (a DOCTYPE), which a track never needs and we "
        "do not open. Export the track again and drop it here."
    )


class TooDeep(UnreadableTrack):
    kind = "too_deep"
    message = N_(
        "The elements in this file are nested and named as in no track. "
        "Export the track again and drop it here."
    )


class BrokenBeforeFirstPoint(UnreadableTrack):
    kind = "broken_before_first_point"
    message = N_(
        "This file is damaged before its first track point. "
        "Export the track again and drop it here."
    )


class NoPoints(UnreadableTrack):
    kind = "no_points"
    message = N_(
        "There is no point in this file. Record or export the track again and drop it here."
    )


class WaypointsOnly(UnreadableTrack):
    kind = "waypoints_only"
    message = N_(
        "This file has waypoints (%(count)s) but no track. "
        "Export the track itself and drop it here."
    )


class NoPositions(UnreadableTrack):
    kind = "no_positions"
    message = N_(
        "None of the %(count)s points in this file has a position: a ride indoors, or one without "
        "satellites. Choose a file that was recorded on the road."
    )


class NotAnActivity(UnreadableTrack):
    kind = "not_an_activity"
    message = N_(
        "This FIT file holds settings or plans, not a ride. Choose the file from the folder "
        "Activities of the device."
    )


class TrackNotFound(NotFound):
    message = N_("That track does not exist, or is not shared with you.")


class TrackNotReady(Conflict):
    message = N_("This track is still being read. Try again in a moment.")


class TrackBeingPrepared(Unavailable):
    message = N_("This track is being prepared. Try again in a few minutes.")


class TooManyTracks(Conflict):
    message = N_("This trip has %(limit)s tracks already. Take one out to make room.")
