//! A map from numbers that the engine gives out one after the other: a look-up is an index.
//!
//! Values stand in chunks that never move, so that no insertion copies all there is.

const CHUNK_BITS: u32 = 10;
const CHUNK: usize = 1 << CHUNK_BITS;

/// Values by their number.
#[derive(Debug)]
pub struct DenseMap<T>(Vec<Vec<Option<T>>>);

impl<T> Default for DenseMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Chunk, and index in it.
const fn position(number: u32) -> (usize, usize) {
    ((number >> CHUNK_BITS) as usize, number as usize % CHUNK)
}

impl<T> DenseMap<T> {
    /// The value of this number, if it has one.
    #[must_use]
    #[inline]
    pub fn get(&self, number: u32) -> Option<&T> {
        let (chunk, at) = position(number);
        self.0.get(chunk)?.get(at)?.as_ref()
    }

    /// The same, to be changed.
    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let (chunk, at) = position(number);
        self.0.get_mut(chunk)?.get_mut(at)?.as_mut()
    }

    /// The slot of a number, with or without a value.
    pub fn slot(&mut self, number: u32) -> &mut Option<T> {
        let (chunk, at) = position(number);
        while self.0.len() <= chunk {
            self.0.push(Vec::new());
        }
        let values = &mut self.0[chunk];
        if values.is_empty() {
            values.resize_with(CHUNK, || None);
        }
        &mut values[at]
    }

    /// Numbers and values, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let chunks = (0_u32..).step_by(CHUNK).zip(&self.0);
        chunks.flat_map(|(first, values)| {
            let all = (first..).zip(values);
            all.filter_map(|(number, value)| Some((number, value.as_ref()?)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::DenseMap;

    #[test]
    fn numbers_without_a_value_have_none() {
        let mut map = DenseMap::default();
        assert_eq!((map.get(0), map.get(7)), (None, None));
        *map.slot(3) = Some('c');
        map.slot(1).get_or_insert('a');
        map.slot(3).get_or_insert('x');
        assert_eq!((map.get(1), map.get(2)), (Some(&'a'), None));
        assert_eq!(map.get_mut(3), Some(&mut 'c'));
        assert_eq!(map.iter().collect::<Vec<_>>(), [(1, &'a'), (3, &'c')]);
    }

    #[test]
    fn numbers_of_all_chunks_are_told_apart() {
        let mut map = DenseMap::default();
        let numbers = [0, 1, 1023, 1024, 1025, 2047, 5000, 1_000_000];
        for number in numbers {
            *map.slot(number) = Some(number);
        }
        assert!(map.iter().map(|(number, _)| number).eq(numbers));
        assert!(map.iter().all(|(number, value)| number == *value));
        assert_eq!((map.get(2048), map.get(2_000_000)), (None, None));
        assert_eq!(map.get(5000), Some(&5000));
    }
}
