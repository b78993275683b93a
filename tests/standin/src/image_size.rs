//! What an upload is, and how large the picture in it: read from its first bytes.

/// A kind of file Mastodon takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// MIME type.
    pub(crate) content_type: &'static str,
    /// Ending of the stored file.
    pub(crate) extension: &'static str,
}

const fn format(content_type: &'static str, extension: &'static str) -> Format {
    Format {
        content_type,
        extension,
    }
}

/// By content, not by what the client says; `None` for what Mastodon does not take.
pub(crate) fn sniff(bytes: &[u8]) -> Option<Format> {
    let at = |place: usize, mark: &[u8]| bytes.get(place..place + mark.len()) == Some(mark);
    if at(0, b"\x89PNG\r\n\x1a\n") {
        Some(format("image/png", "png"))
    } else if at(0, b"\xff\xd8\xff") {
        Some(format("image/jpeg", "jpeg"))
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Some(format("image/gif", "gif"))
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Some(format("image/webp", "webp"))
    } else if at(4, b"ftyp") {
        Some(format("video/mp4", "mp4"))
    } else if at(0, b"\x1a\x45\xdf\xa3") {
        Some(format("video/webm", "webm"))
    } else if at(0, b"OggS") {
        Some(format("audio/ogg", "oga"))
    } else if at(0, b"ID3") || at(0, b"\xff\xfb") {
        Some(format("audio/mpeg", "mp3"))
    } else if at(0, b"RIFF") && at(8, b"WAVE") {
        Some(format("audio/wav", "wav"))
    } else if at(0, b"fLaC") {
        Some(format("audio/flac", "flac"))
    } else {
        None
    }
}

/// Width and height in pixels; `None` when the header is broken.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let big = |place: usize| {
        Some(u32::from_be_bytes(
            bytes.get(place..place + 4)?.try_into().ok()?,
        ))
    };
    let little = |place: usize| {
        Some(u32::from(u16::from_le_bytes(
            bytes.get(place..place + 2)?.try_into().ok()?,
        )))
    };
    let size = match sniff(bytes)?.content_type {
        "image/png" => (big(16)?, big(20)?),
        "image/gif" => (little(6)?, little(8)?),
        "image/jpeg" => jpeg(bytes)?,
        "image/webp" => webp(bytes)?,
        _ => return None,
    };
    (size.0 > 0 && size.1 > 0).then_some(size)
}

/// Walks the segments to the frame header.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut place = 2;
    loop {
        let marker = *bytes.get(place + 1)?;
        let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some((word(place + 7)?.into(), word(place + 5)?.into()));
        }
        place += 2 + usize::from(word(place + 2)?);
    }
}

fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let three = |place: usize| {
        Some(
            u32::from_le_bytes([
                *bytes.get(place)?,
                *bytes.get(place + 1)?,
                *bytes.get(place + 2)?,
                0,
            ]) + 1,
        )
    };
    let two = |place: usize| {
        Some(
            u32::from(u16::from_le_bytes(
                bytes.get(place..place + 2)?.try_into().ok()?,
            )) & 0x3fff,
        )
    };
    match bytes.get(12..16)? {
        b"VP8X" => Some((three(24)?, three(27)?)),
        b"VP8 " => Some((two(26)?, two(28)?)),
        b"VP8L" => {
            let bits = u32::from_le_bytes(bytes.get(21..25)?.try_into().ok()?);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x10".as_slice();
        assert_eq!(
            (sniff(png).unwrap().content_type, dimensions(png)),
            ("image/png", Some((32, 16)))
        );
        assert_eq!(dimensions(b"GIF89a\x05\0\x06\0"), Some((5, 6)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\0\x07\0\x09".as_slice();
        assert_eq!(dimensions(jpeg), Some((9, 7)));
        assert_eq!(
            dimensions(b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x0f\0\0\x07\0\0"),
            Some((16, 8))
        );
    }

    #[test]
    fn broken_headers_have_no_size_and_texts_no_format() {
        assert_eq!(dimensions(b"\x89PNG\r\n\x1a\n"), None);
        assert_eq!(dimensions(b"\xff\xd8\xff\xe0"), None);
        assert_eq!(sniff(b"hello"), None);
    }
}
