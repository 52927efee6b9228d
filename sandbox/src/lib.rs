//! The sandbox tenant.
