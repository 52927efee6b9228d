//! The Keyturn core.
