//! Whoever asks for an account is told that a change of it waits: of a specific account too, and of one that would be the first.

use super::{CHANGED, PLAIN, SPECIFIC, WITHOUT, about, ask, client, nation};
use kernel::{Actor, Env, PublicKey, Role, Timestamp};
use registry::ask::{AccountAnswer, Resolve};
use registry::commands::{AddCaseworker, CancelDesignation, LookUp, LookUpAnswer, ProposeDesignation};
use registry::import::{AccountRow, Written};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::proposal::{Holder, LegalGround};
use registry::purpose::BenefitKind;

/// What an officer of the agency is told.
pub(super) fn look_up(
    place: &mut crate::place::Place,
    payee: &str,
    benefit: &str,
    at: Option<Timestamp>,
) -> LookUpAnswer {
    let specific = BenefitKind::parse(benefit).map(|benefit| ("Payer".to_owned(), benefit));
    let (actor, payee) = (Actor::operator("olga"), PayeeId::parse(payee).unwrap());
    let command = LookUp { actor: actor.clone(), payee, specific, as_of: at, known_at: at };
    place.writer.execute(&command, &actor, &Env::new(Timestamp::from_micros(place.now), 0)).unwrap()
}

#[test]
fn a_specific_account_that_is_proposed_is_told_as_one_that_waits() {
    let mut place = nation();
    place.control("anvis", &[]);
    let public = PublicKey::from_bytes([1; 32]);
    let (actor, env) = (Actor::caseworker("kim"), Env::new(Timestamp::from_micros(place.now), 0));
    let (name, authority, benefits) = ("kim".to_owned(), "Payer".to_owned(), [].into());
    let add = AddCaseworker { name, key: public, authority, benefits, in_person: false };
    place.writer.execute(&add, &Actor::console(), &env).unwrap();
    let vault = place.writer.store.vault().clone();
    let mut propose = |payee: &str, benefit: &str, expects: &str, chance: u32| {
        let payer = if benefit.is_empty() { "" } else { "Payer" };
        let (action, account) = ("register", "1020-9");
        let written = Written { action, payee, account, expects, payer, benefit, ..Written::default() };
        let row = AccountRow::read(&vault, &written).unwrap();
        let ground = Some(LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() });
        let (actor, holder) = (actor.clone(), Holder::Own);
        let command = ProposeDesignation { actor, row, holder, ground, is_locked: false, signature: None, once: None };
        let env = Env::new(Timestamp::from_micros(place.now), chance);
        let standing = place.writer.execute(&command, &command.actor, &env).unwrap();
        assert_eq!(standing.waits_for.as_deref(), Some("approval"));
        standing.id
    };
    let cancelled = propose(PLAIN, "NKSBOS", "none", 16);
    propose(SPECIFIC, "NKSBOS", "0041-66", 32);
    propose(CHANGED, "", "0041-22", 48);
    propose(WITHOUT, "NKSSU", "none", 64);
    let check = |place: &mut crate::place::Place, payee: &str, benefit: &str, account: &str, waits: bool| {
        let told =
            ask::<Resolve>(place, client(Role::PublicPayer), LegalPurpose::Payment, vec![about(payee, benefit, ())]);
        let AccountAnswer { account: told, pending_change, changed_days_ago, last_change_channel, .. } =
            told.unwrap().remove(0);
        let told = told.unwrap_or_default();
        assert!(told.ends_with(account), "{payee} {benefit}: {told}");
        // Where there is none in force, systems are told nothing of it; officers are.
        assert_eq!(pending_change, waits && !told.is_empty(), "{payee} {benefit}");
        let found = look_up(place, payee, benefit, None);
        assert_eq!(found.pending_change, Some(waits), "{payee} {benefit}");
        assert_eq!((found.changed_days_ago, found.last_change_channel), (changed_days_ago, last_change_channel));
    };
    check(&mut place, PLAIN, "", "1", false);
    check(&mut place, PLAIN, "NKSBOS", "1", true);
    check(&mut place, PLAIN, "NKSSU", "1", false);
    check(&mut place, SPECIFIC, "", "6", false);
    check(&mut place, SPECIFIC, "NKSBOS", "66", true);
    check(&mut place, CHANGED, "", "22", true);
    check(&mut place, CHANGED, "NKSBOS", "22", true);
    check(&mut place, WITHOUT, "", "", false);
    check(&mut place, WITHOUT, "NKSSU", "", true);
    let cancel = CancelDesignation { proposal: cancelled, actor: actor.clone(), channel: None };
    place.writer.execute(&cancel, &actor, &env).unwrap();
    check(&mut place, PLAIN, "NKSBOS", "1", false);
    // Of another moment it is told when the last change was, as of then; what waits is of the present.
    let at = Timestamp::from_micros(place.now - 3 * super::DAY);
    let LookUpAnswer { changed_days_ago, last_change_channel, pending_change, .. } =
        look_up(&mut place, CHANGED, "", Some(at));
    assert_eq!((changed_days_ago, last_change_channel.as_deref(), pending_change), (Some(6), Some("bank"), None));
    place.verify();
}
