"""Errors of photos."""

from contravento.kit.errors import Conflict, NotFound, TooLarge, UnreadableFile
from contravento.kit.i18n.marks import N_


class PhotoNotFound(NotFound):
    message = N_("That photo does not exist, or is not shared with you.")


class TooManyPhotos(Conflict):
    message = N_("This trip has %(limit)s photos already. Take one out to make room.")


class UnreadablePhoto(UnreadableFile):
    """Every refusal of a picture is one of these, so one `except` catches them all."""

    message = N_("This picture is damaged and cannot be read. Copy it from the camera again.")


class EmptyPhoto(UnreadablePhoto):
    message = N_("This file is empty. Copy it from the camera again.")


class CutShort(UnreadablePhoto):
    message = N_(
        "The end of this picture is missing, as happens when a copy is interrupted. "
        "Copy it from the camera again."
    )


class NotAPicture(UnreadablePhoto):
    message = N_("This is not a picture we can read. JPEG, PNG, WebP, HEIC and AVIF are welcome.")


class RawNotTaken(UnreadablePhoto):
    message = N_(
        "This is a RAW or TIFF file, still the negative. Export it as a JPEG and drop it here."
    )


class SvgNotTaken(UnreadablePhoto):
    message = N_("This is a drawing in SVG. Save it as a PNG and drop it here.")


class GifNotTaken(UnreadablePhoto):
    message = N_("This is a GIF. Save the picture as a JPEG or PNG and drop it here.")


class OtherPictureNotTaken(UnreadablePhoto):
    message = N_(
        "This is a picture in a format we do not take. Save it as a JPEG and drop it here."
    )


class PdfNotTaken(UnreadablePhoto):
    message = N_("This is a PDF. Send the picture itself, as a JPEG, PNG, WebP, HEIC or AVIF.")


class VideoNotTaken(UnreadablePhoto):
    message = N_("This is a video. A still from it, saved as a JPEG, would be welcome.")


class WebPageNotTaken(UnreadablePhoto):
    message = N_("This is a web page saved as if it were a picture. Save the picture itself.")


class PhotoTooLarge(TooLarge, UnreadablePhoto):
    message = N_("This file is larger than %(limit)s MB. Export it smaller and drop it here.")


class TooManyPixels(TooLarge, UnreadablePhoto):
    message = N_(
        "This picture has %(megapixels)s million pixels; %(limit)s million is the most we take. "
        "Export it smaller and drop it here."
    )
