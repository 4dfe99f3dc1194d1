//! Which client came in how, counted.

use crate::client::Client;
use crate::phase_out::Use;
use kernel::{Error, Id, Scope, Tx, statements};

statements! {
    INSERT = "interface_use.insert":
        "INSERT INTO interface_use (client, interface, version, tls, algorithm, first_day, last_day, uses)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND = "interface_use.find":
        "SELECT last_day, uses FROM interface_use
         WHERE client = $1 AND interface = $2 AND version = $3 AND tls = $4 AND algorithm = $5";
    UPDATE = "interface_use.update":
        "UPDATE interface_use SET last_day = $1, uses = $2
         WHERE client = $3 AND interface = $4 AND version = $5 AND tls = $6 AND algorithm = $7";
    OF_CLIENT = "interface_use.of_client":
        "SELECT client, interface, version, tls, algorithm, first_day, last_day, uses FROM interface_use
         WHERE client = $1 ORDER BY interface, version, tls, algorithm LIMIT 1000";
}

/// How often a client came in one way.
pub(crate) struct Counted {
    pub(crate) way: Use,
    /// Days since 1970.
    pub(crate) first_day: i64,
    pub(crate) last_day: i64,
    pub(crate) uses: i64,
}

pub(crate) fn add(tx: &Tx<'_>, way: &Use, day: i64, uses: i64) -> Result<(), Error> {
    let Use { client, interface, version, tls, algorithm } = way;
    let key = [(*client).into(), interface.into(), version.into(), tls.into(), algorithm.into()];
    let [client, interface, version, tls, algorithm] = key;
    match tx.optional(&FIND, &key, |row| Ok((row.int(0)?, row.int(1)?)))? {
        None => {
            let values = [client, interface, version, tls, algorithm, day.into(), day.into(), uses.into()];
            tx.run(&INSERT, &values)?;
        }
        Some((last_day, former)) => {
            let (last_day, uses) = (last_day.max(day), former.saturating_add(uses));
            tx.run(&UPDATE, &[last_day.into(), uses.into(), client, interface, version, tls, algorithm])?;
        }
    }
    Ok(())
}

/// How a client came in, each way once.
pub(crate) fn of(scope: &Scope<'_>, client: Id<Client>) -> Result<Vec<Counted>, Error> {
    let mut found = Vec::new();
    scope.tx.each(&OF_CLIENT, &[client.into()], |row| {
        let way = Use {
            client: Id::new(row.int(0)?),
            interface: row.text(1)?.to_owned(),
            version: row.text(2)?.to_owned(),
            tls: row.text(3)?.to_owned(),
            algorithm: row.text(4)?.to_owned(),
        };
        found.push(Counted { way, first_day: row.int(5)?, last_day: row.int(6)?, uses: row.int(7)? });
        Ok(())
    })?;
    Ok(found)
}
