//! What is believed of money that comes back: whose it is then, and what is still expected.

use crate::acts::To;
use crate::backing::Promise;
use crate::model::{Batch, ELSEWHERE, Fate, Model, Recall, State, iban};

impl Model {
    /// So much of a payment came back for a reason, if there is so much of it; whether that is booked.
    pub fn take_back(&mut self, batch: usize, number: usize, amount: i64, reason: &'static str) -> bool {
        let is_owed = reason != "FOCR" && self.is_owed(batch, number);
        let Batch { payments, stages, .. } = &mut self.batches[batch];
        let payment = &mut payments[number];
        let paid = i64::from(payment.pay.minor);
        let is_part_of_waiting = matches!(payment.state, State::Waiting(_)) && payment.back + amount < paid;
        if !payment.state.has_left() || amount <= 0 || payment.back + amount > paid || is_part_of_waiting {
            return false;
        }
        payment.back += amount;
        let is_all = payment.back == paid;
        // What was ordered from the waiting account comes back to there.
        let is_ordered = matches!(payment.state, State::Routed(_))
            && payment.left.last().is_some_and(|(stage, _)| stages[*stage].of_record.is_some());
        let is_whole = is_all && !is_ordered;
        let goes_on = is_whole && is_owed && amount == paid && matches!(payment.state, State::Routed(_));
        if is_all && is_ordered {
            payment.state = State::Waiting(iban(ELSEWHERE));
            payment.came_to_lie += 1;
            payment.back = 0;
        }
        if is_whole {
            payment.state = State::Returned(reason);
            payment.returned += 1;
            payment.back = 0;
        }
        for recall in self.recalls.iter_mut().filter(|recall| recall.batch == batch) {
            if let Some((since, _)) = recall.payments.get_mut(&number) {
                *since += amount;
            }
        }
        if goes_on {
            self.onward.entry(batch).or_default().insert(number);
        }
        let is_payers = is_whole && !goes_on;
        let of_batch = self.booked.entry(batch).or_default();
        of_batch.entry(number).and_modify(|whole| *whole |= is_payers).or_insert(is_payers);
        true
    }

    /// Whether a payee is still to have what comes back, and its payer lets it go on to the waiting account.
    fn is_owed(&self, batch: usize, number: usize) -> bool {
        let payment = &self.batches[batch].payments[number];
        let is_alive = matches!(payment.pay.to, To::Payee(payee) if !self.persons[payee].is_dead);
        let times = payment.left.len();
        let of_it = |recall: &Recall| recall.batch == batch && recall.times.get(&number) == Some(&times);
        let sends_on = self.batches[batch].agreed().sends_on && !self.is_elsewhere_marked();
        sends_on && is_alive && !self.recalls.iter().any(of_it)
    }

    /// What was booked together is a stage of each batch; what goes on to the waiting account is another. Which these are.
    pub fn end_booking(&mut self) -> Vec<(usize, usize)> {
        let mut went_on = Vec::new();
        for (at, came_back) in std::mem::take(&mut self.booked) {
            self.end_stage(at);
            if let Some(stage) = self.batches[at].stages.last_mut() {
                stage.of_record = Some(came_back);
            }
            let onward = self.onward.remove(&at).unwrap_or_default();
            if onward.is_empty() {
                continue;
            }
            let stage = self.batches[at].stages.len();
            self.sent_on += onward.len();
            for number in onward {
                self.become_of(at, number, stage, Fate::LeavesElsewhere);
            }
            self.end_stage(at);
            went_on.push((at, stage));
        }
        went_on
    }

    /// Whether something is still expected of the newest recall of a payment.
    pub fn is_asked_back(&self, batch: usize, number: usize) -> bool {
        let paid = i64::from(self.batches[batch].payments[number].pay.minor);
        let of_it = |recall: &&Recall| recall.batch == batch && recall.payments.contains_key(&number);
        let Some(newest) = self.recalls.iter().rev().find(of_it) else { return false };
        let (since, said) = newest.payments[&number];
        let paid = newest.asked.get(&number).copied().unwrap_or(paid);
        let came_back = since > 0 && since >= said.unwrap_or(paid);
        !came_back && said != Some(0)
    }

    /// A bank's last word on a payment of a recall: that so much of it comes back. Whether something is booked.
    pub fn answer(&mut self, recall: usize, number: usize, amount: i64) -> bool {
        let Recall { batch, payments, asked, .. } = &mut self.recalls[recall];
        let amount = amount.min(asked[&number]);
        let Some((since, said)) = payments.get_mut(&number) else { return false };
        *said = Some(amount);
        let (batch, more) = (*batch, amount - *since);
        let is_booked = self.take_back(batch, number, more, "FOCR");
        if is_booked {
            let payment = &mut self.batches[batch].payments[number];
            payment.promised.push(Promise { time: payment.left.len(), amount: more, is_there: false });
        }
        is_booked
    }
}
