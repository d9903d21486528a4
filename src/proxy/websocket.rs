//! WebSocket (RFC 6455) after an upgrade: how many messages pass, and how large they are. Content is not kept, and
//! not looked at. No I/O: bytes in, numbers out.

use crate::model::Messages;

/// Counts the frames of one direction.
#[derive(Default)]
pub(super) struct FrameCounter {
    /// Of the frame that is being read; never more than fourteen bytes.
    header: Vec<u8>,
    /// Bytes of its payload still to come.
    left: u64,
    counted: Messages,
}

impl FrameCounter {
    /// Takes the next bytes, cut anywhere.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let now = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.left -= now as u64;
                bytes = &bytes[now..];
                continue;
            }
            self.header.push(bytes[0]);
            bytes = &bytes[1..];
            if let Some(length) = payload_length(&self.header) {
                self.note(length);
                self.left = length;
                self.header.clear();
            }
        }
    }

    /// What has begun to pass so far.
    pub(super) fn counted(&self) -> Messages {
        self.counted
    }

    /// Takes a frame's header (section 5.2): the last fragment of a message counts it (section 5.4).
    fn note(&mut self, length: u64) {
        let (last, opcode) = (self.header[0] & 0x80 != 0, self.header[0] & 0x0f);
        if opcode >= 8 {
            self.counted.control += 1;
            return;
        }
        self.counted.bytes = self.counted.bytes.saturating_add(length);
        if last {
            self.counted.messages += 1;
        }
    }
}

/// The payload's length, once the header is whole: its mask included.
fn payload_length(header: &[u8]) -> Option<u64> {
    let second = *header.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (length, extended) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(header.get(2..4)?.try_into().ok()?)), 2),
        127 => (u64::from_be_bytes(header.get(2..10)?.try_into().ok()?), 8),
        short => (u64::from(short), 0),
    };
    (header.len() == 2 + extended + mask).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(first: u8, payload: usize, masked: bool) -> Vec<u8> {
        let mask = u8::from(masked) << 7;
        let mut frame = vec![first];
        if let Ok(short) = u8::try_from(payload)
            && short < 126
        {
            frame.push(mask | short);
        } else if let Ok(medium) = u16::try_from(payload) {
            frame.push(mask | 0x7e);
            frame.extend(medium.to_be_bytes());
        } else {
            frame.push(mask | 0x7f);
            frame.extend((payload as u64).to_be_bytes());
        }
        frame.extend(vec![0xff; payload + if masked { 4 } else { 0 }]);
        frame
    }

    #[test]
    fn fragments_are_one_message_and_control_frames_none() {
        let mut counter = FrameCounter::default();
        // Text in three fragments with a ping between them, then a binary message, then close.
        for (first, payload) in [(0x01, 3), (0x00, 70_000), (0x89, 5), (0x80, 200), (0x82, 0), (0x88, 2)] {
            counter.feed(&frame(first, payload, true));
        }
        assert_eq!(counter.counted(), Messages { messages: 2, bytes: 70_203, control: 2 });
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            frames in prop::collection::vec((any::<u8>(), 0_usize..700, any::<bool>()), 0..20),
            cuts in prop::collection::vec(1_usize..60, 1..10),
        ) {
            let all: Vec<u8> = frames.iter().flat_map(|(first, size, masked)| frame(*first, *size, *masked)).collect();
            let (mut whole, mut pieces) = (FrameCounter::default(), FrameCounter::default());
            whole.feed(&all);
            let mut rest = &all[..];
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                pieces.feed(now);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(whole.counted(), pieces.counted());
            let messages = frames.iter().filter(|(first, ..)| first & 0x88 == 0x80).count();
            prop_assert_eq!(whole.counted().messages, messages as u64);
        }

        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut counter = FrameCounter::default();
            counter.feed(&bytes);
        }
    }
}
