//! [`Graph`]: any message, with what is shared and cyclic in it.

mod from_value;
mod print;
mod shape;
mod unfold;
mod wire;

use std::ops::{Index, IndexMut};

use crate::{NoPort, Text};

/// Any message, as an arena of nodes: what is shared stays shared, and lists
/// and maps may contain themselves. It is freed whole, so cycles never leak.
///
/// ```
/// use insula_message::{Graph, NoPort, decode, encode};
///
/// // A list that contains itself.
/// let mut graph: Graph = Graph::new();
/// let list = graph.add_list([]);
/// graph.push(list, list);
/// graph.set_root(list);
///
/// let mut bytes = Vec::new();
/// encode::<NoPort, _>(&graph, &mut bytes)?;
/// assert_eq!(decode::<NoPort, Graph>(&bytes, vec![])?, graph);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Two graphs are equal if what their roots reach is the same up to the
/// numbering of nodes, sharing included: see
/// [`same_shape`](Graph::same_shape).
#[derive(Clone)]
pub struct Graph<P = NoPort> {
    nodes: Vec<Node<P>>,
    root: Option<NodeId>,
}

/// The name of a node in its [`Graph`]. It means nothing in another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// One node of a [`Graph`].
#[derive(Clone, Debug, PartialEq)]
pub enum Node<P = NoPort> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Text.
    String(Text),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// Nodes in order.
    List(Vec<NodeId>),
    /// Entries in order, with keys of any kind.
    Map(Vec<(NodeId, NodeId)>),
    /// The right to send to a port.
    SendPort(P),
}

impl<P> Node<P> {
    /// Whether it matters (and is kept on the wire) that it is one node and
    /// not two equal ones.
    fn has_identity(&self) -> bool {
        matches!(
            self,
            Node::String(_) | Node::Bytes(_) | Node::List(_) | Node::Map(_)
        )
    }
}

impl<P> Default for Graph<P> {
    fn default() -> Self {
        Graph::new()
    }
}

impl<P> Graph<P> {
    /// A graph without nodes.
    pub fn new() -> Self {
        Graph {
            nodes: Vec::new(),
            root: None,
        }
    }

    /// Adds a node. Its children may be added later, see
    /// [`get_mut`](Graph::get_mut).
    ///
    /// # Panics
    ///
    /// With 2^32 nodes, which take 128 GiB.
    pub fn add(&mut self, node: Node<P>) -> NodeId {
        self.try_add(node)
            .expect("a graph has fewer than 2^32 nodes")
    }

    fn try_add(&mut self, node: Node<P>) -> Option<NodeId> {
        // The last number stands for "none" in a comparison.
        let id = u32::try_from(self.nodes.len())
            .ok()
            .filter(|id| *id != u32::MAX)?;
        self.nodes.push(node);
        Some(NodeId(id))
    }

    /// Adds a list of nodes.
    pub fn add_list(&mut self, elements: impl IntoIterator<Item = NodeId>) -> NodeId {
        self.add(Node::List(elements.into_iter().collect()))
    }

    /// Adds a map of nodes.
    pub fn add_map(&mut self, entries: impl IntoIterator<Item = (NodeId, NodeId)>) -> NodeId {
        self.add(Node::Map(entries.into_iter().collect()))
    }

    /// Adds a string.
    pub fn add_string(&mut self, text: impl Into<Text>) -> NodeId {
        self.add(Node::String(text.into()))
    }

    /// Adds an integer.
    pub fn add_int(&mut self, int: impl Into<i64>) -> NodeId {
        self.add(Node::Int(int.into()))
    }

    /// Appends an element to a list; says whether `list` is one.
    pub fn push(&mut self, list: NodeId, element: NodeId) -> bool {
        match self.get_mut(list) {
            Some(Node::List(elements)) => {
                elements.push(element);
                true
            }
            _ => false,
        }
    }

    /// Appends an entry to a map; says whether `map` is one.
    pub fn push_entry(&mut self, map: NodeId, key: NodeId, value: NodeId) -> bool {
        match self.get_mut(map) {
            Some(Node::Map(entries)) => {
                entries.push((key, value));
                true
            }
            _ => false,
        }
    }

    /// What the message is; none before [`set_root`](Graph::set_root).
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// Says what the message is. Nodes that it does not reach are not sent.
    pub fn set_root(&mut self, root: NodeId) {
        self.root = Some(root);
    }

    /// The node with this id, if there is one.
    pub fn get(&self, id: NodeId) -> Option<&Node<P>> {
        self.nodes.get(id.index())
    }

    /// The node with this id, to change it: pushing its own id makes a cycle.
    pub fn get_mut(&mut self, id: NodeId) -> Option<&mut Node<P>> {
        self.nodes.get_mut(id.index())
    }

    /// How many nodes there are, reached or not.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node<P>)> {
        (0..).map(NodeId).zip(&self.nodes)
    }
}

impl NodeId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// Panics if there is no such node.
impl<P> Index<NodeId> for Graph<P> {
    type Output = Node<P>;

    fn index(&self, id: NodeId) -> &Node<P> {
        &self.nodes[id.index()]
    }
}

/// Panics if there is no such node.
impl<P> IndexMut<NodeId> for Graph<P> {
    fn index_mut(&mut self, id: NodeId) -> &mut Node<P> {
        &mut self.nodes[id.index()]
    }
}
