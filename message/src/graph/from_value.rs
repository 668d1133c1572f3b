//! A tree as a graph.

use super::{Graph, Node, NodeId};
use crate::Value;

/// A graph in which nothing is shared.
impl<P> From<Value<P>> for Graph<P> {
    fn from(value: Value<P>) -> Self {
        let mut graph = Graph::new();
        let mut todo = Vec::new();
        let root = graph.adopt(value, &mut todo);
        graph.set_root(root);
        while let Some(contents) = todo.pop() {
            match contents {
                Contents::List(list, elements) => {
                    let ids = elements.into_iter().map(|v| graph.adopt(v, &mut todo));
                    let ids = ids.collect();
                    graph[list] = Node::List(ids);
                }
                Contents::Map(map, entries) => {
                    let ids = entries.into_iter().map(|(key, value)| {
                        let key = graph.adopt(key, &mut todo);
                        (key, graph.adopt(value, &mut todo))
                    });
                    let ids = ids.collect();
                    graph[map] = Node::Map(ids);
                }
            }
        }
        graph
    }
}

/// What is still to be moved into the node of a list or map.
enum Contents<P> {
    List(NodeId, Vec<Value<P>>),
    Map(NodeId, Vec<(Value<P>, Value<P>)>),
}

impl<P> Graph<P> {
    /// Adds the node of a value; a list or map is empty at first.
    fn adopt(&mut self, value: Value<P>, todo: &mut Vec<Contents<P>>) -> NodeId {
        match value {
            Value::Null => self.add(Node::Null),
            Value::Bool(b) => self.add(Node::Bool(b)),
            Value::Int(n) => self.add(Node::Int(n)),
            Value::Double(d) => self.add(Node::Double(d)),
            Value::String(s) => self.add(Node::String(s)),
            Value::Bytes(b) => self.add(Node::Bytes(b)),
            Value::SendPort(port) => self.add(Node::SendPort(port)),
            Value::List(list) => {
                let id = self.add_list([]);
                todo.push(Contents::List(id, list.into_vec()));
                id
            }
            Value::Map(map) => {
                let id = self.add_map([]);
                todo.push(Contents::Map(id, map.into_vec()));
                id
            }
        }
    }
}
