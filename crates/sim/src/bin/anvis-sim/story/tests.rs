//! What stops what, under each shipped set, as it is observed.
