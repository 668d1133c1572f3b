//! The files and folders that a group's guests have opened: each takes one of the
//! descriptors that the system lets the whole process have.

use std::fs::File;
use std::sync::Arc;

use insula_message::{Limit, LimitHit};

use crate::group::GroupCore;

/// One of them, on its group's budget until this is dropped.
pub(crate) struct OpenFile(Arc<GroupCore>);

/// What one descriptor of a guest's is.
pub(crate) struct Opened {
    /// None of what was open from the beginning.
    pub(crate) _counted: Option<OpenFile>,
    /// Of a folder.
    pub(crate) folder: Option<Arc<File>>,
}

impl OpenFile {
    pub(crate) fn take(group: &Arc<GroupCore>) -> Result<Self, LimitHit> {
        group.charge(Limit::OpenFiles, 1)?;
        Ok(OpenFile(group.clone()))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.0.discharge(Limit::OpenFiles, 1);
    }
}
