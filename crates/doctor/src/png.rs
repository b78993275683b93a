//! A picture to upload, made from nothing.

/// Side of the square, in pixels: large enough for Mastodon to make a thumbnail and a blurhash.
const SIDE: u32 = 64;

/// A valid PNG, 64 by 64 pixels, true colour; `hue` varies its bytes so that two pictures differ.
pub(crate) fn picture(hue: u8) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend(SIDE.to_be_bytes());
    header.extend(SIDE.to_be_bytes());
    // 8 bits a channel, true colour, deflate, adaptive filters, no interlace.
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"IDAT", &stored(&pixels(hue)));
    chunk(&mut png, *b"IEND", &[]);
    png
}

/// Rows of a gradient, each with its filter byte 0.
fn pixels(hue: u8) -> Vec<u8> {
    let ramp = |step: u32| u8::try_from(step * 255 / (SIDE - 1)).unwrap_or(u8::MAX);
    (0..SIDE)
        .flat_map(|row| {
            std::iter::once(0)
                .chain((0..SIDE).flat_map(move |column| [ramp(row), ramp(column), hue]))
        })
        .collect()
}

/// A zlib stream of stored blocks: no compression, hence no code for it.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler32(data).to_be_bytes());
    stream
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    png.extend(length.to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let sum = crc32(&png[start..]);
    png.extend(sum.to_be_bytes());
}

/// CRC-32 as PNG has it (polynomial 0xEDB88320).
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

/// Adler-32 as zlib has it.
fn adler32(data: &[u8]) -> u32 {
    let (low, high) = data.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn the_picture_reads_back_as_64_by_64_rgb() {
        let decoder = png::Decoder::new(std::io::Cursor::new(picture(7)));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (64, 64));
        assert_eq!(info.color_type, png::ColorType::Rgb);
        assert_eq!(&pixels[..3], [0, 0, 7]);
        assert_eq!(&pixels[pixels.len() - 3..], [255, 255, 7]);
    }

    #[test]
    fn two_hues_are_two_pictures() {
        assert_ne!(picture(1), picture(2));
    }
}
