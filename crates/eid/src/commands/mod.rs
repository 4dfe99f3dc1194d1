//! One file a command: load, decide, save.

mod add_client;
mod end_client;
mod issue_token;
mod keep;
mod rotate_signing_key;
mod set_phase_out;
mod use_once;

pub use add_client::AddClient;
pub use end_client::EndClient;
pub use issue_token::{Asked, IssueToken, issue};
pub use keep::{Uses, sweep};
pub use rotate_signing_key::{KeyMade, RotateSigningKey};
pub use set_phase_out::SetPhaseOut;
pub use use_once::{UseOnce, Used};
