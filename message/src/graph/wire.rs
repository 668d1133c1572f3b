//! A graph on the wire, both ways, in constant stack.

use super::{Graph, Node, NodeId};
use crate::reader::{Item, Reader};
use crate::writer::{self, major};
use crate::{DecodeError, DecodeErrorKind, EncodeError, FromMessage, Port, ToMessage, scope};

/// By reference too: a graph is often kept by whoever sends it.
impl<P: Port> ToMessage<P> for &Graph<P> {
    fn write_message(&self, bytes: &mut Vec<u8>, ports: &mut Vec<P>) -> Result<(), EncodeError> {
        (**self).write_message(bytes, ports)
    }
}

impl<P: Port> ToMessage<P> for Graph<P> {
    fn write_message(&self, bytes: &mut Vec<u8>, ports: &mut Vec<P>) -> Result<(), EncodeError> {
        let root = self.root.ok_or(EncodeError::NoRoot)?;
        let mut writing = Writing {
            graph: self,
            marks: self.mark_shared(root)?,
            numbered: 0,
            ports,
            out: bytes,
            todo: vec![root],
        };
        while let Some(id) = writing.todo.pop() {
            writing.node(id)?;
        }
        Ok(())
    }
}

/// What is known of a node while a graph is written.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Unseen,
    /// The root reaches it once.
    Once,
    /// The root reaches it more than once, and it is worth a tag.
    Shared,
    /// It is written, with this number.
    Numbered(u32),
}

impl<P> Graph<P> {
    /// Finds the nodes that are reached more than once.
    fn mark_shared(&self, root: NodeId) -> Result<Vec<Mark>, EncodeError> {
        let mut marks = vec![Mark::Unseen; self.len()];
        let mut todo = vec![root];
        while let Some(id) = todo.pop() {
            let node = self.get(id).ok_or(EncodeError::DanglingNode { id })?;
            let mark = &mut marks[id.index()];
            if *mark != Mark::Unseen {
                *mark = Mark::Shared;
                continue;
            }
            *mark = Mark::Once;
            push_children(node, &mut todo);
        }
        Ok(marks)
    }
}

/// Pushes the children so that the first one is popped first.
fn push_children<P>(node: &Node<P>, todo: &mut Vec<NodeId>) {
    match node {
        Node::List(elements) => todo.extend(elements.iter().rev()),
        Node::Map(entries) => todo.extend(entries.iter().rev().flat_map(|(k, v)| [*v, *k])),
        _ => {}
    }
}

struct Writing<'a, P> {
    graph: &'a Graph<P>,
    marks: Vec<Mark>,
    numbered: u32,
    ports: &'a mut Vec<P>,
    out: &'a mut Vec<u8>,
    todo: Vec<NodeId>,
}

impl<P: Port> Writing<'_, P> {
    fn node(&mut self, id: NodeId) -> Result<(), EncodeError> {
        let graph = self.graph;
        let node = graph.get(id).ok_or(EncodeError::DanglingNode { id })?;
        let mark = &mut self.marks[id.index()];
        if let Mark::Numbered(number) = *mark {
            writer::reference(self.out, number.into());
            return Ok(());
        }
        if *mark == Mark::Shared && node.has_identity() {
            *mark = Mark::Numbered(self.numbered);
            self.numbered += 1;
            writer::shareable(self.out);
        }
        self.contents(node);
        push_children(node, &mut self.todo);
        Ok(())
    }

    fn contents(&mut self, node: &Node<P>) {
        let out = &mut *self.out;
        match node {
            Node::Null => out.push(writer::NULL),
            Node::Bool(b) => writer::bool(out, *b),
            Node::Int(n) => writer::int(out, *n),
            Node::Double(d) => writer::double(out, *d),
            Node::String(s) => writer::text(out, s),
            Node::Bytes(b) => writer::bytes(out, b),
            Node::List(elements) => writer::head(out, major::LIST, elements.len() as u64),
            Node::Map(entries) => writer::head(out, major::MAP, entries.len() as u64),
            Node::SendPort(port) => writer::port(out, scope::number(port, self.ports) as u64),
        }
    }
}

impl<P: Port> FromMessage<P> for Graph<P> {
    fn read_message(bytes: &[u8], ports: Vec<Option<P>>) -> Result<Self, DecodeError> {
        let mut reading = Reading {
            reader: Reader::new(bytes),
            graph: Graph::new(),
            ports,
            shared: Vec::new(),
            open: Vec::new(),
        };
        while reading.graph.root.is_none() {
            reading.node()?;
        }
        reading.reader.finish()?;
        Ok(reading.graph)
    }
}

struct Reading<'de, P> {
    reader: Reader<'de>,
    graph: Graph<P>,
    ports: Vec<Option<P>>,
    /// The shared nodes, by their numbers.
    shared: Vec<NodeId>,
    open: Vec<Open>,
}

/// A list or map that is not complete.
struct Open {
    id: NodeId,
    missing: usize,
    /// The key whose value comes next.
    key: Option<NodeId>,
}

impl<P: Port> Reading<'_, P> {
    /// Reads one node, without its children.
    fn node(&mut self) -> Result<(), DecodeError> {
        let mut item = self.reader.item()?;
        let is_shared = item == Item::Shareable;
        if is_shared {
            self.reader.open_shared();
            item = self.reader.item()?;
        }
        if let Item::Reference(index) = item {
            // The reader has checked that it is known.
            self.place(self.shared[index]);
            return Ok(());
        }
        let node = self.new_node(item)?;
        let id = self.graph.try_add(node).ok_or_else(too_many_nodes)?;
        if is_shared {
            self.shared.push(id);
        }
        match item {
            Item::List(missing @ 1..) | Item::Map(missing @ 1..) => self.open.push(Open {
                id,
                missing,
                key: None,
            }),
            _ => self.place(id),
        }
        Ok(())
    }

    fn new_node(&self, item: Item<'_>) -> Result<Node<P>, DecodeError> {
        Ok(match item {
            Item::Bool(b) => Node::Bool(b),
            Item::Int(n) => Node::Int(n),
            Item::Double(d) => Node::Double(d),
            Item::Text(s) => Node::String(s.into()),
            Item::Bytes(b) => Node::Bytes(b.to_vec()),
            // The reader has checked that so many can follow.
            Item::List(length) => Node::List(Vec::with_capacity(length)),
            Item::Map(length) => Node::Map(Vec::with_capacity(length)),
            Item::Port(index) => Node::SendPort(scope::pick(&self.ports, index)?),
            Item::BigInt(_) | Item::NegativeBigInt(_) => {
                return Err(item.beyond_i64("Node::Int (i64)"));
            }
            Item::Null | Item::Shareable | Item::Reference(_) => Node::Null,
        })
    }

    /// A node is complete, so it goes where it belongs; that may complete the
    /// list or map around it, and so on.
    fn place(&mut self, mut id: NodeId) {
        while let Some(top) = self.open.last_mut() {
            match &mut self.graph[top.id] {
                Node::List(elements) => elements.push(id),
                Node::Map(entries) => match top.key.take() {
                    Some(key) => entries.push((key, id)),
                    None => {
                        top.key = Some(id);
                        return;
                    }
                },
                _ => {}
            }
            top.missing -= 1;
            if top.missing > 0 {
                return;
            }
            id = top.id;
            self.open.pop();
        }
        self.graph.set_root(id);
    }
}

fn too_many_nodes() -> DecodeError {
    DecodeErrorKind::Custom("the message has 2^32 values, too many for a Graph".into()).into()
}
