//! A graph as text: its nodes in order, so that cycles need no care.

use std::fmt::{self, Debug, Formatter};

use super::{Graph, NodeId};

impl Debug for NodeId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// `Graph { root: #0, nodes: {#0: List([#0])} }`
impl<P: Debug> Debug for Graph<P> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Graph");
        match self.root {
            Some(root) => text.field("root", &root),
            None => text.field("root", &self.root),
        };
        text.field("nodes", &Nodes(self)).finish()
    }
}

struct Nodes<'a, P>(&'a Graph<P>);

impl<P: Debug> Debug for Nodes<'_, P> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter()).finish()
    }
}
