use crate::{Error, StoreError};

/// Where keys and salts come from. It is not part of [`crate::Env`]: a simulation's seed can never be wired into production,
/// because [`Secrets::from_source`] is banned by `clippy.toml` everywhere but in the simulator's binary and in tests.
pub struct Secrets(Box<Source>);

type Source = dyn FnMut(&mut [u8]) -> Result<(), Error> + Send;

impl Secrets {
    /// The operating system's random device.
    #[must_use]
    pub fn from_system() -> Self {
        Self(Box::new(|bytes| {
            getrandom::fill(bytes)
                .map_err(|error| StoreError::new("the operating system gave no randomness", error.to_string()).into())
        }))
    }

    /// Any other source; for simulators that must end alike for the same seed.
    pub fn from_source(source: impl FnMut(&mut [u8]) -> Result<(), Error> + Send + 'static) -> Self {
        Self(Box::new(source))
    }

    /// `N` secret bytes.
    ///
    /// # Errors
    /// The source failed.
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes)?;
        Ok(bytes)
    }
}
