"""Warnings about an imported file, in the caller's language."""

from typing import Any, Self

from pydantic import BaseModel

from contravento.kit.i18n.catalogue import translate


class RemarkOut(BaseModel):
    code: str
    message: str

    @classmethod
    def of(cls, remark: dict[str, Any], language: str) -> Self:
        """From a remark or refusal as tracks and photos keep it."""
        message = translate(language, remark["message"], remark.get("params", {}))
        return cls(code=remark["code"], message=message)
