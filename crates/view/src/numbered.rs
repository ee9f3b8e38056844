//! A map from numbers that the engine gives out one after the other: a look-up is an index.

/// Values by their number.
#[derive(Debug)]
pub struct Numbered<T>(Vec<Option<T>>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Numbered<T> {
    /// The value of this number, if it has one.
    #[must_use]
    #[inline]
    pub fn get(&self, number: u32) -> Option<&T> {
        self.0.get(number as usize)?.as_ref()
    }

    /// The same, to be changed.
    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.0.get_mut(number as usize)?.as_mut()
    }

    /// The place of a number, with or without a value.
    #[allow(
        clippy::arithmetic_side_effects,
        reason = "a number of 32 bits in a type that is wider"
    )]
    pub fn place(&mut self, number: u32) -> &mut Option<T> {
        let at = number as usize;
        if self.0.len() <= at {
            self.0.resize_with(at + 1, || None);
        }
        &mut self.0[at]
    }

    /// Numbers and values, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let all = (0_u32..).zip(&self.0);
        all.filter_map(|(number, value)| Some((number, value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::Numbered;

    #[test]
    fn numbers_without_a_value_have_none() {
        let mut map = Numbered::default();
        assert_eq!((map.get(0), map.get(7)), (None, None));
        *map.place(3) = Some('c');
        map.place(1).get_or_insert('a');
        map.place(3).get_or_insert('x');
        assert_eq!((map.get(1), map.get(2)), (Some(&'a'), None));
        assert_eq!(map.get_mut(3), Some(&mut 'c'));
        assert_eq!(map.iter().collect::<Vec<_>>(), [(1, &'a'), (3, &'c')]);
    }
}
