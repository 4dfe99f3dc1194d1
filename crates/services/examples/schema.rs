//! Prints what the migrations make, as it stands in `docs/schema.txt`, or with `case` how what is given of a case is described, as it
//! stands in `docs/case.schema.json`: `cargo xtask schema`.

use kernel::{Env, Error, Secrets, Store, Timestamp};

fn main() -> Result<(), Error> {
    if std::env::args().nth(1).as_deref() == Some("case") {
        println!("{:#}", services::case_file::case_schema());
        return Ok(());
    }
    let folder = tempfile::tempdir().map_err(Error::io("a temporary folder could not be made"))?;
    let (data, key) = (folder.path().join("store"), folder.path().join("key"));
    let migrations: Vec<_> = services::migrations().collect();
    let env = Env::new(Timestamp::from_micros(0), 0);
    let store = Store::create(&data, &key, &migrations, true, &env, &mut Secrets::from_system())?;
    print!("{}", store.connect()?.read(|tx| tx.shape())?);
    Ok(())
}
