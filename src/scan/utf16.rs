//! UTF-16 as UTF-8.

use std::io::{self, Read};

/// The byte order of a text that begins like this; `None` where it is no UTF-16.
pub(super) fn order(head: &[u8]) -> Option<Order> {
    match head {
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some(Order::Little),
        [0xfe, 0xff, ..] => Some(Order::Big),
        // Without a mark: letters of ASCII, each beside a zero.
        _ if head.len() >= 8 => {
            let pairs = || head.chunks_exact(2).take(32);
            if pairs().all(|pair| pair[0] != 0 && pair[1] == 0) {
                Some(Order::Little)
            } else if pairs().all(|pair| pair[0] == 0 && pair[1] != 0) {
                Some(Order::Big)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// A byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Reads UTF-16 as UTF-8.
pub(super) struct Utf8<R> {
    from: R,
    order: Order,
    ready: Vec<u8>,
    given: usize,
    left: Vec<u8>,
}

impl<R: Read> Utf8<R> {
    pub(super) fn new(from: R, order: Order) -> Self {
        Self { from, order, ready: Vec::new(), given: 0, left: Vec::new() }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.left);
        let before = bytes.len();
        self.from.by_ref().take(64 << 10).read_to_end(&mut bytes)?;
        let ended = bytes.len() == before;
        let mut units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| match self.order {
                Order::Little => u16::from_le_bytes([pair[0], pair[1]]),
                Order::Big => u16::from_be_bytes([pair[0], pair[1]]),
            })
            .collect();
        let mut used = units.len() * 2;
        // The first half of a pair waits for the second.
        if !ended && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
            used -= 2;
        }
        if !ended {
            self.left = bytes.split_off(used);
        }
        self.ready = String::from_utf16_lossy(&units).into_bytes();
        self.given = 0;
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            let waiting = self.left.len();
            self.refill()?;
            if self.ready.is_empty() && self.left.len() == waiting {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.ready.len() - self.given);
        buffer[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_both_orders_are_read() {
        let text = "a token: é 😀 ".repeat(10_000);
        for (order_of, bytes) in [
            (Order::Little, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
            (Order::Big, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ] {
            assert_eq!(order(&bytes[..16]), Some(order_of));
            let mut read = String::new();
            Utf8::new(bytes.as_slice(), order_of).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
            let mut odd = Vec::new();
            Utf8::new(&bytes[..bytes.len() - 1], order_of).read_to_end(&mut odd).unwrap();
        }
        assert_eq!(order(b"plain text"), None);
        assert_eq!(order(b"\0\0\0\0\0\0\0\0"), None);
    }
}
