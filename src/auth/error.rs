//! What every error of this folder looks like: a stable code and a fixed sentence, so that no error can carry
//! what a person pasted, and none costs formatting code.

/// Declares an error of this folder: each variant with its code and its sentence. `+ Host(HostError)` adds a variant
/// that passes an inner error's code and sentence on.
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
            /// The codes of this type's own variants; a test demands an input for each.
            #[cfg(test)]
            pub(super) const CODES: &'static [&'static str] = &[$($code),+];

            /// Stable and unique among all errors of this folder.
            pub fn code(self) -> &'static str {
                crate::auth::error::apart(self.text()).0
            }

            /// One sentence for a person. It is fixed text and never repeats the input.
            pub fn message(self) -> &'static str {
                crate::auth::error::apart(self.text()).1
            }

            /// The code, a space, and the message: so there is one table of a type's errors instead of two.
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

/// The code and the message of an error's text.
pub(super) fn apart(text: &'static str) -> (&'static str, &'static str) {
    super::paste::split(text, " ").unwrap_or_default()
}

/// A client option that cannot be used, under the name the option has in JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigError {
    /// `clientID`, `clientSecret`, `serverURL`, `tenantDomain` or `security`.
    pub option: &'static str,
    /// Stable code of what is wrong, such as `secret_prefix_missing`.
    pub code: &'static str,
    /// One sentence for a person; never repeats the input.
    pub message: &'static str,
}

impl ConfigError {
    /// `text` is that of an error of this folder.
    pub(super) fn new(option: &'static str, text: &'static str) -> Self {
        let (code, message) = apart(text);
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
