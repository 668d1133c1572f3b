// Where the nodes of a graph go: those that exchange much are near, none lie on another.
// The same graph is laid out the same, and one that grows keeps its places.

const ROUNDS = 240;

/**
 * `nodes` have a `key`, and get `x` and `y` from 0 to 1; `links` are pairs of their
 * places with a weight. `known` are places of before, by key.
 */
function layOut(nodes, links, known) {
  const number = nodes.length;
  nodes.forEach((node, place) => {
    const turn = (2 * Math.PI * place) / number - Math.PI / 2;
    const before = known.get(node.key);
    node.x = before ? before.x : 0.5 + 0.36 * Math.cos(turn);
    node.y = before ? before.y : 0.5 + 0.36 * Math.sin(turn);
    node.isNew = !before;
  });
  if (number < 2 || nodes.every((node) => !node.isNew)) {
    return;
  }
  const ideal = 0.78 / Math.sqrt(number);
  const most = Math.max(...links.map((link) => link.weight), 1);
  for (let round = 0; round < ROUNDS; round += 1) {
    const step = 0.06 * (1 - round / ROUNDS) + 0.002;
    const pull = nodes.map(() => [0, 0]);
    const push = (place, x, y) => {
      pull[place][0] += x;
      pull[place][1] += y;
    };
    for (let one = 0; one < number; one += 1) {
      for (let other = one + 1; other < number; other += 1) {
        let [x, y] = [nodes[one].x - nodes[other].x, nodes[one].y - nodes[other].y];
        if (x === 0 && y === 0) {
          [x, y] = [1e-3 * (one + 1), 1e-3];
        }
        const far = Math.hypot(x, y);
        const force = (ideal * ideal) / (far * far);
        push(one, (x / far) * force * ideal, (y / far) * force * ideal);
        push(other, (-x / far) * force * ideal, (-y / far) * force * ideal);
      }
    }
    for (const { from, to, weight } of links) {
      const [x, y] = [nodes[from].x - nodes[to].x, nodes[from].y - nodes[to].y];
      const far = Math.hypot(x, y) || 1e-3;
      const force = ((far * far) / ideal) * (0.35 + 0.65 * (weight / most));
      push(from, (-x / far) * force, (-y / far) * force);
      push(to, (x / far) * force, (y / far) * force);
    }
    nodes.forEach((node, place) => {
      const [x, y] = [pull[place][0] + (0.5 - node.x) * 0.08, pull[place][1] + (0.5 - node.y) * 0.08];
      const far = Math.hypot(x, y) || 1;
      const move = Math.min(far, step);
      node.x = Math.max(0, Math.min(1, node.x + (x / far) * move));
      node.y = Math.max(0, Math.min(1, node.y + (y / far) * move));
    });
  }
  spread(nodes);
}

/** Uses all of the room. */
function spread(nodes) {
  for (const axis of ["x", "y"]) {
    const all = nodes.map((node) => node[axis]);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    for (const node of nodes) {
      node[axis] = most - least < 1e-6 ? 0.5 : (node[axis] - least) / (most - least);
    }
  }
}
