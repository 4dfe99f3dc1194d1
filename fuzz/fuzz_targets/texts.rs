//! Any text as each of the small languages: payees, expectations, agreements, sealed accounts, batch names, roots.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::account::DesignatedAccount;
use registry::designation::Expects;
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount};
use registry::purpose::BenefitKind;

fuzz_target!(|text: &str| {
    if let Some(payee) = PayeeId::parse(text) {
        assert_eq!(PayeeId::parse(&payee.reveal()), Some(payee));
    }
    if let Some(account) = DesignatedAccount::from_text(text) {
        assert_eq!(DesignatedAccount::from_text(&account.to_text()), Some(account));
    }
    if let Some(agreement) = Agreement::from_text(text) {
        assert_eq!(Agreement::from_text(&agreement.to_text()), Some(agreement));
    }
    if let Some(batch) = payout::batch::parse_name(text) {
        assert!(payout::batch::name(batch).eq_ignore_ascii_case(text));
    }
    if let Some(hash) = kernel::merkle::from_hex::<32>(text) {
        assert!(kernel::merkle::to_hex(&hash).eq_ignore_ascii_case(text));
    }
    if let Some(kind) = BenefitKind::parse(text) {
        assert_eq!(kind.as_str(), text);
    }
    let _ = (NoAccount::parse(text), Expects::parse(text), BenefitKind::in_remittance(text));
    let bytes = text.as_bytes();
    if let Some(tree) = kernel::merkle::Tree::resume(bytes.len() as u64, bytes) {
        assert_eq!(tree.peaks(), bytes);
    }
});
