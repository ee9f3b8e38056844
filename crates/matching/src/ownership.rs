//! Who owns an entry, and what it means when an incarnation of a gateway ends.

use super::claims::Owner;
use super::emit::Emit;
use super::engine::Engine;
use super::gateways::Opened;
use wire::record::event::{EntryClaimed, GatewayClosed, GatewayOpened};
use wire::record::{Command, Event};

impl Engine {
    /// End what has ended by now: incarnations that were silent, the one before `opened` of `gateway`, and
    /// entries that nobody claimed in time.
    #[inline]
    pub(crate) fn end_ownership(
        &mut self,
        gateway: u16,
        opened: Option<Opened>,
        out: &mut Emit<'_>,
    ) {
        if self.gateways.may_lapse(self.settings.gateway_lease_ns) {
            self.end_leases(out);
        }
        if let Some(opened) = opened {
            self.open_gateway(gateway, opened, out);
        }
        let (now_ns, grace_ns) = (self.gateways.now_ns(), self.settings.handover_grace_ns);
        while let Some(entry) = self.claims.close_next(now_ns, grace_ns) {
            self.close_entry(entry, out);
        }
    }

    #[cold]
    fn end_leases(&mut self, out: &mut Emit<'_>) {
        for (gateway, incarnation) in self.gateways.lapse(self.settings.gateway_lease_ns) {
            out.event(&Event::GatewayClosed(GatewayClosed {
                gateway,
                incarnation,
            }));
            self.end_incarnation(gateway, incarnation);
        }
    }

    #[cold]
    fn open_gateway(&mut self, gateway: u16, opened: Opened, out: &mut Emit<'_>) {
        let Opened { incarnation, nonce } = opened;
        self.end_incarnation(gateway, incarnation.saturating_sub(1));
        out.event(&Event::GatewayOpened(GatewayOpened {
            gateway,
            incarnation,
            nonce,
        }));
    }

    /// What an incarnation owned waits for a claim.
    #[cold]
    pub(crate) fn end_incarnation(&mut self, gateway: u16, incarnation: u32) {
        let owner = Owner::new(gateway, incarnation);
        self.claims.release(owner, self.gateways.now_ns());
    }

    /// A gateway asks for an entry.  The engine's own commands own nothing.
    pub(crate) fn claim(&mut self, entry: u32, by: Owner, out: &mut Emit<'_>) {
        if by.gateway() == 0 {
            return;
        }
        let known = self.parties.knows(entry);
        let (now_ns, interval_ns) = (self.gateways.now_ns(), self.settings.claim_interval_ns);
        let granted = known && self.claims.claim(entry, by, now_ns, interval_ns);
        let (entry_seq, last_num, base) = if known {
            let row = self.parties.entry(entry);
            (row.seq, row.last_num, row.base)
        } else {
            (0, 0, 0)
        };
        out.event(&Event::EntryClaimed(EntryClaimed {
            entry,
            gateway: by.gateway(),
            incarnation: by.incarnation(),
            granted,
            entry_seq,
            last_num,
            base,
        }));
    }

    /// Whether a command counts that comes from there: others than its owner say nothing for an entry.
    #[inline(always)]
    pub(crate) fn heeds(&self, command: &Command<'_>, from: Owner) -> bool {
        let entry = match command {
            Command::New(new, ..) => new.entry,
            Command::Cancel(cancel, ..) => cancel.entry,
            Command::Replace(replace, ..) => replace.entry,
            Command::MassCancel(mass, ..) => mass.entry,
            Command::Status(status, ..) => status.entry,
            Command::SessionMessage(said, ..) => said.entry,
            Command::SessionReset(reset) => reset.entry,
            Command::Refuse(refuse) => refuse.entry,
            Command::EntryClosed(closed) => closed.entry,
            _ => return true,
        };
        self.claims.heeds(entry, from)
    }
}
