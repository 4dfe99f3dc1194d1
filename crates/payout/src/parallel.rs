//! Work in order: one thread makes jobs, several do them, and the caller takes what is done in the order of the jobs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, mpsc};

/// Runs jobs until `produce` has no more, or something fails.
///
/// At most `in_flight` jobs exist at a time: `consume` gives back what a job was made of, and `produce` gets it for the next
/// one, so memory does not grow with the work. An error is met in its job's place, so the first one in order is the one
/// returned.
///
/// # Errors
/// The first error in the order of the jobs.
pub(crate) fn in_order<Job: Send, Done: Send, Spare: Send, Error: Send>(
    in_flight: usize,
    mut produce: impl FnMut(Option<Spare>) -> Result<Option<Job>, Error> + Send,
    workers: Vec<impl FnMut(Job) -> Result<Done, Error> + Send>,
    mut consume: impl FnMut(Done) -> Result<Spare, Error>,
) -> Result<(), Error> {
    let (give_place, places) = mpsc::channel::<Option<Spare>>();
    let (give_job, jobs) = mpsc::sync_channel::<(u64, Job)>(in_flight);
    let (give_done, done) = mpsc::sync_channel::<(u64, Result<Done, Error>)>(in_flight + 1);
    let jobs = Mutex::new(jobs);
    for _ in 0..in_flight {
        // The other end is held below.
        let _ = give_place.send(None);
    }
    std::thread::scope(|threads| {
        let jobs = &jobs;
        for mut work in workers {
            let give_done = give_done.clone();
            threads.spawn(move || {
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((place, job)) = job else { break };
                    if give_done.send((place, work(job))).is_err() {
                        break;
                    }
                }
            });
        }
        threads.spawn(move || {
            for (place, spare) in places.into_iter().enumerate() {
                let sent = match produce(spare) {
                    Ok(None) => break,
                    Ok(Some(job)) => give_job.send((place as u64, job)).is_ok(),
                    Err(error) => {
                        // If nobody listens any more, an earlier error has been met.
                        let _ = give_done.send((place as u64, Err(error)));
                        false
                    }
                };
                if !sent {
                    break;
                }
            }
        });
        let result = (|| {
            let mut early = BTreeMap::new();
            let mut next = 0;
            for (place, result) in &done {
                early.insert(place, result);
                while let Some(result) = early.remove(&next) {
                    next += 1;
                    // When the producer has ended, nobody takes the spare.
                    let _ = give_place.send(Some(consume(result?)?));
                }
            }
            Ok(())
        })();
        // Without these the other threads would wait for ever.
        drop((give_place, done));
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squares 0..jobs on two workers; a job, the producer or the consumer may fail at a number.
    fn run(jobs: u64, fail_produce: u64, fail_work: u64, fail_consume: u64) -> (Vec<u64>, Result<(), u64>) {
        let mut next = 0;
        let mut taken = Vec::new();
        let produce = |_: Option<()>| {
            next += 1;
            match next - 1 {
                at if at == fail_produce => Err(at),
                at => Ok((at < jobs).then_some(at)),
            }
        };
        let work = |job: u64| if job == fail_work { Err(job) } else { Ok(job * job) };
        let result = in_order(3, produce, vec![work, work], |done| {
            taken.push(done);
            if taken.len() as u64 == fail_consume { Err(fail_consume) } else { Ok(()) }
        });
        (taken, result)
    }

    #[test]
    fn in_order_whatever_fails() {
        const NEVER: u64 = u64::MAX;
        let squares = |end: u64| (0..end).map(|at| at * at).collect::<Vec<_>>();
        assert_eq!(run(1000, NEVER, NEVER, NEVER), (squares(1000), Ok(())));
        assert_eq!(run(0, NEVER, NEVER, NEVER), (vec![], Ok(())));
        assert_eq!(run(1000, 500, NEVER, NEVER), (squares(500), Err(500)));
        assert_eq!(run(1000, NEVER, 500, NEVER), (squares(500), Err(500)));
        assert_eq!(run(1000, NEVER, NEVER, 500), (squares(500), Err(500)));
        assert_eq!(run(1000, 501, 500, NEVER), (squares(500), Err(500)));
    }
}
