//! Counts the bytes that readers look at. The fuzz targets hold readers to linear time with it, since a clock on a busy machine proves
//! nothing. Without the feature `steps` nothing is counted, and nothing is compiled.

#[cfg(feature = "steps")]
std::thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Adds to the steps of this thread.
#[inline(always)]
pub fn add(steps: usize) {
    #[cfg(feature = "steps")]
    STEPS.with(|sum| sum.set(sum.get() + steps));
    #[cfg(not(feature = "steps"))]
    let _ = steps;
}

/// The steps of this thread since the last call.
#[cfg(feature = "steps")]
pub fn take() -> usize {
    STEPS.take()
}
