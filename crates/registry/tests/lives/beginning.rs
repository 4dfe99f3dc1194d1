//! What all histories begin with: made once, and copied for each.

use crate::place::Place;
use crate::world::World;
use kernel::testing::TestPlace;
use kernel::{Blind, Id, Secrets, Store};
use registry::payer::Payer;

/// A store of a few people, authorities and caseworkers, to which nobody is connected.
pub struct Beginning {
    store: TestPlace,
    folder: tempfile::TempDir,
    now: i64,
    chance: u32,
    payees: Vec<Blind>,
    authorities: Vec<Id<Payer>>,
}

impl Beginning {
    pub fn new() -> Self {
        let World { place, chance, payees, authorities, .. } = World::new();
        let Place { writer, now, _store: store, _folder: folder } = place;
        drop(writer);
        Self { store, folder, now, chance, payees, authorities }
    }

    /// A copy, with which one history begins.
    pub fn world(&self) -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = TestPlace::copy_of(&self.store, folder.path());
        let (theirs, key) = (self.folder.path(), folder.path().join("key"));
        std::fs::copy(theirs.join("key"), &key).unwrap();
        // On PostgreSQL there is none.
        if let Ok(files) = std::fs::read_dir(theirs.join("store")) {
            std::fs::create_dir(folder.path().join("store")).unwrap();
            for file in files.map(Result::unwrap) {
                std::fs::copy(file.path(), folder.path().join("store").join(file.file_name())).unwrap();
            }
        }
        let migrations: Vec<_> = kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).collect();
        let opened = Store::open(store.location(), &key, &migrations).unwrap();
        let writer = opened.writer(Secrets::from_system()).unwrap();
        let place = Place { writer, now: self.now, _store: store, _folder: folder };
        World::of(place, self.chance, self.payees.clone(), self.authorities.clone())
    }
}
