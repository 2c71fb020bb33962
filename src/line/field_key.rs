//! `FieldKey`: a field's key that is checked and escaped once.

use self::sealed::PreparedKey;
use super::duplicate_keys::KeyHash;
use super::error::{EncodeError, Location, Part};
use super::escape::{self, Name};
use super::names::is_reserved;
use super::sink::{self, Sink};
use super::slice_writer::SliceWriter;

/// A field's key: `&str`, `String`, or a prepared [`FieldKey`].
///
/// The trait is sealed.
#[doc(hidden)]
pub trait FieldName: sealed::FieldName {}

pub(super) mod sealed {
    use super::{Key, KeyHash};

    #[allow(private_bounds)] // sealed: never called from outside
    pub trait FieldName {
        type Key<'k>: Key
        where
            Self: 'k;
        #[doc(hidden)]
        fn key(&self) -> Self::Key<'_>;
    }

    /// A key that was checked and escaped before.
    #[derive(Clone, Copy)]
    pub struct PreparedKey<'k> {
        pub(super) escaped: &'k [u8],
        pub(super) hash: KeyHash,
    }
}

/// A field's key as the encoder takes it. There are two types, and not one with two states, so that a program
/// with keys of one kind has no code for the other.
pub(super) trait Key: Copy {
    /// Makes the checks that don't depend on the escapes.
    fn check(self, name: Name) -> Result<(), EncodeError>;
    /// Writes the key, escaped.
    fn put(self, out: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError>;
    /// Returns the hash of the text as it was given.
    fn hash(self) -> KeyHash;
    /// Returns the offset of the first quote, in the text as it was given.
    fn quote(self) -> Option<usize>;
    /// Returns the key as it was given, or as it is escaped.
    #[cfg(feature = "alloc")]
    fn bytes(&self) -> &[u8];
}

/// A key that was not looked at yet, in UTF-8.
impl Key for &[u8] {
    #[inline]
    fn check(self, name: Name) -> Result<(), EncodeError> {
        let place = Location::new(name.part, name.index, 0);
        if self.is_empty() {
            return Err(EncodeError::Empty(place));
        }
        if is_reserved(Part::FieldKey, self) {
            return Err(EncodeError::Reserved(place));
        }
        Ok(())
    }

    #[inline]
    fn put(self, out: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        escape::name(out, self, name)
    }

    #[inline]
    fn hash(self) -> KeyHash {
        KeyHash::of(self)
    }

    fn quote(self) -> Option<usize> {
        self.iter().position(|byte| *byte == b'"')
    }

    #[cfg(feature = "alloc")]
    fn bytes(&self) -> &[u8] {
        self
    }
}

impl Key for PreparedKey<'_> {
    #[inline]
    fn check(self, _: Name) -> Result<(), EncodeError> {
        Ok(())
    }

    #[inline]
    fn put(self, out: &mut SliceWriter<'_>, _: Name) -> Result<(), EncodeError> {
        out.copy_short(self.escaped)
    }

    #[inline]
    fn hash(self) -> KeyHash {
        self.hash
    }

    fn quote(self) -> Option<usize> {
        let at = self.escaped.quote()?;
        // Without the backslashes that stand before it.
        let before = self.escaped.get(..at).unwrap_or_default();
        let escapes = before
            .windows(2)
            .filter(|pair| matches!(pair, [b'\\', b',' | b' ' | b'=']))
            .count();
        Some(at.saturating_sub(escapes))
    }

    #[cfg(feature = "alloc")]
    fn bytes(&self) -> &[u8] {
        self.escaped
    }
}

/// Types that lend a text or another key.
macro_rules! lent {
    ($([$($generics:tt)*] $t:ty, $to:ty;)*) => {$(
        impl<$($generics)*> FieldName for $t {}
        impl<$($generics)*> sealed::FieldName for $t {
            type Key<'k> = <$to as sealed::FieldName>::Key<'k>
            where
                Self: 'k;
            #[inline]
            fn key(&self) -> Self::Key<'_> {
                sealed::FieldName::key(&**self)
            }
        }
    )*};
}
lent!([T: FieldName + ?Sized] &T, T; [const N: usize] heapless::String<N>, str;);
#[cfg(feature = "alloc")]
lent! {
    [] alloc::string::String, str;
    [] alloc::borrow::Cow<'_, str>, str;
    [] alloc::boxed::Box<str>, str;
}

impl FieldName for str {}
impl sealed::FieldName for str {
    type Key<'k> = &'k [u8];
    #[inline]
    fn key(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// A field key, checked and escaped once, in storage for `N` bytes.
///
/// `N` counts the bytes on the wire: the key and one more for each escape. See also
/// [`Series`](super::Series).
///
/// ```
/// use influx_edge::line::{Encoder, FieldKey, Series};
///
/// let series =
///     Series::<64>::new("indoor climate")?.tag("site name", "kitchen")?;
/// let temp = FieldKey::<16>::new("air temp")?;
/// let mut storage = [0u8; 256];
/// let mut enc = Encoder::new(&mut storage);
/// enc.series(&series).field(&temp, 21.5).timestamp(1)?;
/// assert_eq!(
///     enc.as_bytes(),
///     b"indoor\\ climate,site\\ name=kitchen air\\ temp=21.5 1\n"
/// );
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
pub type FieldKey<const N: usize> = FieldKeyIn<heapless::Vec<u8, N>>;

/// A [`FieldKey`] that allocates the bytes it needs, when it is made.
///
/// ```
/// use influx_edge::line::OwnedFieldKey;
///
/// let temp = OwnedFieldKey::new("air temp")?;
/// assert_eq!(temp.as_bytes(), b"air\\ temp");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[cfg(feature = "alloc")]
pub type OwnedFieldKey = FieldKeyIn<alloc::vec::Vec<u8>>;

/// A prepared key in storage of the caller's choice: see [`FieldKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldKeyIn<S> {
    storage: S,
    hash: KeyHash,
}

impl<S: Sink + Default> FieldKeyIn<S> {
    /// Checks and escapes a key.
    ///
    /// ```
    /// use influx_edge::line::{Encoder, FieldKey};
    ///
    /// let temp = FieldKey::<32>::new("temp c")?; // checked and escaped once
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.line("t").field(&temp, 21.5).finish()?;
    /// assert_eq!(enc.as_bytes(), b"t temp\\ c=21.5\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if [`Fields::field`](super::Fields::field) would reject the key, and
    /// [`BufferFull`](EncodeError::BufferFull) if the storage is too small.
    pub fn new(key: &str) -> Result<Self, EncodeError> {
        let (part, index) = (Part::FieldKey, 0);
        let (text, name) = (key.as_bytes(), Name { part, index });
        text.check(name)?;
        let mut storage = S::default();
        sink::append(&mut storage, |out| text.put(out, name))?;
        let hash = KeyHash::of(text);
        Ok(FieldKeyIn { storage, hash })
    }
}

impl<S: Sink> FieldKeyIn<S> {
    /// Returns the escaped key.
    ///
    /// ```
    /// use influx_edge::line::FieldKey;
    ///
    /// assert_eq!(FieldKey::<16>::new("temp c")?.as_bytes(), b"temp\\ c");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.storage.bytes()
    }
}

impl<S: Sink> FieldName for FieldKeyIn<S> {}
impl<S: Sink> sealed::FieldName for FieldKeyIn<S> {
    type Key<'k>
        = PreparedKey<'k>
    where
        S: 'k;
    #[inline]
    fn key(&self) -> PreparedKey<'_> {
        PreparedKey {
            escaped: self.storage.bytes(),
            hash: self.hash,
        }
    }
}
