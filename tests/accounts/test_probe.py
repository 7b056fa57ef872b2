"""The rider that deployments and checks ask as."""

from contravento.accounts import queries
from contravento.accounts.inputs import Credentials
from contravento.accounts.models import Rider
from contravento.accounts.service.probe import make_probe, remove_probes
from contravento.accounts.service.sign_in import check_credentials
from contravento.kit.resources import Resources


async def test_a_probe_may_write_and_is_gone_afterwards(resources: Resources, rider: Rider) -> None:
    async with resources.transaction() as session:
        probe = await make_probe(session, passwords=resources.passwords)
        other = await make_probe(session, passwords=resources.passwords)
        viewer = await queries.find_viewer_by_personal_token(session, probe.token)
    async with resources.transaction() as session:
        removed = await remove_probes(session, username=probe.rider.username)

    async with resources.transaction() as session:
        assert viewer
        assert viewer.may_write
        assert removed == 1
        assert await queries.find_by_username(session, probe.rider.username) is None
        assert await queries.find_by_username(session, other.rider.username)
        assert await queries.find_by_username(session, rider.username)


async def test_whoever_made_a_probe_may_sign_in_as_it(resources: Resources) -> None:
    async with resources.transaction() as session:
        probe = await make_probe(session, passwords=resources.passwords)
        given = Credentials(login=probe.rider.username, password=probe.password)

        rider = await check_credentials(session, given, passwords=resources.passwords)

    assert rider.id == probe.rider.id
