"""The FIX dictionaries say what the standards say, and a wrong one is refused with its place."""

import pytest

from protocol.fix import (
    VERSIONS,
    Dictionary,
    DictionaryError,
    Member,
    dictionary,
    read_dictionary,
)

# MsgType and the tags that it must have, by the standards' tables: FIX 4.2; 4.4 volumes 2 and 4.
# Left to the application, for another field serves as well: 41 (37), in 4.4 also 55 (48).
ADMIN = {"0": [], "1": [112], "2": [7, 16], "3": [45], "4": [36], "5": [], "A": [98, 108]}
REQUIRED = {
    "FIX.4.2": ADMIN
    | {
        "D": [11, 21, 55, 54, 60, 40],
        "F": [11, 55, 54, 60],
        "G": [11, 21, 55, 54, 60, 40],
        "H": [11, 55, 54],
        "8": [37, 17, 20, 150, 39, 55, 54, 151, 14, 6],
        "9": [37, 11, 41, 39, 434],
        "j": [372, 380],
    },
    "FIX.4.4": ADMIN
    | {
        "D": [11, 54, 60, 40],
        "F": [11, 54, 60],
        "G": [11, 54, 60, 40],
        "H": [11, 54],
        "q": [11, 530, 60],
        "x": [320, 559],
        "e": [324, 263],
        "8": [37, 17, 150, 39, 55, 54, 151, 14, 6],
        "9": [37, 11, 41, 39, 434],
        "j": [372, 380],
        "r": [37, 530, 531],
        "y": [320, 322, 560],
        "f": [55],
    },
}


@pytest.fixture(params=sorted(VERSIONS))
def version(request: pytest.FixtureRequest) -> Dictionary:
    return dictionary(request.param)


def tags(members: tuple[Member, ...]) -> set[int]:
    return {member.field.tag for member in members}


def required(members: tuple[Member, ...]) -> list[int]:
    return [member.field.tag for member in members if member.required]


def test_messages_require_what_the_standard_requires(version: Dictionary) -> None:
    defined = {x.msg_type: sorted(required(x.members)) for x in version.messages.values()}
    expected = REQUIRED[version.begin_string]
    assert {key: defined[key] for key in expected} == {k: sorted(v) for k, v in expected.items()}
    assert {x.msg_type for x in version.messages.values() if x.members} == expected.keys()


def test_every_message_has_the_standard_header_and_trailer(version: Dictionary) -> None:
    assert sorted(required(version.header)) == [8, 9, 34, 35, 49, 52, 56]
    assert [(x.field.tag, x.required) for x in version.trailer] == [
        (93, False),
        (89, False),
        (10, True),
    ]
    assert {43, 97, 122, 50, 57, 115, 128} < tags(version.header)


def test_other_messages_of_the_standard_are_known(version: Dictionary) -> None:
    others = {name for name, message in version.messages.items() if not message.members}
    in_both = {"6", "7", "B", "C", "E", "K", "R", "S", "V", "W", "X", "c", "g", "i", "m"}
    assert in_both < others
    only_in_44 = {"AF", "AB", "AE", "BE", "BH", "n", "s", "z"}
    assert (only_in_44 < others) == (version.begin_string == "FIX.4.4")
    assert not {"U1", "q", "x"} & others


def test_groups_begin_with_the_field_that_the_standard_names() -> None:
    order = dictionary("FIX.4.4").messages["D"]
    groups = {x.field.tag: x for x in order.members if x.members}
    assert {tag: group.members[0].field.tag for tag, group in groups.items()} == {
        453: 448,
        78: 79,
        386: 336,
        454: 455,
        864: 865,
        711: 311,
        232: 233,
    }
    party = groups[453].members
    assert [x.field.tag for x in party] == [448, 447, 452, 802]
    assert [x.field.tag for x in party[-1].members] == [523, 803]
    assert [x.field.tag for x in groups[78].members] == [79, 661, 736, 467, 539, 80]


def test_values_are_those_of_the_version() -> None:
    older, newer = dictionary("FIX.4.2").fields, dictionary("FIX.4.4").fields
    assert "".join(older[54].values) == "123456789"
    assert "".join(newer[54].values) == "123456789ABCDEFG"
    assert {"1", "2"} < older[150].values.keys()
    assert not {"1", "2"} & newer[150].values.keys()
    assert {"F", "I"} < newer[150].values.keys()
    assert list(older[380].values) == ["0", "1", "2", "3", "4", "5"]
    assert len(newer[373].values) == 19
    assert newer[32].name == "LastQty"
    assert older[32].name == "LastShares"


def test_what_is_ours_is_a_field_of_orders(version: Dictionary) -> None:
    for name in "DG":
        assert 2964 in tags(version.messages[name].members)
    assert {9406, 25035, 25036} < tags(version.messages["A"].members)
    assert 25000 in tags(version.header)
    above = {tag for tag in version.fields if tag > version.tag_max}
    assert above == {2964, 9406, 25000, 25035, 25036}


def test_every_field_that_is_defined_is_used(version: Dictionary) -> None:
    flat = version.flat
    lists = [flat.header, flat.trailer, *(members for _, members in flat.messages)]
    used = {tag for members in lists for tag, _, _ in members}
    assert used == {tag for tag, _, _ in flat.fields}


def test_a_group_s_fields_follow_its_count_in_the_flat_list() -> None:
    orders = dict(dictionary("FIX.4.4").flat.messages)["D"]
    at = [tag for tag, _, _ in orders].index(453)
    assert orders[at : at + 8] == [
        (453, False, 0),
        (448, False, 1),
        (447, False, 1),
        (452, False, 1),
        (802, False, 1),
        (523, False, 2),
        (803, False, 2),
        (229, False, 0),
    ]


SMALL = """<fix type="FIX" major="4" minor="4" tags="956">
<header><field name="MsgType" required="Y"/></header>
<trailer><field name="CheckSum" required="Y"/></trailer>
<messages>
<message name="Heartbeat" msgtype="0" msgcat="admin">
<component name="Hops" required="Y"/>
</message>
</messages>
<components>
<component name="Hops">
<group name="NoHops" required="Y"><field name="HopCompID" required="Y"/></group>
</component>
</components>
<fields>
<field number="10" name="CheckSum" type="STRING"/>
<field number="35" name="MsgType" type="STRING"/>
<field number="627" name="NoHops" type="NUMINGROUP"/>
<field number="628" name="HopCompID" type="STRING"><value enum="A" description="AN_A"/></field>
</fields>
</fix>"""


def test_a_component_requires_only_where_it_is_required() -> None:
    for flag in (True, False):
        text = SMALL.replace(
            '<component name="Hops" required="Y"/>',
            f'<component name="Hops" required="{"Y" if flag else "N"}"/>',
        )
        flat = read_dictionary(text, "small.xml").flat
        assert flat.messages == [("0", [(627, flag, 0), (628, True, 1)])]
        assert flat.fields[-1] == (628, "STRING", ["A"])


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ('<field name="MsgType" required="Y"/>', '<field name="No" required="Y"/>', 2, "No is not"),
        ('name="MsgType" required="Y"', 'name="MsgType" required="y"', 2, "not Y or N"),
        ('<field name="MsgType" required="Y"/>', '<field required="Y"/>', 2, "no name"),
        ('<trailer><field name="CheckSum" required="Y"/></trailer>', "", 1, "0 <trailer>"),
        ('msgcat="admin"', 'msgcat="session"', 5, "session"),
        ('<component name="Hops" required', '<component name="Hop" required', 6, "not defined"),
        (
            '<component name="Hops" required="Y"/>',
            '<component name="Hops" required="Y"/><component name="Hops" required="Y"/>',
            5,
            "field 627 stands in it twice",
        ),
        (
            '<group name="NoHops" required="Y">',
            '<component name="Hops" required="N"/><group name="NoHops" required="Y">',
            11,
            "within itself",
        ),
        ('<field name="HopCompID" required="Y"/>', "", 11, "0 fields"),
        ('<group name="NoHops"', '<group name="MsgType"', 11, "is a STRING"),
        ('number="627"', 'number="628"', 18, "defined twice"),
        ('number="627"', 'number="-1"', 17, "no number"),
        ('type="NUMINGROUP"', 'type="COUNT"', 17, "no type COUNT"),
        ('<value enum="A"', '<value enum="A" description="A"/><value enum="A"', 18, "twice"),
        ("<value ", "<values ", 18, "only <value>"),
        ("</fix>", "", 20, "no element found"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before: str, after: str, line: int, said: str) -> None:
    assert before in SMALL
    with pytest.raises(DictionaryError) as caught:
        read_dictionary(SMALL.replace(before, after), "small.xml")
    assert f"small.xml, line {line}" in str(caught.value)
    assert said in str(caught.value)


def test_a_message_is_defined_once() -> None:
    again = '</message>\n<message name="Other" msgtype="0" msgcat="app"/>'
    with pytest.raises(DictionaryError, match="line 8, <message>: MsgType 0 is defined twice"):
        read_dictionary(SMALL.replace("</message>", again), "small.xml")
