"""What a rider is told about a photo that was taken in all the same."""

from dataclasses import dataclass

from contravento.kit.i18n.marks import N_


@dataclass(frozen=True, slots=True)
class Note:
    code: str
    message: str


DAMAGED = Note(
    "damaged",
    N_("A part of this picture is damaged in the file itself. Copy it from the camera again."),
)
FIRST_FRAME = Note("first_frame", N_("This picture moves; its first frame is shown."))
