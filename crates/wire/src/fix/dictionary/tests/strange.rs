//! Bytes that nobody means.

use super::*;
use SessionRejectReason as Reason;

/// Numbers that look random, and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn no_bytes_are_too_strange() {
    let dictionary = dictionary();
    let whole = "34=1|49=A|453=2|448=X|447=D|802=1|523=a|448=Y|447=D|11=a|18=1 G|38=1|40=1|95=3|96=a|b|93=1|89=x|";
    let whole: Vec<u8> = whole
        .bytes()
        .map(|x| if x == b'|' { 1 } else { x })
        .collect();
    let mut random = Numbers(0x1234_5678_9ABC_DEF1);
    let (mut right, mut wrong) = (0usize, [0usize; 18]);
    for _ in 0..50_000 {
        let mut bytes = whole.clone();
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = random.below(256) as u8,
                1 => bytes[at] = b"0123456789=\x01"[random.below(12)],
                2 => bytes.truncate(at.max(1)),
                _ => {
                    let from = random.below(bytes.len());
                    let piece: Vec<u8> = bytes[from..].iter().take(9).copied().collect();
                    bytes.splice(at..at, piece);
                }
            }
        }
        let mut shown = 0;
        let allow = random.below(2) == 0;
        let found = dictionary.check(b"D", Fields::new(&bytes), allow, |field, _| {
            assert!(field.tag > 0 && !field.value.is_empty());
            shown += 1;
        });
        assert!(shown <= bytes.len() / 3);
        match found {
            Ok(()) => right += 1,
            Err(fault) => wrong[fault.reason as usize] += 1,
        }
    }
    assert!(right > 5_000, "{right}");
    // All but a MsgType that is unknown: the message is always the same.
    for reason in (0..=17).filter(|reason| ![7, 8, 9, 10, 11, 12].contains(reason)) {
        assert!(wrong[reason] > 0, "{reason} of {wrong:?}");
    }
}

#[test]
fn ten_thousand_tags_and_endless_groups_end_at_the_first_that_is_wrong() {
    let many: String = (0..10_000).map(|at| format!("{}=x|", 6_000 + at)).collect();
    let (found, seen) = checked("D", &format!("{HEAD}{many}11=a|38=1|40=1|"), true);
    assert_eq!((found, seen.len()), (Ok(()), 10_005));
    let (found, seen) = checked("D", &format!("{HEAD}{many}"), false);
    assert_eq!(
        (found, seen.len()),
        (Err(Fault::new(Reason::UndefinedTag, 6_000)), 2)
    );
    let entries = "448=X|447=D|".repeat(10_000);
    let (found, _) = checked(
        "D",
        &format!("{HEAD}453=10000|{entries}11=a|38=1|40=1|"),
        true,
    );
    assert_eq!(found, Ok(()));
    let (found, _) = checked(
        "D",
        &format!("{HEAD}453=4294967296|{entries}11=a|38=1|40=1|"),
        true,
    );
    assert_eq!(found, Err(Fault::new(Reason::GroupCount, 453)));
}
