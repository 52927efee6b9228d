//! Counts the bytes that readers visit. The fuzz targets use the count to check that readers take linear time, since a
//! clock on a busy machine proves nothing. Without the feature `steps`, nothing is counted or compiled.

#[cfg(feature = "steps")]
std::thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Adds to the step count of this thread.
#[inline(always)]
pub fn add(steps: usize) {
    #[cfg(feature = "steps")]
    STEPS.with(|sum| sum.set(sum.get() + steps));
    #[cfg(not(feature = "steps"))]
    let _ = steps;
}

/// Returns the steps of this thread since the last call, and resets the count.
#[cfg(feature = "steps")]
pub fn take() -> usize {
    STEPS.take()
}
