//! The names of the numbers that cross the boundary between Rust and TypeScript.
//!
//! `cargo xtask generate` compiles this file too and writes the same names for TypeScript (`pkg/src/generated`), so it
//! depends on nothing else. In TypeScript a variant begins with a lowercase letter.

/// An enum as the generator reads it.
#[derive(Debug, Clone, Copy)]
pub struct Enum {
    /// The name of the enum.
    pub name: &'static str,
    /// The lines of its doc comment.
    pub docs: &'static [&'static str],
    /// Each variant with its number and the lines of its doc comment.
    pub variants: &'static [(&'static str, u8, &'static [&'static str])],
}

/// Declares enums that cross the boundary as numbers, and lists them for the generator.
macro_rules! numbered {
    ($($(#[doc = $docs:literal])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $number:literal,)+ })+) => {
        $(
            $(#[doc = $docs])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            #[repr(u8)]
            pub enum $name {
                $($(#[doc = $doc])* $variant = $number,)+
            }

            impl $name {
                /// Returns the variant with this number.
                #[must_use]
                pub const fn from_number(number: u8) -> Option<Self> {
                    match number {
                        $($number => Some(Self::$variant),)+
                        _ => None,
                    }
                }
            }
        )+

        /// All enums of this file.
        pub const ENUMS: &[Enum] = &[$(Enum {
            name: stringify!($name),
            docs: &[$($docs),*],
            variants: &[$((stringify!($variant), $number, &[$($doc),*])),+],
        }),+];
    };
}

numbered! {
    /// The effect of repeating a request.
    Effect {
        /// Changes nothing.
        Read = 0,
        /// Changes something.
        Write = 1,
        /// Answers with a secret that is shown once.
        Secret = 2,
    }

    /// The treatment of request fields that the table does not know.
    Unknown {
        /// Refuse them: most are misspelled or one level too high.
        Refuse = 0,
        /// Leave them out, as the official C1 SDK does.
        Drop = 1,
        /// Send them unchanged, because a newer server may know them. The documents of a JSON:API are read this way;
        /// there, the path to a faulty field begins with the attribute or the relationship, as the caller wrote it.
        Keep = 2,
    }

    /// What a field of an answer needs after `JSON.parse`.
    StepKind {
        /// Another name only.
        Rename = 0,
        /// A `Date`.
        Date = 1,
        /// A 64-bit integer.
        Integer = 2,
        /// A message whose own fields need something.
        Child = 3,
        /// A list of such messages.
        Children = 4,
        /// A map of such messages.
        ChildMap = 5,
        /// `google.protobuf.Any`.
        Any = 6,
        /// A list of `google.protobuf.Any`.
        Anys = 7,
        /// A map of `google.protobuf.Any`.
        AnyMap = 8,
    }

    /// The core's flags for an answer as a whole, which are passed as their sum.
    DecodeFlag {
        /// There are notes: patches or problems.
        Notes = 1,
        /// The text is all ASCII.
        Ascii = 2,
    }

    /// The ways in which a client of C1 gets its tokens. The names are those of `AuthenticationMethod`.
    C1Login {
        /// A fixed token, given as the secret.
        Token = 0,
        /// A function of the caller.
        Function = 1,
        /// Client id and secret; an assertion signed with the secret is sent.
        Assertion = 2,
        /// Client id and secret; the secret itself is sent.
        SecretPost = 3,
        /// An identity token of another issuer, which is exchanged. The client id is that of a federation trust.
        TokenExchange = 4,
        /// A code that a person confirms in a browser. The client id is that of a program that people log in with.
        DeviceLogin = 5,
    }

    /// The ways in which a client of Commerce Layer gets its tokens. The names are those of `Grant`.
    CommerceLayerGrant {
        /// A fixed token, given as the secret.
        Token = 0,
        /// A function of the caller.
        Function = 1,
        /// A token that a function of the caller renews.
        Renewable = 2,
        /// Client id and secret.
        ClientCredentials = 3,
        /// A person's name and password.
        Password = 4,
        /// A refresh token that the program already has.
        RefreshToken = 5,
        /// The code that a browser returned with.
        AuthorizationCode = 6,
        /// A signed statement of identity.
        JwtBearer = 7,
    }
}
