"""Signing up, in and out, and the links that we mail."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, Field

from contravento.accounts import attempts, queries
from contravento.accounts.errors import LinkSpent, NotConfirmed, UsernameTaken
from contravento.accounts.inputs import Credentials, EmailOnly, NewPassword, SignUp
from contravento.accounts.models import Purpose, Rider
from contravento.accounts.rules import check_password
from contravento.accounts.service import profile, sign_in as signing_in, sign_up as signing_up
from contravento.http.dependencies import (
    ResourcesOf,
    Transaction,
    agent,
    client_network,
    drop_session_cookie,
    remember_device,
    set_session_cookie,
    visitor_of,
)
from contravento.kit.database.session import Session
from contravento.kit.errors import NotFound
from contravento.kit.i18n.marks import N_
from contravento.kit.resources import Resources
from contravento.web.auth import local_path, redirect
from contravento.web.rendering.forms import Form, carry_out, read_form, validate
from contravento.web.rendering.page import Page, PageFor

router = APIRouter()

# Without "stay" the cookie goes with the browser's window; this ends what is then left here.
BRIEF_LIFETIME = timedelta(hours=24)
# The address of such a page holds a secret.
SECRET = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
SECONDS_PER_MINUTE = 60

NOTES = {
    "reset": (N_("The new password holds."), N_("Every device was signed out; sign in with it.")),
    "ended": (N_("Signed out everywhere."), N_("This device, too.")),
    "deleted": (N_("Your diary is gone."), N_("Its trips, tracks and photographs went with it.")),
}
SENT = ("sign-up", "confirmation", "reset")


def _read(agreed: bool) -> bool:
    if not agreed:
        raise ValueError(N_("Please read them first. They are short."))
    return agreed


class SignUpForm(SignUp):
    rules: Annotated[bool, AfterValidator(_read), Field(validate_default=True)] = False


@router.get("/sign-in")
async def gate(
    page: PageFor, back: Annotated[str, Query(alias="next")] = "", note: str = ""
) -> Response:
    if page.viewer and not note:
        return redirect(local_path(back))
    return _gate(page, back=back, note=NOTES.get(note))


@router.post("/sign-in")
async def sign_in(
    request: Request, session: Transaction, resources: ResourcesOf, page: PageFor
) -> Response:
    async def check(given: Credentials) -> Rider:
        visitor = visitor_of(request, given.login)
        async with attempts.signing_in(resources.limiter, given.login, visitor):
            return await signing_in.check_credentials(session, given, passwords=resources.passwords)

    fields = await request.form()
    back = str(fields.get("next", ""))
    form = await read_form(request, Credentials, page.language)
    form, rider = await carry_out(session, form, check, page.language)
    if rider is None:
        return _gate(page, sign_in=form, back=back, stay="stay" in fields)
    response = redirect(local_path(back))
    await _open(request, response, session, rider, resources, stay="stay" in fields)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, session: Transaction, page: PageFor) -> Response:
    if page.viewer and page.viewer.sign_in_id:
        await signing_in.sign_out(session, page.viewer.sign_in_id)
    response = redirect("/")
    drop_session_cookie(request, response)
    return response


@router.get("/sign-up")
async def start(page: PageFor) -> Response:
    return redirect("/") if page.viewer else _gate(page)


@router.post("/sign-up")
async def sign_up(
    request: Request, session: Transaction, resources: ResourcesOf, page: PageFor
) -> Response:
    async def begin(sign_up: SignUp) -> None:
        await attempts.count_sign_up(resources.limiter, sign_up.email, client_network(request))
        await signing_up.sign_up(
            session, sign_up, passwords=resources.passwords, language=page.language
        )

    async def look_at_name(sign_up: SignUp) -> None:
        if await queries.find_by_username(session, sign_up.username):
            raise UsernameTaken(username=sign_up.username)

    async def look_at_password(sign_up: SignUp) -> None:
        check_password(sign_up.password, username=sign_up.username, email=sign_up.email)

    typed = await read_form(request, SignUpForm, page.language)
    form, _ = await carry_out(session, typed, begin, page.language)
    if not form.errors:
        return redirect("/sent/sign-up")
    for look in (look_at_name, look_at_password):  # all mistakes at once, not one after another
        also, _ = await carry_out(session, typed, look, page.language)
        form.errors.update(also.errors)
    return _gate(page, sign_up=form)


@router.get("/sent/{what}")
async def sent(what: str, page: PageFor) -> Response:
    """Says the same whether or not there was anybody to write to."""
    if what not in SENT:
        raise NotFound
    return page.show("accounts/sent.html", what=what)


@router.get("/confirm")
async def ask_again(page: PageFor) -> Response:
    return page.show("accounts/confirm_again.html", form=Form[EmailOnly]())


@router.post("/confirm")
async def send_again(
    request: Request, session: Transaction, resources: ResourcesOf, page: PageFor
) -> Response:
    async def send(wanted: EmailOnly) -> None:
        await attempts.count_mail(
            resources.limiter, wanted.email, visitor_of(request, wanted.email)
        )
        await signing_up.ask_for_confirmation(session, wanted.email)

    form = await read_form(request, EmailOnly, page.language)
    form, _ = await carry_out(session, form, send, page.language)
    if form.errors:
        return _show_form(page, "accounts/confirm_again.html", form)
    return redirect("/sent/confirmation")


@router.get("/confirm/{token}")
async def look_at_confirmation(token: str, session: Transaction, page: PageFor) -> Response:
    """Spends nothing: programs that look into mails open every link."""
    link = await signing_up.find_link(session, token, Purpose.CONFIRM)
    if link is None:
        return _spent(page, "/confirm")
    return page.show("accounts/confirm.html", token=token, form=Form[NewPassword](), headers=SECRET)


@router.post("/confirm/{token}")
async def confirm(
    token: str, request: Request, session: Transaction, resources: ResourcesOf, page: PageFor
) -> Response:
    """With the password of who signed up, who is then signed in."""

    async def open_it(given: NewPassword) -> Rider:
        await attempts.count_confirmation(resources.limiter, given.token)
        return await signing_up.confirm_in_person(
            session, given.token, given.password, passwords=resources.passwords
        )

    sent = await request.form()
    typed = {"token": token, "password": str(sent.get("password", ""))}
    form, rider = await carry_out(
        session, validate(NewPassword, typed, page.language), open_it, page.language
    )
    if rider is None:
        if isinstance(form.refusal, LinkSpent) or "token" in form.errors:
            return _spent(page, "/confirm")
        return _show_form(page, "accounts/confirm.html", form, token=token)
    response = redirect("/trips?note=confirmed")
    await _open(request, response, session, rider, resources, stay=True)
    return response


@router.get("/forgotten")
async def ask_for_reset(page: PageFor) -> Response:
    return page.show("accounts/forgotten.html", form=Form[EmailOnly]())


@router.post("/forgotten")
async def send_reset(
    request: Request, session: Transaction, resources: ResourcesOf, page: PageFor
) -> Response:
    async def send(wanted: EmailOnly) -> None:
        await attempts.count_mail(
            resources.limiter, wanted.email, visitor_of(request, wanted.email)
        )
        await profile.ask_for_new_password(session, wanted.email)

    form = await read_form(request, EmailOnly, page.language)
    form, _ = await carry_out(session, form, send, page.language)
    if form.errors:
        return _show_form(page, "accounts/forgotten.html", form)
    return redirect("/sent/reset")


@router.get("/reset/{token}")
async def look_at_reset(token: str, session: Transaction, page: PageFor) -> Response:
    if await signing_up.find_link(session, token, Purpose.RESET) is None:
        return _spent(page, "/forgotten")
    return page.show("accounts/reset.html", token=token, form=Form[NewPassword](), headers=SECRET)


@router.post("/reset/{token}")
async def reset(
    token: str, request: Request, session: Transaction, resources: ResourcesOf, page: PageFor
) -> Response:
    async def choose(choice: NewPassword) -> Rider:
        return await profile.reset_password(
            session, choice.token, choice.password, passwords=resources.passwords
        )

    password = str((await request.form()).get("password", ""))
    form = validate(NewPassword, {"token": token, "password": password}, page.language)
    form, _ = await carry_out(session, form, choose, page.language)
    if isinstance(form.refusal, LinkSpent) or "token" in form.errors:
        return _spent(page, "/forgotten")
    if form.errors:
        return _show_form(page, "accounts/reset.html", form, token=token)
    return redirect("/sign-in?note=reset")


def _gate(
    page: Page,
    *,
    sign_in: Form[Credentials] | None = None,
    sign_up: Form[SignUpForm] | None = None,
    back: str = "",
    stay: bool = True,
    note: tuple[str, str] | None = None,
) -> Response:
    form = sign_in or sign_up or Form()
    return page.show(
        "accounts/gate.html",
        status=form.status,
        headers=form.headers,
        sign_in=sign_in or Form(),
        sign_up=sign_up or Form(),
        back=back,
        stay=stay,
        note=note,
        unconfirmed=isinstance(form.refusal, NotConfirmed),
        wait_minutes=_wait_minutes(form),
        site=page.request.url.netloc,
    )


def _wait_minutes(form: Form[Credentials] | Form[SignUpForm]) -> int:
    wait = form.refusal.retry_after_seconds if form.refusal else None
    return -(-wait // SECONDS_PER_MINUTE) if wait else 0


def _show_form(
    page: Page, template: str, form: Form[EmailOnly] | Form[NewPassword], **more: str
) -> Response:
    return page.show(
        template, status=form.status, headers={**SECRET, **form.headers}, form=form, **more
    )


def _spent(page: Page, again: str) -> Response:
    return page.show("accounts/spent.html", status=410, again=again, headers=SECRET)


async def _open(
    request: Request,
    response: Response,
    session: Session,
    rider: Rider,
    resources: Resources,
    *,
    stay: bool,
) -> None:
    """Sign this browser in: for a month, or until its window is closed."""
    long = timedelta(days=resources.settings.refresh_token_expire_days)
    cookie = await signing_in.sign_in_browser(
        session, rider, agent=agent(request), lifetime=long if stay else BRIEF_LIFETIME
    )
    seconds = int(long.total_seconds()) if stay else None
    set_session_cookie(request, response, cookie, seconds)
    remember_device(request, response, rider)
