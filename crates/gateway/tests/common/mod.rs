//! What the tests of connections send.

use wire::sbe::NewOrderSingle;

/// Packets of orders with these numbers.
pub fn orders(numbers: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    let mut packets = Vec::new();
    for cl_ord_id in numbers {
        let order = NewOrderSingle {
            cl_ord_id,
            price: 5,
            order_qty: 6,
            stop_px: i64::MIN,
            security_id: 1,
            side: 1,
            ord_type: 2,
            time_in_force: 1,
            exec_inst: 0,
            self_match_prevention_instruction: 255,
        };
        order.push(&mut packets);
    }
    packets
}
