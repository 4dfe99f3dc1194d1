//! Which controls are in force.

use crate::controls::Controls;
use kernel::{Error, Tx};

/// The controls in force.
pub(crate) fn in_force(_: &Tx<'_>) -> Result<Controls, Error> {
    Ok(Controls::anvis())
}
