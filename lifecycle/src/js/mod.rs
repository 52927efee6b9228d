//! The lifecycle's interface to JavaScript. Each export only forwards: text is passed unchanged, structures as JSON.

mod engine;
mod findings;
mod format;

/// Wipes all memory that is freed: anything that passes through may be a secret, and the glue frees memory without
/// wiping it.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
