"""What is pending says when asking again makes sense, and what is over says so; nothing is pushed through the API."""

from __future__ import annotations

import pytest

from policy.erasing import TRANSITIONS, State
from policy.erasing import seconds_until_worth_asking as of_erasure
from policy.exporting import EXPORT_STATES
from policy.exporting import seconds_until_worth_asking as of_export
from tests.promises.gate import Gate, own

pytestmark = pytest.mark.anyio


def test_an_erasure_is_worth_asking_for_while_its_state_leads_on() -> None:
    leading = {state for state, _ in TRANSITIONS}
    assert {state for state in State if of_erasure(state.name) is not None} == leading
    assert all(of_export(state) is None for state in EXPORT_STATES if state != "REQUESTED")


async def test_a_pending_export_says_when_to_ask_again(changing: Gate) -> None:
    who = own(changing.ids[0], authenticated_at=int(changing.clock().timestamp()))
    fields = "id state pollAfterSeconds"
    asked = await changing.ask(f"mutation {{ requestExport(input: {{}}) {{ export {{ {fields} }} }} }}", who)
    pending = asked.data["requestExport"]["export"]
    assert (pending["state"], pending["pollAfterSeconds"]) == ("REQUESTED", 10)
    listed = await changing.ask(f"{{ me {{ exports {{ nodes {{ {fields} }} }} }} }}", who)
    assert pending in listed.data["me"]["exports"]["nodes"]


@pytest.mark.parametrize(
    "query",
    ["subscription { me { id } }", "{ me { ... @defer { id } } }", "{ customers { nodes @stream { id } } }"],
)
async def test_there_are_neither_subscriptions_nor_responses_in_parts(changing: Gate, query: str) -> None:
    answer = await changing.ask(query, own(changing.ids[0]))
    assert answer.codes and answer.statements == ()
    assert "Subscription" not in changing.api.model.core.type_map
