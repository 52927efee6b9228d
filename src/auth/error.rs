//! The common form of all errors in this folder: a stable code and a fixed sentence. Thus no error can carry user
//! input, and none needs formatting code.

/// Declares an error of this folder: each variant with its code and its sentence. `+ Host(HostError)` adds a variant
/// that passes on the code and the sentence of an inner error.
macro_rules! errors {
    (
        $(#[$meta:meta])*
        $name:ident { $($variant:ident $code:literal $message:literal)+ }
        $(+ $nested:ident($inner:ty))?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("Code `", $code, "`.")] $variant,)+
            $(/// What is wrong with the host in it.
            $nested($inner),)?
        }

        impl $name {
            /// The codes of this type's own variants. A test requires an input for each.
            #[cfg(test)]
            pub(super) const CODES: &'static [&'static str] = &[$($code),+];

            /// Returns the code, which is stable and unique among all errors of this folder.
            pub fn code(self) -> &'static str {
                crate::auth::error::split(self.text()).0
            }

            /// Returns one sentence for a person. The text is fixed and never repeats the input.
            pub fn message(self) -> &'static str {
                crate::auth::error::split(self.text()).1
            }

            /// Returns the code, a space, and the message, so that a type needs one table of texts instead of two.
            pub(super) fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($code, " ", $message),)+
                    $(Self::$nested(inner) => inner.text(),)?
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.message())
            }
        }

        impl core::error::Error for $name {}

        $(impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self::$nested(inner)
            }
        })?
    };
}

pub(super) use errors;

/// Splits an error's text into its code and its message.
pub(super) fn split(text: &'static str) -> (&'static str, &'static str) {
    super::paste::split(text, " ").unwrap_or_default()
}

/// The error for a client option that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigError {
    /// The option's name in JavaScript, such as `clientID`, `serverURL` or `security`.
    pub option: &'static str,
    /// The stable code of the fault, such as `secret_prefix_missing`.
    pub code: &'static str,
    /// One sentence for a person, which never repeats the input.
    pub message: &'static str,
}

impl ConfigError {
    /// Creates the error from the `text` of an error of this folder.
    pub(super) fn new(option: &'static str, text: &'static str) -> Self {
        let (code, message) = split(text);
        Self { option, code, message }
    }
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.option)?;
        f.write_str(": ")?;
        f.write_str(self.message)
    }
}

impl core::error::Error for ConfigError {}
