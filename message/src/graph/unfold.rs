//! A graph as a tree, where that is possible.

use super::{Graph, Node, NodeId};
use crate::limits::unfold_budget;
use crate::value::Builder;
use crate::{DecodeError, DecodeErrorKind, Value};

impl<P: Clone> Graph<P> {
    /// The message as a tree, in which what is shared is there several times.
    ///
    /// It is an error if there is a cycle, if an id names no node, or if the
    /// copies are too large: copying counts 1 for each node and for each byte
    /// of a string, and [`unfold_budget`] of what all nodes together count is
    /// allowed. Without a root it is null.
    pub fn to_value(&self) -> Result<Value<P>, DecodeError> {
        match self.root {
            Some(root) => Unfolding::new(self).unfold(root),
            None => Ok(Value::Null),
        }
    }

    /// What reading this node once costs.
    fn weight(node: &Node<P>) -> usize {
        match node {
            Node::String(s) => 1 + s.len(),
            Node::Bytes(b) => 1 + b.len(),
            _ => 1,
        }
    }
}

impl<P: Clone> TryFrom<&Graph<P>> for Value<P> {
    type Error = DecodeError;

    fn try_from(graph: &Graph<P>) -> Result<Self, DecodeError> {
        graph.to_value()
    }
}

struct Unfolding<'a, P> {
    graph: &'a Graph<P>,
    /// Which lists and maps are being unfolded.
    open: Vec<bool>,
    budget: usize,
    left: usize,
    /// What comes next, last first.
    todo: Vec<NodeId>,
}

impl<'a, P: Clone> Unfolding<'a, P> {
    fn new(graph: &'a Graph<P>) -> Self {
        let size = graph.nodes.iter().map(Graph::weight).sum();
        let budget = unfold_budget(size);
        Unfolding {
            graph,
            open: vec![false; graph.len()],
            budget,
            // Reading each node once is free.
            left: budget.saturating_add(size),
            todo: Vec::new(),
        }
    }

    fn unfold(mut self, root: NodeId) -> Result<Value<P>, DecodeError> {
        let mut builder = Builder::new();
        self.todo.push(root);
        while let Some(id) = self.todo.pop() {
            let node = self.visit(id)?;
            let open = &mut self.open;
            let closed = |id: NodeId| open[id.index()] = false;
            let whole = match node {
                Node::List(elements) => {
                    self.todo.extend(elements.iter().rev());
                    builder.list(elements.len(), id, closed)
                }
                Node::Map(entries) => {
                    let children = entries.iter().rev().flat_map(|(k, v)| [*v, *k]);
                    self.todo.extend(children);
                    builder.map(entries.len(), id, closed)
                }
                leaf => builder.add(leaf_value(leaf), closed),
            };
            if let Some(whole) = whole {
                return Ok(whole);
            }
        }
        Ok(Value::Null)
    }

    /// Pays for a node and makes sure that it is not inside itself.
    fn visit(&mut self, id: NodeId) -> Result<&'a Node<P>, DecodeError> {
        let Some(node) = self.graph.get(id) else {
            let message = format!("the graph has no node {id:?}, which a list or map names");
            return Err(DecodeErrorKind::Custom(message).into());
        };
        let budget = self.budget;
        let left = self.left.checked_sub(Graph::weight(node));
        self.left = left.ok_or(DecodeErrorKind::UnfoldsTooLarge { budget })?;
        if matches!(node, Node::List(_) | Node::Map(_))
            && std::mem::replace(&mut self.open[id.index()], true)
        {
            return Err(DecodeErrorKind::Cyclic.into());
        }
        Ok(node)
    }
}

fn leaf_value<P: Clone>(node: &Node<P>) -> Value<P> {
    match node {
        Node::Bool(b) => Value::Bool(*b),
        Node::Int(n) => Value::Int(*n),
        Node::Double(d) => Value::Double(*d),
        Node::String(s) => Value::String(s.clone()),
        Node::Bytes(b) => Value::Bytes(b.clone()),
        Node::SendPort(port) => Value::SendPort(port.clone()),
        Node::Null | Node::List(_) | Node::Map(_) => Value::Null,
    }
}
