"""Which message answers which request over FIX: a table without I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeGuard, TypeVar

from clients import fix_reports as f
from clients.fix_message import Field
from clients.fix_terms import Outgoing
from protocol.terms import CxlRejResponseTo, MassCancelResponse

Waiter = TypeVar("Waiter")
Key = tuple[str, str]
"""The MsgType of a request and its id."""

_QUESTIONS = frozenset(("H", "e", "x"))
"""Requests that change nothing: they may be asked once more."""


@dataclass(eq=False)
class Waiting(Generic[Waiter]):
    """A request and whoever waits for its answer; its number is 0 before it is sent."""

    key: Key
    message: Outgoing
    waiter: Waiter
    number: int = 0


class FixRequests(Generic[Waiter]):
    """The unanswered requests of a session, oldest first."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: dict[Key, Waiting[Waiter]] = {}
        self._numbered: dict[int, Waiting[Waiter]] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def add(
        self, msg_type: str, name: str, fields: Sequence[Field], waiter: Waiter
    ) -> Waiting[Waiter]:
        """Remember a request; ``ValueError`` where one of this name waits."""
        key = msg_type, name
        if key in self._waiting:
            raise ValueError(f"{name} waits for its answer already")
        waiting = Waiting(key, (msg_type, fields), waiter)
        self._waiting[key] = waiting
        return waiting

    def sent(self, waiting: Waiting[Waiter], number: int) -> None:
        """It was sent as this message."""
        waiting.number = number
        self._numbered[number] = waiting

    def forget(self, waiting: Waiting[Waiter]) -> None:
        """Nobody waits for this one any more."""
        self._waiting.pop(waiting.key, None)
        self._numbered.pop(waiting.number, None)

    def answered_by(self, answer: f.Answer) -> Waiter | None:
        """Who waited for this, now answered; ``None`` where nobody did."""
        waiting = self._answered(answer)
        if waiting is None:
            return None
        self.forget(waiting)
        return waiting.waiter

    def withheld(self, number: int) -> Waiter | None:
        """Who waited for the answer to a message that did not arrive and is not sent again."""
        waiting = self._numbered.get(number)
        if waiting is None:
            return None
        self.forget(waiting)
        return waiting.waiter

    def unsent(self) -> list[Waiting[Waiter]]:
        """What is still to be sent, oldest first."""
        return [waiting for waiting in self._waiting.values() if waiting.number == 0]

    def settle(self) -> list[Waiter]:
        """All that was sent has arrived and what it gave has come: who has no answer gets none.

        Questions are to be asked once more, for their answers need not be kept.
        """
        left = []
        for waiting in list(self._numbered.values()):
            if waiting.key[0] in _QUESTIONS:
                waiting.number = 0
            else:
                self._waiting.pop(waiting.key, None)
                left.append(waiting.waiter)
        self._numbered.clear()
        return left

    def drain(self) -> list[Waiter]:
        """Everyone who still waits; afterwards nobody does."""
        waiters = [waiting.waiter for waiting in self._waiting.values()]
        self._waiting.clear()
        self._numbered.clear()
        return waiters

    def _answered(self, answer: f.Answer) -> Waiting[Waiter] | None:
        match answer:
            case f.SessionReject():
                return self._numbered.get(answer.ref_seq_num)
            case f.BusinessMessageReject():
                return self._refused(answer)
            case f.ExecutionReportStatus():
                return self._status(answer)
            case f.ExecutionReportCancel():
                # An amendment to what is executed already may end an order.
                name = answer.cl_ord_id
                return self._waiting.get(("F", name)) or self._waiting.get(("G", name))
        key = _key(answer)
        return None if key is None else self._waiting.get(key)

    def _refused(self, answer: f.BusinessMessageReject) -> Waiting[Waiter] | None:
        found = self._numbered.get(answer.ref_seq_num or 0)
        return found or self._waiting.get(
            (answer.ref_msg_type, answer.business_reject_ref_id or "")
        )

    def _status(self, answer: f.ExecutionReportStatus) -> Waiting[Waiter] | None:
        """4.2 has no id for the question: the first that names this order is answered."""
        if answer.ord_status_req_id is not None:
            return self._waiting.get(("H", answer.ord_status_req_id))
        names: set[Field] = {(11, answer.cl_ord_id or ""), (37, answer.order_id or 0)}
        for waiting in self._numbered.values():
            if waiting.key[0] == "H" and names & set(waiting.message[1]):
                return waiting
        return None


_ANSWERS: dict[type, str] = {
    f.ExecutionReportNew: "D",
    f.ExecutionReportReject: "D",
    f.ExecutionReportReplace: "G",
    f.OrderMassCancelReport: "q",
}


def _key(answer: Any) -> Key | None:
    """The request that is answered, where the answer has its id."""
    match answer:
        case f.OrderCancelReject():
            amended = answer.cxl_rej_response_to == CxlRejResponseTo.REPLACE
            return "G" if amended else "F", answer.cl_ord_id
        case f.SecurityListPart():
            return "x", answer.security_req_id
        case f.SecurityStatus():
            return "e", answer.security_status_req_id or ""
    kind = _ANSWERS.get(type(answer))
    return None if kind is None else (kind, answer.cl_ord_id)


def is_refusal(answer: f.Answer) -> TypeGuard[f.Refusal]:
    """Whether a message that answers a request says no."""
    if isinstance(answer, f.OrderMassCancelReport):
        return answer.mass_cancel_response == MassCancelResponse.REJECTED
    return isinstance(answer, f.Refusal)
