from contravento.tracks.reading import warnings
from contravento.tracks.receipt import CHANGED, LEFT_OUT, NOTES, make_receipt
from contravento.tracks.recording import RemarkKind


def test_every_remark_has_one_consequence() -> None:
    kinds = [kind for kind in vars(warnings).values() if isinstance(kind, RemarkKind)]
    placed = [*CHANGED, *LEFT_OUT, *NOTES]
    assert sorted(placed, key=str) == sorted(kinds, key=str)


def test_a_report_is_told_by_what_came_of_it() -> None:
    codes = ["byte_order_mark", "spikes", "standing", "made_by_an_earlier_version"]
    receipt = make_receipt([{"code": code} for code in codes])
    told = [[remark["code"] for remark in part] for part in (receipt.changed, receipt.left_out)]
    assert told == [["standing"], ["spikes"]]
    assert len(receipt.notes) == 2
