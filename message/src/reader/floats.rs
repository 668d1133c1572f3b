//! Shorter floats as doubles, payloads of NaNs included.

/// A 32-bit float as a double. The conversion by hardware would make a
/// signalling NaN quiet; here its payload stays as it is.
pub(crate) fn single(bits: u32) -> f64 {
    let float = f32::from_bits(bits);
    if !float.is_nan() {
        return float.into();
    }
    let sign = u64::from(bits >> 31) << 63;
    let payload = u64::from(bits & 0x007f_ffff) << 29;
    f64::from_bits(sign | 0x7ff0_0000_0000_0000 | payload)
}

/// A 16-bit float as a double.
pub(super) fn half(bytes: [u8; 2]) -> f64 {
    let bits = u16::from_be_bytes(bytes);
    let sign = u64::from(bits >> 15) << 63;
    let exponent = bits >> 10 & 31;
    let fraction = u64::from(bits & 0x3ff);
    let magnitude = match exponent {
        // Subnormal: the fraction counts steps of 2^-24.
        0 => (fraction as f64 / 16_777_216.0).to_bits(),
        31 => 0x7ff0_0000_0000_0000 | fraction << 42,
        _ => (u64::from(exponent) + 1008) << 52 | fraction << 42,
    };
    f64::from_bits(sign | magnitude)
}
