"""What clients of order entry may have seen: nothing is lost, and nothing happens twice."""

from collections import Counter
from collections.abc import Iterable, Sequence

from protocol import messages as m
from protocol.terms import CxlRejReason, OrdRejReason


def check_sequence(numbers: Sequence[int], last: int) -> None:
    """Each message came once, in order, from the first one on."""
    assert list(numbers) == list(range(1, last + 1))


def check_executed_once(told: Iterable[m.Message], settled: set[int]) -> None:
    """Of all that a session was told: no order was executed twice, each request answered once.

    ``settled`` are the ClOrdIDs of the requests that wait for nothing any more.  They may have been
    sent again after a broken line: then they are refused as duplicates, and that is no answer.
    """
    accepted: Counter[int] = Counter()
    answered: Counter[int] = Counter()
    for report in told:
        match report:
            case m.ExecutionReportNew():
                accepted[report.cl_ord_id] += 1
            case m.ExecutionReportReject(ord_rej_reason=reason):
                assert reason == OrdRejReason.DUPLICATE_CLIENT_ORDER_ID
            case m.OrderCancelReject(cxl_rej_reason=reason):
                if reason != CxlRejReason.DUPLICATE_CLIENT_ORDER_ID:
                    answered[report.cl_ord_id] += 1
            case m.ExecutionReportCancel() if report.cl_ord_id != report.orig_cl_ord_id:
                answered[report.cl_ord_id] += 1
    assert max(accepted.values(), default=0) <= 1
    answered += accepted
    assert {number for number in settled if answered[number] != 1} == set()


def check_acknowledged(acknowledged: dict[str, str], recorded: Iterable[str]) -> None:
    """Of orders by the client's names: each that was acknowledged is recorded, each once.

    ``acknowledged`` gives the order's id by its name; ``recorded`` are the names that are found.
    """
    assert len(acknowledged) == len(set(acknowledged.values()))
    found = Counter(recorded)
    assert max(found.values(), default=0) <= 1
    assert acknowledged.keys() <= found.keys()
