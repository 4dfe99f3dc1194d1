use crate::payer::{Agreement, NoAccount, Payer, PayerRefusal};
use crate::{policy, store};
use denmark::BankDirectory;
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Registers a payer, or gives one that is registered a new version of its agreement.
pub struct AddPayer {
    /// What is agreed.
    pub agreement: Agreement,
}

impl Command for AddPayer {
    const OPERATION: Operation = policy::ADD_PAYER;
    type State = (Option<Payer>, BankDirectory);
    type Change = Option<Payer>;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        Ok((store::payer::find_by_name(scope, &self.agreement.name)?, store::bank::directory(scope.tx)?))
    }

    fn decide(&self, (registered, banks): Self::State, _: &Env) -> Result<Decision<Self::Change, ()>, Refusal> {
        self.agreement.check_name()?;
        self.agreement.terms.check(self.agreement.waiting_account().is_some()).map_err(PayerRefusal::Terms)?;
        if let NoAccount::PayTo(account) = &self.agreement.no_account
            && account.reg().is_none_or(|reg| banks.get(reg).is_none())
        {
            return Err(PayerRefusal::PayTo.into());
        }
        if let Some(name) = &self.agreement.bank
            && !banks.iter().any(|(_, bank)| bank.name == *name)
        {
            return Err(PayerRefusal::Bank.into());
        }
        match &registered {
            Some(payer) if payer.agreement.cvr != self.agreement.cvr => return Err(PayerRefusal::NameTaken.into()),
            // Its systems came in under the kind that it had.
            Some(payer) if payer.agreement.kind != self.agreement.kind => return Err(PayerRefusal::KindTaken.into()),
            Some(payer) if payer.agreement == self.agreement => return Ok(Decision::unchanged(())),
            _ => {}
        }
        let facts = serde_json::json!({ "name": self.agreement.name, "is_new": registered.is_none() });
        Ok(Decision::of(vec![registered], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Option<Payer>], entry: Entry) -> Result<Vec<Rows>, Error> {
        changes
            .iter()
            .map(|payer| store::payer::insert(scope, entry, payer.as_ref().map(|payer| payer.id), &self.agreement))
            .collect()
    }
}
