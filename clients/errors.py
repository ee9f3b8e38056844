"""What can go wrong for a client, each as an exception of its own."""

from clients import fix_reports as fix
from protocol.messages import (
    BusinessMessageReject,
    ExecutionReportReject,
    OrderCancelReject,
    OrderMassCancelReport,
)

Refusal = ExecutionReportReject | OrderCancelReject | OrderMassCancelReport | BusinessMessageReject
"""The reports of the binary protocol that say no; those of FIX are ``fix_reports.Refusal``."""


class ClientError(Exception):
    """Any of these."""


class LoginRejectedError(ClientError):
    """The server does not take this user, password or session: ``A`` or ``S`` of SoupBinTCP."""

    def __init__(self, code: str) -> None:
        """Say why in words."""
        words = {"A": "not authorized", "S": "session not available"}
        super().__init__(words.get(code, f"login rejected: {code}"))
        self.code = code


class SessionEndedError(ClientError):
    """The operator ended the session for good, or the client closed it."""


class ProtocolError(ClientError):
    """The server sent what it may not."""


class SessionBrokenError(ClientError):
    """Both sides of a FIX session have another idea of it, and only people can say who is right.

    Numbers are lower than they were, or names are others; a new session (``reset``) goes on.
    """


class DisconnectedError(ClientError):
    """The connection is lost, and did not come back in time; what is unanswered may be executed.

    Their ClOrdIDs tell: what was executed stands in the sequence, for whoever logs in again.
    """


class OutcomeUnknownError(ClientError):
    """The answer was among reports that the server no longer keeps."""


class NotExecutedError(ClientError):
    """The request had not arrived when the connection was lost, and was not sent again."""


class TooManyInFlightError(ClientError):
    """``in_flight_max`` requests wait for their answers."""


class RejectedError(ClientError):
    """The exchange refused a request."""

    def __init__(self, report: Refusal | fix.Refusal) -> None:
        """Keep the report; its reason is the message."""
        self.report = report
        self.reason = _reason(report)
        super().__init__(self.reason)


def _reason(report: Refusal | fix.Refusal) -> str:
    match report:
        case (
            fix.ExecutionReportReject()
            | fix.OrderCancelReject()
            | fix.OrderMassCancelReport()
            | fix.BusinessMessageReject()
            | fix.SessionReject()
        ):
            return fix.reason(report)
        case ExecutionReportReject():
            return report.ord_rej_reason.name
        case OrderCancelReject():
            return report.cxl_rej_reason.name
        case OrderMassCancelReport():
            reason = report.mass_cancel_reject_reason
            return "OTHER" if reason is None else reason.name
        case BusinessMessageReject():
            return report.business_reject_reason.name
