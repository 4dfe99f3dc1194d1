//! What the project needs done besides building it: `cargo xtask`.

mod bench;
mod debian;
mod postgres;
mod run;
mod soak;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "cargo xtask COMMAND

  test [--without-WHAT …]             everything that is tested, or all but xsd, tmpfs, postgres
  soak [--kills N] [--histories N] [--payout-histories N] [--fuzz SECONDS]   more kills and histories at random, and fuzzing
  bench …                             how fast, beside its floors
  bench http …                        requests a second, beside a bare server
  postgres [NAME=VALUE …]             a PostgreSQL to work with, with these settings, until Ctrl-C
  tidy                                what no compiler checks
  policy                              who may do what
  schema                              writes down what the migrations make, and what is given of a case: docs/schema.txt,
                                      docs/case.schema.json";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let result = match command.as_str() {
        "test" => test::run(&rest),
        "soak" => soak::run(&rest),
        "bench" => bench::run(&rest),
        "postgres" => postgres::run(&rest),
        "tidy" => tidy::run(),
        "policy" => run::cargo(&["run", "--quiet", "--package", "anvis", "--", "policy"]).succeed(),
        "schema" => write_schema(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// Writes what the migrations make to where it is reviewed and held against both engines; and how what is given of a case is described.
fn write_schema() -> Result<(), String> {
    for (of, name) in [("tables", "schema.txt"), ("case", "case.schema.json")] {
        let shown = run::cargo(&["run", "--quiet", "--package", "services", "--example", "schema", "--", of]).output();
        let shown =
            shown.ok_or("the example schema of services failed: cargo run --package services --example schema")?;
        let path = run::root().join("docs").join(name);
        std::fs::write(&path, shown).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
