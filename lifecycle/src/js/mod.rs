//! What JavaScript sees of the lifecycle. Each export only forwards: text goes across as it is, structure as JSON.

mod engine;
mod findings;
mod format;

/// Whatever passes through may be a secret, and the glue frees without wiping: so everything that is freed is wiped.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
