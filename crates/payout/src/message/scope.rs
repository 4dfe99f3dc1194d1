//! Which prefix stands for which namespace.

/// One namespace declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) prefix: Box<[u8]>,
    pub(super) uri: Box<[u8]>,
}

/// The namespace declarations in force, innermost last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) bindings: Vec<Binding>,
}

impl Scope {
    pub(super) fn find(&self, prefix: &[u8]) -> Option<&[u8]> {
        find(&self.bindings, prefix)
    }

    /// This scope with the declarations of an inner element.
    pub fn with(&self, inner: &[Binding]) -> Self {
        let mut bindings = self.bindings.clone();
        bindings.extend_from_slice(inner);
        Self { bindings }
    }
}

pub(super) fn find<'b>(bindings: &'b [Binding], prefix: &[u8]) -> Option<&'b [u8]> {
    bindings.iter().rev().find(|binding| &*binding.prefix == prefix).map(|binding| &*binding.uri)
}
