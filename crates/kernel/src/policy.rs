//! Who may do what with the store itself.

use crate::Operation;
use crate::Role::Console;

/// Registers an operator and their key.
pub const ADD_OPERATOR: Operation = Operation { name: "operator.add", roles: &[Console] };
/// Wraps the data keys with a new master key.
pub const ROTATE_MASTER_KEY: Operation = Operation { name: "key.rotate", roles: &[Console] };

/// The kernel's rows of the policy.
pub const POLICY: &[Operation] = &[ADD_OPERATOR, ROTATE_MASTER_KEY];
