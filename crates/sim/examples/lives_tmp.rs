#![allow(warnings)]
use kernel::*;
use std::path::*;
use std::time::*;
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
mod changes {
    use std::io::{BufRead, BufReader};
    use std::collections::BTreeSet;
    use std::path::Path;
pub fn designated(designations: &Path) -> impl Iterator<Item = [String; 8]> + use<> {
    let file = designations.to_owned();
    let lines = move || BufReader::new(std::fs::File::open(&file).unwrap()).lines().skip(1).map(Result::unwrap);
    let others = lines().filter(|line| !line.starts_with("register,"));
    let others: BTreeSet<String> = others.filter_map(|line| Some(line.split(',').nth(1)?.to_owned())).collect();
    lines().filter_map(|line| changed(&line)).filter(move |row| !others.contains(&row[1]))
}
fn changed(line: &str) -> Option<[String; 8]> {
    let fields: Vec<&str> = line.split(',').collect();
    let ["register", payee, account, _, _, currency, payer, _] = fields.as_slice() else { return None };
    let (reg, number) = account.split_once('-').filter(|(reg, _)| reg.len() == 4 && payer.is_empty())?;
    let next: u64 = number.parse::<u64>().ok()? % 9_999_999_998 + 1;
    let texts = ["change", payee, &format!("{reg}-{next}"), "", account, currency, "", ""];
    Some(texts.map(str::to_owned))
}
}
#[path = "../../anvis/benches/figures/lives.rs"]
mod lives;
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}
fn now() -> Timestamp { Timestamp::from(jiff::Timestamp::now()) }
fn control(writer: &mut Writer, set: &str) {
    let change = registry::control_change::ControlChange::new(Some(set), &[]).unwrap();
    let set = registry::commands::SetControls { change, is_synthetic: true };
    writer.execute(&set, &Actor::console(), &Env::new(now(), 0)).unwrap();
}
fn processor_time(of: &str) -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit_once(") ").unwrap().1.split(' ').collect();
    let first = if of == "self" { 11 } else { 13 };
    let ticks: u64 = fields[first..first + 2].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
fn main() {
    let dir = PathBuf::from(std::env::args().nth(1).unwrap());
    let count: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let migrations: Vec<_> = services::migrations().collect();
    let store = Store::open(Location::from(&dir.join("data")), &dir.join("data.key"), &migrations).unwrap();
    let lived = lives::lives(&store, &dir.join("import.csv"), sim::nation::PUBLIC_PAYER, 0, count);
    let n = lived.letters.len() as f64;
    println!("{n} lives: {:.0} a second by the clock, {:.1} µs of processor each", n / lived.took.as_secs_f64(), lived.processor.as_secs_f64() * 1e6 / n);
}
