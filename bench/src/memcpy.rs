//! What copying alone costs: two plain copies each way, between four buffers.

use std::hint::black_box;

use anyhow::Result;

use crate::measurement::Measurement;
use crate::not_measured;
use crate::rows::Row;
use crate::timing::over_and_over;

pub fn measure(row: &Row, size: u64) -> Result<Measurement> {
    if row.name != "bytes" {
        return Err(not_measured("memcpy copies bytes and does nothing else"));
    }
    let size = usize::try_from(size)?;
    let mut buffers = [1u8, 2, 3, 4].map(|byte| vec![byte; size]);
    over_and_over(1, || {
        // From the sender to the host, from there to the receiver; and back.
        for (from, to) in [(0, 1), (1, 2), (2, 3), (3, 0)] {
            let [from, to] = buffers.get_disjoint_mut([from, to])?;
            to.copy_from_slice(from);
            black_box(&to);
        }
        Ok(())
    })
}
