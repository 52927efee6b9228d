//! The lifecycle's interface to JavaScript. Each export only forwards: text is passed unchanged, structure as JSON.

mod engine;
mod findings;
mod format;

/// Whatever passes through may be a secret, and the glue frees memory without wiping, so everything that is freed is
/// wiped.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
