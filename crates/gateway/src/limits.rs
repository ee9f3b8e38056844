//! How much of anything there may be.

/// Bounds of order entry; units are in the names.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one packet.
    pub packet_bytes_max: usize,
    /// Bytes of one connection that are handled at a time; a packet is, whatever its length.
    pub turn_bytes_max: usize,
    /// Unanswered requests of one connection.
    pub requests_in_flight_max: u32,
    /// Orders that wait to be sealed, beyond which those wait that have more than a turn's bytes.  A
    /// question, a repeat and what is refused count for `NO_ORDER` of `pending`.
    pub requests_waiting_max: usize,
    /// From connection to login.
    pub login_deadline_ns: u64,
    /// Silence after which a heartbeat is sent.
    pub heartbeat_interval_ns: u64,
    /// Without a whole packet, after which the connection is dropped.
    pub idle_deadline_ns: u64,
}
