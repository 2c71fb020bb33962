//! Small text functions whose counterparts in the standard library take more code.

/// The lines of a constant. `str::lines` takes 700 bytes of code, for carriage returns and patterns.
pub(super) struct Lines(pub(super) &'static str);

impl Iterator for Lines {
    type Item = &'static str;

    #[inline(never)]
    fn next(&mut self) -> Option<&'static str> {
        let mut bytes = self.0.bytes();
        let len = bytes.position(|byte| byte == b'\n');
        let line = self.0.get(..len.unwrap_or(self.0.len()))?;
        self.0 = self.0.get(line.len() + 1..).unwrap_or_default();
        (!line.is_empty()).then_some(line)
    }
}

/// `trim_ascii`, never inlined: it is in a program once.
#[inline(never)]
pub(super) fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// Parses a whole number of digits and nothing else. `None` if it exceeds `usize`, as no length can.
#[inline(never)]
pub(super) fn number(digits: &[u8], radix: u32) -> Option<usize> {
    digits.first()?;
    digits.iter().try_fold(0_usize, |number, digit| {
        let digit = char::from(*digit).to_digit(radix)? as usize;
        number.checked_mul(radix as usize)?.checked_add(digit)
    })
}
