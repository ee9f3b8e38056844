"""What ``docs/fix.md`` says of messages and fields beside the dictionaries.

A field without a note is held to the dictionary, and means nothing here.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Noted:
    """What a field means; ``values`` are those taken or told, where not all of the standard's."""

    meaning: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notes:
    """What a message is for, which way it goes as its client sees it, and its fields."""

    about: str
    way: Literal["in", "out", "both"]
    fields: dict[int, Noted] = field(default_factory=dict)


NOTES: dict[str, Notes] = {
    "StandardHeader": Notes(
        "What every message begins with: 8, 9 and 35 first, the others in any order.",
        "both",
        {
            8: Noted("`FIX.4.4` or `FIX.4.2`; the same in each message of a session"),
            9: Noted(
                "bytes from behind it to before 10; the whole message has at most "
                "`fix.message_bytes_max`"
            ),
            35: Noted(""),
            49: Noted(
                "of the client 1 to 32 of `A-Z a-z 0-9 _ . : -`; of the exchange `fix.comp_id`"
            ),
            56: Noted("of the client `fix.comp_id`"),
            34: Noted("from 1, without a gap"),
            43: Noted("`Y`: told before, or perhaps"),
            97: Noted(
                "`Y`: the order may have come before by another number: [possible "
                "resends](#possible-resends)"
            ),
            52: Noted(
                "within `fix.sending_time_s_max` of the exchange's clock; it tells "
                "milliseconds, and takes up to nine digits"
            ),
            122: Noted("required with 43=Y, but in SequenceReset"),
            115: Noted("not taken: Reject with 373=9"),
            128: Noted("not taken: Reject with 373=9"),
            25000: Noted("sent by Binance's connector; not looked at"),
        },
    ),
    "StandardTrailer": Notes(
        "What every message ends with.",
        "both",
        {
            10: Noted("the sum of all bytes before it, modulo 256, in three digits"),
        },
    ),
    "Logon": Notes(
        (
            "The first message of a connection, and its answer. On a connection that is logged "
            "on only with 141=Y and 34=1."
        ),
        "both",
        {
            98: Noted("encryption is TLS's", ("0",)),
            108: Noted("seconds, from 1 to `fix.heartbeat_s_max`; the answer has the client's"),
            95: Noted("in 4.2: bytes of the password"),
            96: Noted("in 4.2: the password; in 4.4 not looked at"),
            141: Noted("`Y`: the numbers of both sides begin at 1; needs 34=1"),
            789: Noted("the number that is expected next: [what was missed](#what-was-missed)"),
            553: Noted("absent, or the SenderCompID"),
            554: Noted("the password"),
            9406: Noted("sent by Binance's connector; not looked at"),
            25035: Noted("as 9406"),
            25036: Noted("as 9406"),
        },
    ),
    "Heartbeat": Notes(
        ("After 108 seconds in which nothing else was said, and as the answer to a TestRequest."),
        "both",
        {
            112: Noted("that of the TestRequest"),
        },
    ),
    "TestRequest": Notes(
        "Asks for a Heartbeat.",
        "both",
        {
            112: Noted("1 to 255 printable characters; the exchange's are numbers"),
        },
    ),
    "ResendRequest": Notes(
        "Asks for messages once more.",
        "both",
        {
            7: Noted("from 1"),
            16: Noted("the last one, or 0 for all; the exchange asks for all"),
        },
    ),
    "SequenceReset": Notes(
        (
            "The number that is next: instead of messages that are not told again (gap fill), "
            "or from now on (reset, which is answered by a Heartbeat). The exchange only fills "
            "gaps."
        ),
        "both",
        {
            123: Noted(
                "`Y`: gap fill, at the place of its own 34; else reset, whose 34 means nothing"
            ),
            36: Noted("above 34 in a gap fill; not below what is expected in a reset; below 2^40"),
        },
    ),
    "Reject": Notes(
        "A message that can't be: it has taken its number, and nothing else came of it.",
        "both",
        {
            45: Noted("34 of the message"),
            371: Noted("the tag that is at fault, where there is one"),
            372: Noted("35 of the message"),
            373: Noted("[why](#reject); in 4.2 no number above 11 is told"),
            58: Noted("why"),
        },
    ),
    "Logout": Notes(
        (
            "Ends the session; the other side answers, and whoever was first closes the line. "
            "It is answered also behind a gap."
        ),
        "both",
        {
            58: Noted("[why](#logout)"),
        },
    ),
    "BusinessMessageReject": Notes(
        (
            "A message that is well formed and can't be done. From a client it is taken, and "
            "nothing follows."
        ),
        "both",
        {
            45: Noted("34 of the message"),
            372: Noted("35 of the message"),
            379: Noted("the ClOrdID or other id of the message, where it has one"),
            380: Noted("[why](#businessmessagereject)"),
            58: Noted("why"),
        },
    ),
    "NewOrderSingle": Notes(
        (
            "A new order. Answers: ExecutionReport New, then one for each trade, then Canceled "
            "where a rest does not stay; or Rejected alone."
        ),
        "in",
        {
            11: Noted("1 to 36 printable characters, [unique](#names) in the session"),
            1: Noted("absent, or the session's own account"),
            21: Noted("means nothing"),
            18: Noted("post-only: it is refused where it would trade", ("6",)),
            55: Noted("the exchange's symbol; `[N/A]` or absent where 48 has it"),
            48: Noted("the symbol, with 22=8"),
            22: Noted("with 48", ("8",)),
            54: Noted(
                "",
                (
                    "1",
                    "2",
                ),
            ),
            60: Noted("held to its form; not looked at"),
            38: Noted("above 0; at most 8 decimals"),
            40: Noted(
                "3 and 4 are read, and refused as not offered",
                (
                    "1",
                    "2",
                ),
            ),
            44: Noted("of a limit order, and of no other"),
            59: Noted(
                (
                    "absent is 0: until the session's end. 6 is read, and refused. A market "
                    "order is 3 or 4; absent is 3"
                ),
                (
                    "0",
                    "1",
                    "3",
                    "4",
                ),
            ),
            2964: Noted(
                (
                    "self-trade prevention: none, cancel newest, oldest, both, decrement; "
                    "absent is the user's setting"
                ),
                (
                    "0",
                    "1",
                    "2",
                    "3",
                    "100",
                ),
            ),
        },
    ),
    "OrderCancelRequest": Notes(
        ("Cancels the rest of an order. Answers: ExecutionReport Canceled, or OrderCancelReject."),
        "in",
        {
            11: Noted("the request's own; 1 to 36 printable characters, unique in the session"),
            41: Noted(
                "the order by its ClOrdID; `NONE` or absent where 37 names it. If both are "
                "there, they must agree"
            ),
            37: Noted(
                "the order by its OrderID: also one that was entered by REST or the binary "
                "protocol for the same account"
            ),
            1: Noted("absent, or the session's own account"),
            55: Noted("the order's"),
            48: Noted("the symbol, with 22=8"),
            22: Noted("with 48", ("8",)),
            54: Noted(
                "held to its form",
                (
                    "1",
                    "2",
                ),
            ),
            60: Noted("held to its form"),
            38: Noted("held to its form"),
        },
    ),
    "OrderCancelReplaceRequest": Notes(
        (
            "Amends an order. Answers: ExecutionReport Replaced, then its trades; or "
            "OrderCancelReject."
        ),
        "in",
        {
            11: Noted("the order's new ClOrdID, where it is amended; unique in the session"),
            41: Noted(
                "the order by its newest ClOrdID, or an earlier one; `NONE` or absent where 37 "
                "names it"
            ),
            37: Noted("the order by its OrderID"),
            1: Noted("absent, or the session's own account"),
            21: Noted("means nothing"),
            55: Noted("the order's"),
            48: Noted("the symbol, with 22=8"),
            22: Noted("with 48", ("8",)),
            54: Noted(
                "held to its form",
                (
                    "1",
                    "2",
                ),
            ),
            60: Noted("held to its form"),
            38: Noted("the new total, executed quantity included; absent leaves it"),
            40: Noted("whatever is open is a limit order, and stays one", ("2",)),
            44: Noted("the new price; absent leaves it"),
        },
    ),
    "OrderStatusRequest": Notes(
        "Asks how an order is. Answer: ExecutionReport Order Status.",
        "in",
        {
            11: Noted("the order's ClOrdID"),
            37: Noted("the order's OrderID"),
            1: Noted("absent, or the session's own account"),
            55: Noted("the order's"),
            48: Noted("the symbol, with 22=8"),
            22: Noted("with 48", ("8",)),
            54: Noted(
                "held to its form",
                (
                    "1",
                    "2",
                ),
            ),
            790: Noted("comes back in the answer"),
        },
    ),
    "OrderMassCancelRequest": Notes(
        (
            "Cancels the session's own orders. Answers: ExecutionReport Canceled for each (11 "
            "its own, no 41), then OrderMassCancelReport."
        ),
        "in",
        {
            11: Noted("the request's own; unique in the session"),
            530: Noted(
                "of one instrument, or all",
                (
                    "1",
                    "7",
                ),
            ),
            55: Noted("with 530=1"),
            48: Noted("the symbol, with 22=8"),
            22: Noted("with 48", ("8",)),
            54: Noted(
                "of one side alone",
                (
                    "1",
                    "2",
                ),
            ),
            60: Noted("held to its form"),
        },
    ),
    "SecurityListRequest": Notes(
        (
            "Asks which instruments there are. Answer: SecurityList, in parts of at most 50 "
            "instruments."
        ),
        "in",
        {
            320: Noted("1 to 255 printable characters; comes back in the answer"),
            559: Noted(
                "one instrument, or all",
                (
                    "0",
                    "4",
                ),
            ),
            55: Noted("with 559=0"),
            48: Noted("the symbol, with 22=8"),
            22: Noted("with 48", ("8",)),
        },
    ),
    "SecurityStatusRequest": Notes(
        "Asks whether an instrument trades now. Answer: SecurityStatus.",
        "in",
        {
            324: Noted("1 to 255 printable characters; comes back in the answer"),
            263: Noted("once; there are no subscriptions", ("0",)),
            55: Noted("the instrument"),
            48: Noted("the symbol, with 22=8"),
            22: Noted("with 48", ("8",)),
        },
    ),
    "ExecutionReport": Notes(
        "What happened to an order, or how it is.",
        "out",
        {
            37: Noted("`NONE` where no order was found"),
            11: Noted("the order's; of what a request has done, the request's"),
            41: Noted("the ClOrdID before, where 11 is of an F or G"),
            17: Noted("unique for each leg of a trade; in 4.2 `0` of a status"),
            20: Noted(
                "3 is a status",
                (
                    "0",
                    "3",
                ),
            ),
            150: Noted(
                "in 4.2 a trade is 1 or 2, and a status has that of 39",
                (
                    "0",
                    "4",
                    "5",
                    "8",
                    "C",
                    "D",
                    "F",
                    "I",
                ),
            ),
            39: Noted(
                "5 in 4.2 alone: replaced, and nothing executed",
                (
                    "0",
                    "1",
                    "2",
                    "4",
                    "5",
                    "8",
                    "C",
                ),
            ),
            55: Noted("`[N/A]` where it is not known"),
            54: Noted(
                "7 where no order was found",
                (
                    "1",
                    "2",
                    "7",
                ),
            ),
            38: Noted("the total"),
            151: Noted("what is open; 0 of an order that is over"),
            14: Noted("what is executed"),
            6: Noted("the average price of that; 0 where nothing is"),
            60: Noted("when it happened"),
            32: Noted("of a trade"),
            31: Noted("of a trade"),
            40: Noted("of New, Replaced, Rejected and status"),
            44: Noted("where there is one; not of a trade"),
            59: Noted("of New, Replaced, Rejected and status"),
            18: Noted("of New and Replaced, where the order is post-only", ("6",)),
            103: Noted(
                "of Rejected and of a status of an unknown order: [why](#orders-that-are-refused)"
            ),
            378: Noted(
                (
                    "5: reduced by self-trade prevention. 8: by the market's own doing, with "
                    "150=4 or D; in 4.2 absent with 150=4, and 4 with D"
                ),
                (
                    "4",
                    "5",
                    "8",
                ),
            ),
            58: Noted("why, where nobody asked here, or it was refused"),
            790: Noted("that of the OrderStatusRequest"),
        },
    ),
    "OrderCancelReject": Notes(
        "A cancellation or an amendment that can't be.",
        "out",
        {
            37: Noted("`NONE` where no order was found"),
            11: Noted("the request's"),
            41: Noted(
                "what the order is called, where the request named it by a ClOrdID; as it named it "
                "where none was found; `NONE` where it named the OrderID alone"
            ),
            39: Noted(
                "how the order is; 8 where none was found",
                (
                    "0",
                    "1",
                    "2",
                    "4",
                    "8",
                    "C",
                ),
            ),
            434: Noted("1 of F, 2 of G"),
            102: Noted("[why](#orders-that-are-refused)"),
            58: Noted("why"),
            60: Noted("when"),
        },
    ),
    "OrderMassCancelReport": Notes(
        "That a mass cancel is done.",
        "out",
        {
            11: Noted("the request's"),
            37: Noted("a number of its own"),
            530: Noted(
                "as asked",
                (
                    "1",
                    "7",
                ),
            ),
            531: Noted(
                "0: refused",
                (
                    "0",
                    "1",
                    "7",
                ),
            ),
            532: Noted(
                "with 531=0",
                (
                    "1",
                    "99",
                ),
            ),
            533: Noted("orders that were canceled"),
            55: Noted("with 530=1, where there is such an instrument"),
            54: Noted("as asked"),
            60: Noted("when"),
            58: Noted("why, with 531=0"),
        },
    ),
    "SecurityList": Notes(
        "Instruments. Not told again: a resend fills its number.",
        "out",
        {
            320: Noted("that of the request"),
            322: Noted("the message's own 34"),
            560: Noted(
                "2: there is none",
                (
                    "0",
                    "2",
                ),
            ),
            393: Noted("instruments in all parts"),
            893: Noted("`Y` in the last part"),
            146: Noted("instruments in this part; each has"),
            55: Noted("its symbol"),
            561: Noted("the lot"),
            562: Noted("the least quantity"),
        },
    ),
    "SecurityStatus": Notes(
        "How an instrument is. Not told again: a resend fills its number.",
        "out",
        {
            324: Noted("that of the request"),
            55: Noted("the instrument"),
            326: Noted(
                "17: it trades. 18: it does not",
                (
                    "17",
                    "18",
                ),
            ),
        },
    ),
}
