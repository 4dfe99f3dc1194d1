//! Who is told of what happens to an account: the payee, at every contact point that stands and at those that stood before. It is
//! recorded in the transaction of that of which it tells (NK-10).

use crate::account::DesignatedAccount;
use crate::contact::{ContactPoint, OLD_DAYS, Reached, standing_before, wants_english};
use crate::controls::{Control, Controls};
use crate::designation::ChannelKind;
use crate::notice::{Details, Language, MaskedAccount, NewNotice, NoticeKind, Recipient, StopToken};
use crate::payee::PayeeId;
use crate::proposal::Proposal;
use crate::store;
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Error, Id, Scope, Timestamp};
use std::collections::BTreeMap;

/// One thing that a payee is told.
#[derive(Clone)]
pub(crate) struct Telling {
    /// The blind index of the payee.
    pub(crate) payee: Blind,
    pub(crate) number: PayeeId,
    pub(crate) kind: NoticeKind,
    /// The account that it is about.
    pub(crate) account: Option<DesignatedAccount>,
    /// By which channel it came.
    pub(crate) channel: Option<ChannelKind>,
    pub(crate) in_force_from: Option<Timestamp>,
    /// What can be stopped.
    pub(crate) proposal: Option<Id<Proposal>>,
    /// Whether it ends what they were told whatever the controls: they are told of that as well.
    pub(crate) is_always: bool,
}

impl Telling {
    /// Of something that is the payee's own: a contact point, a lock.
    pub(crate) const fn own(payee: Blind, number: PayeeId, kind: NoticeKind) -> Self {
        Self {
            payee,
            number,
            kind,
            account: None,
            channel: None,
            in_force_from: None,
            proposal: None,
            is_always: false,
        }
    }

    /// Of a proposal.
    pub(crate) fn of(proposal: &Proposal, kind: NoticeKind, in_force_from: Option<Timestamp>) -> Self {
        let asked = &proposal.asked;
        Self {
            payee: proposal.payee,
            number: asked.payee,
            kind,
            account: asked.account,
            channel: Some(asked.channel.kind()),
            in_force_from,
            proposal: Some(proposal.id),
            is_always: false,
        }
    }
}

/// Whether it tells of what the agency did of itself. No control switches off what leads to it, nor that its owner is told.
const fn is_always_told(kind: NoticeKind) -> bool {
    use NoticeKind::{AccountFrozen, AccountMarked, MarkAppealed, MarkLifted, MarkUpheld};
    matches!(kind, AccountFrozen | AccountMarked | MarkAppealed | MarkUpheld | MarkLifted)
}

/// Records what payees are told, as part of the entries of which it tells; the rows of each entry that tells anybody anything.
pub(crate) fn tell(scope: &Scope<'_>, entries: &[(Entry, Vec<Telling>)]) -> Result<Vec<Option<Rows>>, Error> {
    let mut payees: Vec<Blind> = entries.iter().flat_map(|(_, told)| told.iter().map(|told| told.payee)).collect();
    if payees.is_empty() {
        return Ok(entries.iter().map(|_| None).collect());
    }
    let controls = store::controls::in_force(scope.tx)?;
    payees.sort_unstable();
    payees.dedup();
    // What warns of nothing goes to those points alone that stand, whatever the controls.
    let is_told = |told: &Telling, is_standing| match told.kind.warns() {
        true if told.is_always || is_always_told(told.kind) => true,
        true => controls.has(if is_standing { Control::NoticePresent } else { Control::NoticeFormer }),
        false => is_standing,
    };
    let is_anybody_told = |told: &Telling| [true, false].into_iter().any(|is_standing| is_told(told, is_standing));
    let mut points = BTreeMap::new();
    if entries.iter().any(|(_, told)| told.iter().any(is_anybody_told)) {
        store::contact::of_many(scope, &payees, |at, stood| {
            points.insert(payees[at], stood);
        })?;
    }
    let notices: Vec<(Entry, Vec<NewNotice>)> = entries
        .iter()
        .map(|(entry, told)| {
            let of_one = |told: &Telling| {
                let stood = points.get(&told.payee).map_or(&[][..], Vec::as_slice);
                let mut reached = standing_before(stood, entry.at, OLD_DAYS);
                // Whoever has a number has a box with the authorities, or has said long ago that they have none: nobody is told
                // nothing. It is found by the number, so that nobody puts another in its place: it is as old as the number.
                let is_on_paper = reached.iter().any(Reached::is_old_letter);
                match reached.iter_mut().find(|reached| *reached.point == ContactPoint::DigitalPost) {
                    Some(boxed) => (boxed.is_standing, boxed.is_old) = (boxed.is_standing || !is_on_paper, true),
                    None if is_on_paper => {}
                    None => {
                        reached.push(Reached { point: &ContactPoint::DigitalPost, is_standing: true, is_old: true });
                    }
                }
                let language = if wants_english(stood) { Language::English } else { Language::Danish };
                let reached = reached.iter().filter(|point| is_told(told, point.is_standing));
                let notice = |point| notice(scope, told, &controls, point, (language, entry.at));
                reached.filter_map(notice).collect::<Vec<_>>()
            };
            (*entry, told.iter().flat_map(of_one).collect())
        })
        .collect();
    let some: Vec<(Entry, &[NewNotice])> = notices
        .iter()
        .filter(|(_, notices)| !notices.is_empty())
        .map(|(entry, notices)| (*entry, notices.as_slice()))
        .collect();
    let mut rows = store::notice::insert_of_entries(scope, &some)?.into_iter();
    Ok(notices.iter().map(|(_, notices)| if notices.is_empty() { None } else { rows.next() }).collect())
}

fn notice(
    scope: &Scope<'_>,
    told: &Telling,
    controls: &Controls,
    point: &Reached<'_>,
    (language, at): (Language, Timestamp),
) -> Option<NewNotice> {
    // Where a thief of today could have put a point, nothing is told that does anything.
    let stops = point.is_old && controls.has(Control::StopLink);
    let details = Details {
        at,
        account: told.account.as_ref().map(MaskedAccount::of),
        channel: told.channel.map(ChannelKind::name),
        in_force_from: told.in_force_from,
        stop: told.proposal.filter(|_| stops).map(|proposal| StopToken::of(scope.vault, proposal)),
        reports: None,
    };
    let to = Recipient::at(point.point, told.number)?;
    Some(NewNotice { payee: told.payee, kind: told.kind, to, language, details })
}
