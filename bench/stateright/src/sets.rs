//! Small sets of numbers as the bits of a byte.

pub fn has(set: u8, element: usize) -> bool {
    set & (1 << element) != 0
}

pub fn with(set: u8, element: usize) -> u8 {
    set | 1 << element
}

pub fn without(set: u8, element: usize) -> u8 {
    set & !(1 << element)
}
