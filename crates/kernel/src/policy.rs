//! Who may do what with the store itself.

use crate::Operation;
use crate::Role::{Console, Operator};

/// Registers an operator and their key.
pub const ADD_OPERATOR: Operation = Operation { name: "operator.add", roles: &[Console] };
/// Ends an operator.
pub const END_OPERATOR: Operation = Operation { name: "operator.end", roles: &[Console, Operator] };
/// Wraps the data keys with a new master key.
pub const ROTATE_MASTER_KEY: Operation = Operation { name: "key.rotate", roles: &[Console] };
/// Reads everything, to move it to another place.
pub const COPY_STORE: Operation = Operation { name: "store.copy", roles: &[Console] };
/// Reads everything, to keep it in another place.
pub const BACK_UP_STORE: Operation = Operation { name: "store.backup", roles: &[Console] };
/// Makes a store of a backup.
pub const RESTORE_STORE: Operation = Operation { name: "store.restore", roles: &[Console] };

/// The kernel's rows of the policy.
pub const POLICY: &[Operation] =
    &[ADD_OPERATOR, END_OPERATOR, ROTATE_MASTER_KEY, COPY_STORE, BACK_UP_STORE, RESTORE_STORE];
