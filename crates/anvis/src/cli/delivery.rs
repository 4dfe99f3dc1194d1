//! What can be said of deliveries.

use super::existing_file;
use clap::Subcommand;
use registry::delivery::What;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Delivery {
    /// Give a bank what concerns it, ask it whose an account is, or give a client what it subscribes to; or say where that goes from now on.
    #[command(group(clap::ArgGroup::new("place").required(true).args(["url", "folder"])))]
    #[command(group(clap::ArgGroup::new("whose").required(true).args(["bank", "client"])))]
    Add {
        /// What you call it.
        name: String,
        /// Its messages, the payment files that were completed for payers who have it as their bank, or questions whose an account is;
        /// or what becomes of the accounts that a client subscribes to.
        #[arg(long, value_name = "messages|files|ownership|subscriptions", value_parser = delivered)]
        what: What,
        /// The bank, as the bank directory names it…
        #[arg(long, value_name = "NAME")]
        bank: Option<String>,
        /// …or the client, whose subscriptions they are.
        #[arg(long, value_name = "NAME")]
        client: Option<String>,
        /// A server that takes it by POST: https://, or http:// on this machine.
        #[arg(long)]
        url: Option<String>,
        /// Who issued the server's certificate (PEM) [default: whom the operating system trusts].
        #[arg(long, conflicts_with = "folder", value_name = "FILE", value_parser = existing_file)]
        ca: Option<PathBuf>,
        /// A certificate that is shown to the server (PEM)…
        #[arg(long, requires = "key", conflicts_with = "folder", value_name = "FILE", value_parser = existing_file)]
        cert: Option<PathBuf>,
        /// …and its private key (PEM).
        #[arg(long, requires = "cert", value_name = "FILE", value_parser = existing_file)]
        key: Option<PathBuf>,
        /// A folder in which it is put.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Begin with all that was ever recorded, and not with what is recorded from now on.
        #[arg(long)]
        from_beginning: bool,
    },
    /// End a delivery: what was not taken yet is given no more.
    End {
        /// Its name.
        name: String,
    },
    /// Every delivery, and how far it is.
    List,
    /// Give what is due now, once; while 'anvis serve' runs, it does so every second.
    Run,
}

fn delivered(text: &str) -> Result<What, String> {
    What::parse(text).ok_or_else(|| "write messages, files, ownership or subscriptions".to_owned())
}
