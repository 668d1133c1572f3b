//! Whether two graphs are the same, up to the numbering of their nodes.

use super::{Graph, Node, NodeId};

const UNMATCHED: u32 = u32::MAX;

impl<P: PartialEq> Graph<P> {
    /// Whether what the roots reach is the same, up to the numbering of nodes.
    ///
    /// Sharing counts: a list that holds one list twice differs from one that
    /// holds two equal lists. So it does for maps, strings and bytes, but not
    /// for the other kinds, which the wire does not share. Doubles are compared
    /// by their bits. In short: graphs are the same if their messages are.
    pub fn same_shape(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (self.root, other.root) else {
            return self.root.is_none() && other.root.is_none();
        };
        let mut comparison = Comparison {
            graphs: (self, other),
            partner_of_a: vec![UNMATCHED; self.len()],
            partner_of_b: vec![UNMATCHED; other.len()],
            todo: vec![(a, b)],
        };
        while let Some((a, b)) = comparison.todo.pop() {
            if !comparison.matches(a, b) {
                return false;
            }
        }
        true
    }
}

impl<P: PartialEq> PartialEq for Graph<P> {
    fn eq(&self, other: &Self) -> bool {
        self.same_shape(other)
    }
}

struct Comparison<'a, P> {
    graphs: (&'a Graph<P>, &'a Graph<P>),
    partner_of_a: Vec<u32>,
    partner_of_b: Vec<u32>,
    todo: Vec<(NodeId, NodeId)>,
}

impl<P: PartialEq> Comparison<'_, P> {
    fn matches(&mut self, a: NodeId, b: NodeId) -> bool {
        let (node_a, node_b) = match (self.graphs.0.get(a), self.graphs.1.get(b)) {
            (Some(node_a), Some(node_b)) => (node_a, node_b),
            // Ids that name nothing are the same only as such.
            (node_a, node_b) => return node_a.is_none() && node_b.is_none(),
        };
        if node_a.has_identity() && node_b.has_identity() {
            let (of_a, of_b) = (&mut self.partner_of_a, &mut self.partner_of_b);
            let known = (of_a[a.index()], of_b[b.index()]);
            if known != (UNMATCHED, UNMATCHED) {
                return known == (b.0, a.0);
            }
            of_a[a.index()] = b.0;
            of_b[b.index()] = a.0;
        }
        self.same_node(node_a, node_b)
    }

    /// Compares two nodes, but for their children, which are left to be done.
    fn same_node(&mut self, a: &Node<P>, b: &Node<P>) -> bool {
        match (a, b) {
            (Node::List(a), Node::List(b)) if a.len() == b.len() => {
                self.todo.extend(a.iter().copied().zip(b.iter().copied()));
                true
            }
            (Node::Map(a), Node::Map(b)) if a.len() == b.len() => {
                for ((key_a, value_a), (key_b, value_b)) in a.iter().zip(b) {
                    self.todo.extend([(*key_a, *key_b), (*value_a, *value_b)]);
                }
                true
            }
            (Node::List(_) | Node::Map(_), _) => false,
            (Node::Double(a), Node::Double(b)) => a.to_bits() == b.to_bits(),
            _ => a == b,
        }
    }
}
