//! Samples as a table of comma-separated values.

use std::io::Write;

use anyhow::Result;

use super::Sample;

const COLUMNS: &str = "seconds,quiet,deeds,groups,isolates,messages,ports,timers,waits,names,\
                       workers,preempted,memory,pool_memories,resident_kib,heap_kib,mappings,threads,\
                       descriptors,cpu_ms";

/// Writes the table with its heading.
pub fn write(samples: &[Sample], to: &mut impl Write) -> Result<()> {
    writeln!(to, "{COLUMNS}")?;
    for sample in samples {
        let (figures, process) = (&sample.figures, &sample.process);
        let values = [
            u64::from(sample.quiet),
            sample.deeds,
            figures.groups as u64,
            figures.isolates as u64,
            figures.messages,
            figures.ports as u64,
            figures.timers as u64,
            figures.waits as u64,
            figures.names as u64,
            figures.workers as u64,
            figures.preempted as u64,
            figures.memory,
            figures.pool_memories as u64,
            process.resident >> 10,
            sample.heap >> 10,
            process.mappings as u64,
            process.threads as u64,
            process.descriptors as u64,
            sample.cpu.as_millis() as u64,
        ]
        .map(|value| value.to_string());
        writeln!(to, "{:.1},{}", sample.time.as_secs_f64(), values.join(","))?;
    }
    Ok(())
}

/// Every quiet sample, and of the others about so many.
pub fn thinned(samples: &[Sample], most: usize) -> Vec<Sample> {
    let step = samples.len().div_ceil(most).max(1);
    let kept = samples.iter().enumerate();
    let kept = kept.filter(|(number, sample)| sample.quiet || number % step == 0);
    kept.map(|(_, sample)| sample.clone()).collect()
}
