"""Whether what is proven here holds there."""

from contravento_ops.acceptance.context import CheckContext
from contravento_ops.kit.check_result import CheckFailed, Evidence
from contravento_ops.parity import sources


def parity(context: CheckContext) -> Evidence:
    """Staging is set as production is, where the two are not meant to differ"""
    paths = context.project.paths
    if paths.environment != "staging":
        return Evidence("what is compared with production is staging")
    found = sources.differences(paths)
    if found is None:
        return Evidence("no production is known here that it could be compared with")
    unknown = {
        each.key: f"{each.staging} here, {each.production} there"
        for each in found
        if not each.is_allowed
    }
    if unknown:
        raise CheckFailed(f"{len(unknown)} differences that nobody allows", unknown)
    return Evidence(f"all {len(found)} differences are meant")
