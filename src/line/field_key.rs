//! Field keys: a text, or one that was checked and escaped before.

use super::duplicate_keys::KeyHash;
use super::error::{EncodeError, Location, Part};
use super::escape::{self, Name};
use super::names::is_reserved;
use super::sink::Sink;
use super::sink::sealed::Grow;
use super::slice_writer::SliceWriter;

/// A field's key: `&str`, `String`, or a prepared [`FieldKey`].
///
/// The trait is sealed.
#[doc(hidden)]
pub trait FieldName: sealed::FieldName {}

pub(super) mod sealed {
    use super::{EncodeError, KeyHash, Name, SliceWriter};

    pub trait FieldName {
        /// Refuses what can be refused before anything is written.
        #[doc(hidden)]
        #[allow(private_interfaces)] // sealed: nobody outside can name these
        fn check(&self, name: Name) -> Result<(), EncodeError>;
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn put(&self, out: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError>;
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn hash(&self) -> KeyHash;
        /// Where the first quote is, if there is one.
        #[doc(hidden)]
        fn quote(&self) -> Option<usize>;
        /// The key as it was given, or as it is escaped.
        #[cfg(feature = "alloc")]
        #[doc(hidden)]
        fn as_bytes(&self) -> &[u8];
    }
}

impl FieldName for str {}
#[allow(private_interfaces)]
impl sealed::FieldName for str {
    #[inline]
    fn check(&self, name: Name) -> Result<(), EncodeError> {
        str::as_bytes(self).check(name)
    }

    #[inline]
    fn put(&self, out: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        str::as_bytes(self).put(out, name)
    }

    #[inline]
    fn hash(&self) -> KeyHash {
        str::as_bytes(self).hash()
    }

    fn quote(&self) -> Option<usize> {
        str::as_bytes(self).quote()
    }

    #[cfg(feature = "alloc")]
    fn as_bytes(&self) -> &[u8] {
        str::as_bytes(self)
    }
}

/// A key whose bytes are known to be UTF-8; callers outside can't give one.
#[allow(private_interfaces)]
impl sealed::FieldName for [u8] {
    #[inline]
    fn check(&self, name: Name) -> Result<(), EncodeError> {
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
    fn put(&self, out: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        escape::name(out, self, name)
    }

    #[inline]
    fn hash(&self) -> KeyHash {
        KeyHash::of(self)
    }

    fn quote(&self) -> Option<usize> {
        self.iter().position(|byte| *byte == b'"')
    }

    #[cfg(feature = "alloc")]
    fn as_bytes(&self) -> &[u8] {
        self
    }
}

impl<T: FieldName + ?Sized> FieldName for &T {}
#[allow(private_interfaces)]
impl<T: FieldName + ?Sized> sealed::FieldName for &T {
    #[inline]
    fn check(&self, name: Name) -> Result<(), EncodeError> {
        (**self).check(name)
    }

    #[inline]
    fn put(&self, out: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        (**self).put(out, name)
    }

    #[inline]
    fn hash(&self) -> KeyHash {
        (**self).hash()
    }

    fn quote(&self) -> Option<usize> {
        (**self).quote()
    }

    #[cfg(feature = "alloc")]
    fn as_bytes(&self) -> &[u8] {
        sealed::FieldName::as_bytes(&**self)
    }
}

macro_rules! text {
    ($([$($generics:tt)*] $t:ty;)*) => {$(
        impl<$($generics)*> FieldName for $t {}
        #[allow(private_interfaces)]
        impl<$($generics)*> sealed::FieldName for $t {
            #[inline]
            fn check(&self, name: Name) -> Result<(), EncodeError> {
                sealed::FieldName::check(&**self, name)
            }

            #[inline]
            fn put(&self, out: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
                sealed::FieldName::put(&**self, out, name)
            }

            #[inline]
            fn hash(&self) -> KeyHash {
                sealed::FieldName::hash(&**self)
            }

            fn quote(&self) -> Option<usize> {
                sealed::FieldName::quote(&**self)
            }

            #[cfg(feature = "alloc")]
            fn as_bytes(&self) -> &[u8] {
                sealed::FieldName::as_bytes(&**self)
            }
        }
    )*};
}
text!([const N: usize] heapless::String<N>;);
#[cfg(feature = "alloc")]
text!([] alloc::string::String; [] alloc::borrow::Cow<'_, str>; [] alloc::boxed::Box<str>;);

/// A field's key, checked and escaped once and written many times, with storage for `N` bytes.
///
/// Beside a [`Series`](super::Series) it is what is left of a line that does not change. `N`
/// counts the bytes on the wire: the key and one more for each escape.
///
/// ```
/// use influx_edge::line::{Encoder, FieldKey, Series};
///
/// let series = Series::<64>::builder("indoor climate").tag("site name", "kitchen").build()?;
/// let temp = FieldKey::<16>::new("air temp")?;
/// let mut storage = [0u8; 256];
/// let mut enc = Encoder::new(&mut storage);
/// enc.series(&series).field(&temp, 21.5).timestamp(1)?;
/// assert_eq!(enc.as_bytes(), b"indoor\\ climate,site\\ name=kitchen air\\ temp=21.5 1\n");
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
    /// Returns an error if [`Fields::field`](super::Fields::field) would refuse the key, and
    /// [`BufferFull`](EncodeError::BufferFull) if the storage is too small.
    pub fn new(key: &str) -> Result<Self, EncodeError> {
        let (part, index) = (Part::FieldKey, 0);
        let name = Name { part, index };
        sealed::FieldName::check(key, name)?;
        let mut storage = S::default();
        storage.open();
        loop {
            let mut out = SliceWriter::new(storage.parts().0, 0);
            let (done, end) = (escape::name(&mut out, key.as_bytes(), name), out.pos());
            match done {
                Ok(()) => {
                    storage.close(end);
                    let hash = KeyHash::of(key.as_bytes());
                    return Ok(FieldKeyIn { storage, hash });
                }
                Err(EncodeError::BufferFull) if matches!(storage.grow(0, 0), Grow::Grown) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<S: Sink> FieldKeyIn<S> {
    /// The escaped key.
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
#[allow(private_interfaces)]
impl<S: Sink> sealed::FieldName for FieldKeyIn<S> {
    #[inline]
    fn check(&self, _: Name) -> Result<(), EncodeError> {
        Ok(())
    }

    #[inline]
    fn put(&self, out: &mut SliceWriter<'_>, _: Name) -> Result<(), EncodeError> {
        out.copy_short(self.storage.bytes())
    }

    #[inline]
    fn hash(&self) -> KeyHash {
        self.hash
    }

    fn quote(&self) -> Option<usize> {
        // In the text as it was given: without the backslashes that stand before it.
        let escaped = self.storage.bytes();
        let at = escaped.iter().position(|byte| *byte == b'"')?;
        let before = escaped.get(..at).unwrap_or_default();
        let escapes = before
            .windows(2)
            .filter(|pair| matches!(pair, [b'\\', b',' | b' ' | b'=']))
            .count();
        Some(at.saturating_sub(escapes))
    }

    #[cfg(feature = "alloc")]
    fn as_bytes(&self) -> &[u8] {
        self.storage.bytes()
    }
}
