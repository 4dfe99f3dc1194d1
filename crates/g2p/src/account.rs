use crate::payee::strip_prefix;
use denmark::{Account, AccountNumber, Bic, Country, DanishAccount, Iban, RegNumber};
use std::borrow::Cow;
use std::io::Write;

/// The longest financial address that is read; the longest that is written is half of it.
const ADDRESS_BYTES_MAX: usize = 256;
const BANK_ACCOUNT: &str = ".fa_type:BANK_ACCOUNT";
const BRANCH_CODE: &str = ".branch_code:";

/// In which form a client gets accounts. All are read, whatever a client gets.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum AccountForm {
    /// `account:0440116243@0040`, the standard's `account-no@bank-code` with the registration number as the bank's code;
    /// for an account elsewhere `iban:SE4550000000058398257466@se`.
    #[default]
    Account,
    /// `iban:DK5000400440116243@dk`.
    Iban,
    /// `account_number:0440116243.branch_code:0040.bank_code:DABADKKK.mobile_number:.email_address:.fa_type:BANK_ACCOUNT`:
    /// what G2P Bridge takes apart. `bank_code` is the BIC, or the registration number where none is known. For an account
    /// elsewhere the account number is the IBAN, and the branch code is empty.
    KeyValue,
}

/// Reads an account in any form of [`AccountForm`], or as the rest of Anvis writes it (`0040-440116243`, an IBAN). Case does
/// not matter, as the standard has it. What is said twice must agree: the country after an IBAN, for one.
///
/// # Errors
/// What is wrong, as a sentence that repeats nothing.
pub fn read_account(text: &str) -> Result<Account, &'static str> {
    if text.len() > ADDRESS_BYTES_MAX {
        return Err("The financial address is too long.");
    }
    if let Some(rest) = strip_prefix(text, "account_number:") {
        return read_key_value(rest);
    }
    if let Some(rest) = strip_prefix(text, "account:").or_else(|| strip_prefix(text, "account_no:")) {
        let (number, reg) =
            rest.split_once('@').ok_or("The account has no registration number, which stands after @.")?;
        let reg = strip_suffix(reg, ".dk").unwrap_or(reg);
        return danish(reg, number);
    }
    if let Some(rest) = strip_prefix(text, "iban:") {
        let (iban, country) = rest.split_once('@').map_or((rest, None), |(iban, country)| (iban, Some(country)));
        let iban = read_iban(iban)?;
        if country.is_some_and(|country| !country.eq_ignore_ascii_case(iban.country_code())) {
            return Err("The country after @ is not the IBAN's.");
        }
        return Ok(Account::from(iban));
    }
    Account::parse(&upper(text)).map_err(|_| "The financial address is not an account.")
}

/// Reads what follows `account_number:`. Members that say nothing of the account are not looked at; they may hold dots.
fn read_key_value(text: &str) -> Result<Account, &'static str> {
    let members = strip_suffix(text, BANK_ACCOUNT).ok_or("The financial address is not of a bank account.")?;
    let (number, members) = members.split_at(members.find('.').unwrap_or(members.len()));
    let members = members.to_ascii_lowercase();
    let mut branches = members.split(BRANCH_CODE).skip(1).map(|rest| rest.split('.').next().unwrap_or(rest));
    let branch = branches.next().unwrap_or_default();
    if branches.next().is_some() {
        return Err("The financial address has two branch codes.");
    }
    match branch {
        "" => read_iban(number).map(Account::from),
        branch => danish(branch, number),
    }
}

fn read_iban(text: &str) -> Result<Iban, &'static str> {
    Iban::parse(&upper(text)).map_err(|_| "The account is not an IBAN.")
}

fn danish(reg: &str, number: &str) -> Result<Account, &'static str> {
    let reg = RegNumber::parse(reg).map_err(|_| "The registration number is not 4 digits.")?;
    let number = AccountNumber::parse(number).map_err(|_| "The account number is not 1 to 10 digits.")?;
    Ok(Account::Danish(DanishAccount { reg, number }))
}

fn strip_suffix<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    tail.eq_ignore_ascii_case(suffix).then_some(rest)
}

fn upper(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Cow::Owned(text.to_ascii_uppercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Writes an account, without quotes: digits, letters and `:@.-_` only, so that nothing needs an escape.
///
/// `country` says which of a Danish account's IBANs is printed; `bic` is the bank's, where it is known.
pub(crate) fn write_account(
    buffer: &mut Vec<u8>,
    account: &Account,
    form: AccountForm,
    country: Country,
    bic: Option<&Bic>,
) {
    const INFALLIBLE: &str = "memory takes what is written";
    match (form, account) {
        (AccountForm::Account, Account::Danish(account)) => {
            buffer.extend_from_slice(b"account:");
            buffer.extend_from_slice(account.number.digits().as_bytes());
            write!(buffer, "@{}", account.reg).expect(INFALLIBLE);
        }
        (AccountForm::Account | AccountForm::Iban, account) => {
            let iban = account.iban(country);
            buffer.extend_from_slice(b"iban:");
            buffer.extend_from_slice(iban.as_str().as_bytes());
            buffer.push(b'@');
            buffer.extend(iban.country_code().bytes().map(|letter| letter.to_ascii_lowercase()));
        }
        (AccountForm::KeyValue, account) => {
            buffer.extend_from_slice(b"account_number:");
            match account {
                Account::Danish(account) => {
                    buffer.extend_from_slice(account.number.digits().as_bytes());
                    write!(buffer, "{BRANCH_CODE}{}.bank_code:", account.reg).expect(INFALLIBLE);
                }
                Account::Foreign(iban) => {
                    write!(buffer, "{}{BRANCH_CODE}.bank_code:", iban.as_str()).expect(INFALLIBLE);
                }
            }
            match (bic, account) {
                (Some(bic), _) => buffer.extend_from_slice(bic.as_str().as_bytes()),
                (None, Account::Danish(account)) => write!(buffer, "{}", account.reg).expect(INFALLIBLE),
                (None, Account::Foreign(_)) => {}
            }
            buffer.extend_from_slice(b".mobile_number:.email_address:");
            buffer.extend_from_slice(BANK_ACCOUNT.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(account: &Account, form: AccountForm, bic: Option<&Bic>) -> String {
        let mut buffer = Vec::new();
        write_account(&mut buffer, account, form, Country::Denmark, bic);
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn one_account_is_read_in_many_forms() {
        let account = Account::parse("0040-440116243").unwrap();
        for text in [
            "account:0440116243@0040",
            "account:440116243@0040.dk",
            "ACCOUNT:440116243@0040.DK",
            "account_no:440116243@0040",
            "iban:DK5000400440116243@dk",
            "iban:dk5000400440116243",
            "IBAN:DK50 0040 0440 1162 43@DK",
            "iban:FO2000400440116243@fo",
            "0040-440116243",
            "0040 440116243",
            "DK5000400440116243",
            "dk5000400440116243",
            "account_number:440116243.branch_code:0040.fa_type:BANK_ACCOUNT",
            "account_number:0440116243.branch_code:0040.bank_code:DABADKKK.mobile_number:.email_address:.fa_type:BANK_ACCOUNT",
            "account_number:440116243.branch_name:By.nord.branch_code:0040.bank_code:x.mobile_number:.email_address:a@b.dk.\
             fa_type:bank_account",
            "account_number:DK5000400440116243.branch_code:.bank_code:.fa_type:BANK_ACCOUNT",
            "account_number:DK5000400440116243.fa_type:BANK_ACCOUNT",
        ] {
            assert_eq!(read_account(text), Ok(account), "{text}");
        }
    }

    #[test]
    fn a_refusal_says_why_and_repeats_nothing() {
        let check = |text: &str, why: &str| assert_eq!(read_account(text), Err(why), "{text:?}");
        check("", "The financial address is not an account.");
        check("token:12345@gtbank", "The financial address is not an account.");
        check("mobile:20123456@mobile-pymt", "The financial address is not an account.");
        check("0040440116243", "The financial address is not an account.");
        check("account:440116243", "The account has no registration number, which stands after @.");
        check("account:440116243@40", "The registration number is not 4 digits.");
        check("account:440116243@0040@0041", "The registration number is not 4 digits.");
        check("account:44011624a@0040", "The account number is not 1 to 10 digits.");
        check("account:@0040", "The account number is not 1 to 10 digits.");
        check("iban:DK5100400440116243@dk", "The account is not an IBAN.");
        check("iban:@dk", "The account is not an IBAN.");
        check("iban:DK5000400440116243@se", "The country after @ is not the IBAN's.");
        check("iban:DK5000400440116243@", "The country after @ is not the IBAN's.");
        check("account_number:1.branch_code:0040", "The financial address is not of a bank account.");
        check(
            "account_number:1.branch_code:0040.fa_type:MOBILE_WALLET",
            "The financial address is not of a bank account.",
        );
        check("account_number:1.bank_code:0040.fa_type:BANK_ACCOUNT", "The account is not an IBAN.");
        check("account_number:1.branch_code:40.fa_type:BANK_ACCOUNT", "The registration number is not 4 digits.");
        check(
            "account_number:1.branch_code:0040.email_address:x.branch_code:9999.fa_type:BANK_ACCOUNT",
            "The financial address has two branch codes.",
        );
        check(
            "account_number:DK5000400440116243.branch_code:9999.fa_type:BANK_ACCOUNT",
            "The account number is not 1 to 10 digits.",
        );
        check(&"0".repeat(257), "The financial address is too long.");
    }

    #[test]
    fn each_form_is_written_as_promised() {
        let bic = Bic::parse("DABADKKK").unwrap();
        let check = |account: &str, form: AccountForm, bic: Option<&Bic>, expected: &str| {
            assert_eq!(written(&Account::parse(account).unwrap(), form, bic), expected);
        };
        check("0040-440116243", AccountForm::Account, None, "account:0440116243@0040");
        check("0040-440116243", AccountForm::Iban, None, "iban:DK5000400440116243@dk");
        check("SE4550000000058398257466", AccountForm::Account, None, "iban:SE4550000000058398257466@se");
        check("SE4550000000058398257466", AccountForm::Iban, None, "iban:SE4550000000058398257466@se");
        check(
            "0040-440116243",
            AccountForm::KeyValue,
            Some(&bic),
            "account_number:0440116243.branch_code:0040.bank_code:DABADKKK.mobile_number:.email_address:.fa_type:BANK_ACCOUNT",
        );
        check(
            "0040-440116243",
            AccountForm::KeyValue,
            None,
            "account_number:0440116243.branch_code:0040.bank_code:0040.mobile_number:.email_address:.fa_type:BANK_ACCOUNT",
        );
        check(
            "SE4550000000058398257466",
            AccountForm::KeyValue,
            None,
            "account_number:SE4550000000058398257466.branch_code:.bank_code:.mobile_number:.email_address:.fa_type:BANK_ACCOUNT",
        );
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*", tail in "[a-z_:.@0-9]{0,40}") {
            let _ = read_account(&text);
            let _ = read_account(&format!("account_number:{tail}{BANK_ACCOUNT}"));
            let _ = read_account(&format!("iban:{tail}"));
            let _ = read_account(&format!("account:{tail}"));
        }

        #[test]
        fn what_is_written_is_read_back(reg in 0_u16..10_000, number in "[0-9]{1,10}") {
            let account = Account::parse(&format!("{reg:04}-{number}")).unwrap();
            for form in [AccountForm::Account, AccountForm::Iban, AccountForm::KeyValue] {
                prop_assert_eq!(read_account(&written(&account, form, None)), Ok(account));
            }
        }
    }
}
