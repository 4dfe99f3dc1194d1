//! `anvis-sim`: a nation made from a seed that lives for some days in virtual time and gives the real commands.
//!
//! The same seed ends with the same journal head, on every run. Nothing here reads a clock or the machine's chance.

mod accounts;
mod check;
mod clock;
mod model;
mod pain;
mod payouts;
mod place;
mod registers;
mod secrets;
mod story;
#[cfg(test)]
mod tests;
mod world;

use clap::{Args, Parser, Subcommand};
use denmark::Decimal;
use kernel::journal::Head;
use kernel::merkle::to_hex;
use kernel::{Error, Location};
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;
use story::{Otherwise, Setting};
use world::{DayView, Settings};

/// Ours to mend: the store failed, or is not what the world believes.
const FAILED: u8 = 1;
/// Refused, before anything was made.
const REFUSED: u8 = 3;

#[derive(Parser)]
#[command(version, about = "A nation that does not exist, which lives in virtual time")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lets a nation live for some days, and prints the head of its journal
    World(WorldArgs),
    /// Plays a story of fraud under a set of controls, and prints what stopped it, and whom that cost what
    Story(StoryArgs),
}

#[derive(Args)]
struct StoryArgs {
    /// Which one
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(story::STORIES.iter().map(|story| story.id)))]
    id: String,
    /// The set of controls: 2015, 2017, 2020, 2021 or anvis
    #[arg(long, value_name = "SET", default_value = "anvis")]
    controls: String,
    /// A control that is otherwise than in the set: control=value
    #[arg(long = "change", value_name = "CONTROL=VALUE")]
    changes: Vec<String>,
    /// A share of a hundred that is assumed otherwise of owners, officers or a mule's bank: owner_reacts, colleague_sees, officer_sees,
    /// money_left
    #[arg(long = "assume", value_name = "SHARE=PER_CENT", value_parser = Otherwise::parse)]
    shares: Vec<Otherwise>,
    /// Another seed, other people, and other chances
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The store to make, which is kept: sqlite:FOLDER or postgres://USER@HOST/DATABASE. Without it, one that is removed at the end
    #[arg(long, value_name = "URL", value_parser = location)]
    store: Option<Location>,
    /// Keep the files that were exchanged, letters among them, in FOLDER-files
    #[arg(long, requires = "store")]
    keep: bool,
    /// One line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct WorldArgs {
    /// The store to make: sqlite:FOLDER, with the master key beside it; or postgres://USER@HOST/DATABASE, with the key in
    /// anvis-world.key
    #[arg(long, value_name = "URL", value_parser = location)]
    store: Location,
    /// Another seed, another nation and another head
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many days
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=9999))]
    days: u32,
    /// How many people there are on the first day
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    people: u64,
    /// How many companies there are on the first day
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=500_000))]
    companies: u64,
    /// How many payments are sent in on a day, divided among the payers
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(..=1_000_000))]
    payments: u64,
    /// The day on which the clock falls an hour behind
    #[arg(long, value_name = "DAY")]
    clock_behind: Option<u32>,
    /// Keep the files that were exchanged, in FOLDER-files
    #[arg(long)]
    keep: bool,
    /// One line of JSON
    #[arg(long)]
    json: bool,
}

fn location(text: &str) -> Result<Location, String> {
    Location::parse(text).map_err(|refusal| refusal.to_string())
}

fn main() -> ExitCode {
    let (result, json) = match Cli::parse().command {
        Command::World(args) => (live(&args), args.json),
        Command::Story(args) => (tell(&args), args.json),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if json {
                println!("{}", json!({ "code": error.code(), "text": error.to_string() }));
            } else {
                eprintln!("{error} [{}]", error.code());
            }
            ExitCode::from(if matches!(error, Error::Refused(_)) { REFUSED } else { FAILED })
        }
    }
}

fn live(args: &WorldArgs) -> Result<(), Error> {
    let settings = Settings {
        seed: args.seed,
        days: args.days,
        people: args.people,
        companies: args.companies,
        payments: args.payments,
        clock_behind_on: args.clock_behind,
    };
    let mut world = world::live(&args.store, settings, &mut |day| {
        if !args.json {
            println!("{}", day_in_words(day));
        }
    })?;
    let Head { size, root } = world.verify()?;
    let sums = world.totals()?;
    if !args.keep {
        world.files.remove()?;
    }
    if args.json {
        let sums: BTreeMap<_, BTreeMap<_, _>> =
            sums.into_iter().map(|(currency, sums)| (currency, in_words(sums))).collect();
        let head = json!({
            "seed": args.seed,
            "days": args.days,
            "size": size,
            "root": to_hex(&root),
            "counts": world.happened,
            "sums": sums,
        });
        println!("{head}");
    } else {
        for (currency, sums) in sums {
            let sums: Vec<String> =
                in_words(sums).into_iter().map(|(of, sum)| format!("{sum} {}", spoken(&of))).collect();
            println!("\n{currency}: {}", sums.join(", "));
        }
        println!("\nAll is as the world believes it. The journal and the tables agree:\n{size}:{}", to_hex(&root));
    }
    Ok(())
}

fn tell(args: &StoryArgs) -> Result<(), Error> {
    let StoryArgs { id, controls, changes, shares, seed, store, keep, json } = args;
    let setting = Setting { set: controls.clone(), changes: changes.clone(), shares: shares.clone(), seed: *seed };
    let own = std::env::temp_dir().join(format!("anvis-story-{}", std::process::id()));
    let location = match store {
        Some(location) => location.clone(),
        None => {
            std::fs::create_dir(&own).map_err(Error::io(format!("{} could not be made", own.display())))?;
            Location::from(&own.join("store"))
        }
    };
    let played = story::play(id, &location, &setting);
    if store.is_none() {
        std::fs::remove_dir_all(&own).map_err(Error::io(format!("{} could not be removed", own.display())))?;
    }
    let played = played?;
    println!("{}", if *json { played.to_json(id, &setting).to_string() } else { played.to_text(id, &setting) });
    if store.is_some() && !keep { played.remove_files() } else { Ok(()) }
}

fn in_words(sums: BTreeMap<String, Decimal>) -> BTreeMap<String, String> {
    sums.into_iter().map(|(of, sum)| (of, sum.to_string())).collect()
}

/// A name as people read it. Codes stay as they are.
fn spoken(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { name.replace('_', " ") }
}

/// One day, in a few lines.
fn day_in_words(DayView { date, before, after }: &DayView<'_>) -> String {
    let mut text = date.to_string();
    let nothing = BTreeMap::new();
    for (of, happened) in *after {
        let before = before.get(of).unwrap_or(&nothing);
        let today = happened.iter().filter_map(|(what, count)| {
            let today = count - before.get(what).copied().unwrap_or(0);
            (today > 0).then(|| format!("{today} {}", spoken(what)))
        });
        let today: Vec<String> = today.collect();
        if !today.is_empty() {
            text.push_str(&format!("\n  {:<17}  {}", spoken(of), today.join(", ")));
        }
    }
    text
}
