//! Who may do what with electronic identity.

use kernel::Operation;
use kernel::Role::{Authority, Bank, Caseworker, Console, Operator, PrivatePayer, PublicPayer, RegisterFeed};

/// Registers a client, or changes its registration.
pub const ADD_CLIENT: Operation = Operation { name: "client.add", roles: &[Console, Operator] };
/// Ends a client: it is given no token any more.
pub const END_CLIENT: Operation = Operation { name: "client.end", roles: &[Console, Operator] };
/// Reads who is registered, and who comes in how.
pub const READ_CLIENTS: Operation = Operation { name: "client.read", roles: &[Console, Operator] };
/// Makes the server's next key.
pub const ROTATE_SIGNING_KEY: Operation = Operation { name: "signing_key.rotate", roles: &[Console, Operator] };
/// Says from when an old way in is refused.
pub const SET_PHASE_OUT: Operation = Operation { name: "phase_out.set", roles: &[Console, Operator] };
/// Asks for an access token.
pub const ISSUE_TOKEN: Operation = Operation {
    name: "token.issue",
    roles: &[Operator, Caseworker, PublicPayer, PrivatePayer, Bank, Authority, RegisterFeed],
};
/// Sends a message that carries its own signature.
pub const USE_MESSAGE: Operation =
    Operation { name: "message.use", roles: &[PublicPayer, PrivatePayer, Bank, Authority, RegisterFeed] };

/// The rows of the policy.
pub const POLICY: &[Operation] =
    &[ADD_CLIENT, END_CLIENT, READ_CLIENTS, ROTATE_SIGNING_KEY, SET_PHASE_OUT, ISSUE_TOKEN, USE_MESSAGE];
