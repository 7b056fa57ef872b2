"""Accounts as JSON: signing up, confirming an address, a new password."""

from typing import Self

from fastapi import APIRouter, Request, status
from pydantic import BaseModel

from contravento.accounts import attempts
from contravento.accounts.inputs import EmailOnly, NewPassword, SignUp, TokenOnly
from contravento.accounts.models import Rider
from contravento.accounts.service import profile, sign_up
from contravento.api.description.openapi import refuses
from contravento.api.route import ApiRoute
from contravento.http.dependencies import (
    ResourcesOf,
    Transaction,
    client_network,
    language_of,
    visitor_of,
)

router = APIRouter(tags=["accounts"], route_class=ApiRoute)


class AccountOut(BaseModel):
    username: str
    email: str
    verified: bool

    @classmethod
    def of(cls, rider: Rider) -> Self:
        return cls(username=rider.username, email=rider.email, verified=rider.is_confirmed)


@router.post(
    "/accounts",
    status_code=status.HTTP_201_CREATED,
    summary="Start an account",
    responses=refuses(409, 429),
)
async def start(
    account: SignUp, request: Request, session: Transaction, resources: ResourcesOf
) -> AccountOut:
    """Nobody can sign in to it until the link in the mail was opened, within 24 hours. The
    answer is the same where the address has a diary already; then its owner is told by mail."""
    await attempts.count_sign_up(resources.limiter, account.email, client_network(request))
    rider = await sign_up.sign_up(
        session, account, passwords=resources.passwords, language=language_of(request)
    )
    return AccountOut.of(rider)


@router.post(
    "/accounts/verification",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Confirm an address with the token that was mailed",
)
async def verify(body: TokenOnly, session: Transaction) -> None:
    await sign_up.confirm(session, body.token)


@router.post(
    "/accounts/verification-mail",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Send the confirmation mail again",
    responses=refuses(429),
)
async def remind(
    body: EmailOnly, request: Request, session: Transaction, resources: ResourcesOf
) -> None:
    """The answer is the same whether or not there is such an account."""
    await attempts.count_mail(resources.limiter, body.email, visitor_of(request, body.email))
    await sign_up.ask_for_confirmation(session, body.email)


@router.post(
    "/password-reset",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Ask for a mail with which to choose a new password",
    responses=refuses(429),
)
async def forget_password(
    body: EmailOnly, request: Request, session: Transaction, resources: ResourcesOf
) -> None:
    """The answer is the same whether or not there is such an account."""
    await attempts.count_mail(resources.limiter, body.email, visitor_of(request, body.email))
    await profile.ask_for_new_password(session, body.email)


@router.put(
    "/password-reset",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Choose a new password with the token that was mailed",
)
async def reset_password(body: NewPassword, session: Transaction, resources: ResourcesOf) -> None:
    """Every device is signed out; every personal token and every other mailed link ends."""
    await profile.reset_password(session, body.token, body.password, passwords=resources.passwords)
