//! The macro that makes an enumeration of records of one table: numbers, names, parts, texts.

/// Kinds of records, a line each: `number "NAME" Variant(Fixed, texts);`, and last one that holds nothing.
///
/// `Fixed.checked` is held to more than the values of its fields when it is read; `Fixed + name: More` has a
/// second fixed part.
macro_rules! records {
    (@text $text:ident $a:lifetime) => { &$a str };
    (@put $x:ident $out:ident $kind:literal [] [$($text:ident),*]) => {
        $x.record($out, $kind, [$($text.as_bytes()),*])
    };
    (@put $x:ident $out:ident $kind:literal [$more:ident] [$($text:ident),*]) => {{
        let fixed = [$x.to_bytes().as_slice(), $more.to_bytes().as_slice()].concat();
        $crate::record::field::push_record($out, $kind, &fixed, &[$($text.as_bytes()),*]);
    }};
    (
        $(#[$meta:meta])*
        $name:ident {
            $(
                $(#[$about:meta])*
                $kind:literal $shown:literal $variant:ident(
                    $fixed:ident $(.$check:ident)? $(+ $more:ident: $second:ident)? $(, $text:ident)*
                );
            )*
            $(
                nothing {
                    $(#[$about_empty:meta])*
                    $kind_empty:literal $shown_empty:literal $empty:ident
                }
            )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name<'a> {
            $(
                $(#[$about])*
                $variant($fixed $(, $second)? $(, $crate::record::records::records!(@text $text 'a))*),
            )*
            $($(#[$about_empty])* $empty,)?
        }

        impl<'a> $name<'a> {
            /// Append this as a record.
            #[inline(always)]
            pub fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(x $(, $more)? $(, $text)*) => {
                        $crate::record::records::records!(@put x out $kind [$($more)?] [$($text),*]);
                    })*
                    $(Self::$empty => {
                        $crate::record::field::push_record(out, $kind_empty, &[], &[]);
                    })?
                }
            }

            /// Read a record of this kind.
            ///
            /// # Errors
            /// A [`RecordError`] that says what does not fit.
            #[inline]
            #[allow(unused_assignments, unused_mut, reason = "not each of them has texts")]
            pub fn decode(
                kind: u8,
                body: &'a [u8],
            ) -> Result<Self, $crate::record::field::RecordError> {
                use $crate::record::field::{RecordError, take_text};
                Ok(match kind {
                    $($kind => {
                        let x = <$fixed>::from_bytes(body)?$(.$check()?)?;
                        let mut _rest = body.get(<$fixed>::SIZE..).unwrap_or_default();
                        $(
                            let $more = <$second>::from_bytes(_rest)?;
                            _rest = _rest.get(<$second>::SIZE..).unwrap_or_default();
                        )?
                        $(let $text = take_text(&mut _rest)?;)*
                        Self::$variant(x $(, $more)? $(, $text)*)
                    })*
                    $($kind_empty => Self::$empty,)?
                    other => return Err(RecordError::Kind(other)),
                })
            }
        }

        impl $name<'_> {
            /// Its name, its fields and its texts, for people.
            pub fn show(
                &self,
                to: &mut impl FnMut(&'static str, $crate::record::field::Shown),
            ) -> &'static str {
                match self {
                    $(Self::$variant(x $(, $more)? $(, $text)*) => {
                        x.show(to);
                        $($more.show(to);)?
                        $(to(
                            stringify!($text),
                            $crate::record::field::Shown::Name((*$text).to_owned()),
                        );)*
                        $shown
                    })*
                    $(Self::$empty => $shown_empty,)?
                }
            }
        }
    };
}
pub(crate) use records;
