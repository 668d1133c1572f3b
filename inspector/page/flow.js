// Who sends to whom: a graph of the busiest, and beside it the same as a list.

/** How many flows are drawn and listed, and how many nodes they may have. */
const MOST_LINKS = 60;
const MOST_NODES = 28;

const GRAINS = [["By entry", "entries"], ["By isolate", "isolates"]];

class Flow {
  kind = "entries";
  places = new Map();

  constructor(place, grain) {
    this.buttons = GRAINS.map(([name, kind]) =>
      make("button", { type: "button", "aria-pressed": "false", onclick: () => this.choose(kind) }, name));
    grain.append(...this.buttons);
    this.lines = draw("g", {});
    this.nodes = draw("g", {});
    this.picture = draw("svg", { class: "graph", role: "img", "aria-label": "Who sends to whom; the list says the same" },
      this.lines, this.nodes);
    this.list = make("ol", { class: "links" });
    this.note = make("p", { class: "note" });
    this.empty = make("p", { class: "empty" });
    const beside = make("div", { class: "beside" }, make("h3", {}, "Busiest"), this.list, this.note);
    place.append(make("div", { class: "flow" }, make("div", { class: "canvas" }, this.picture, this.empty), beside));
    new ResizeObserver(() => this.show()).observe(this.picture);
    this.choose("entries");
  }

  choose(kind) {
    this.kind = kind;
    this.places = new Map();
    this.buttons.forEach((button, place) =>
      attribute(button, "aria-pressed", String(GRAINS[place][1] === kind)));
    this.show();
  }

  show() {
    const flows = store.flows;
    if (!flows || this.picture.closest("[hidden]")) {
      return;
    }
    const { nodes, links, left } = this.graph(flows[this.kind]);
    say(this.empty, links.length ? "" : "No messages yet.");
    layOut(nodes, links, this.places);
    this.places = new Map(nodes.map((node) => [node.key, node]));
    this.drawGraph(nodes, links);
    this.showList(nodes, links, left);
  }

  /** The busiest flows whose ends are few enough to be drawn. */
  graph(flows) {
    const places = new Map();
    const nodes = [];
    const links = [];
    let left = 0;
    for (const flow of flows) {
      const ends = [this.end(flow.from), this.end(flow.to)];
      const fresh = ends.filter((end) => !places.has(end.key));
      if (links.length >= MOST_LINKS || nodes.length + fresh.length > MOST_NODES) {
        left += 1;
        continue;
      }
      for (const end of fresh) {
        if (!places.has(end.key)) {
          places.set(end.key, nodes.length);
          nodes.push({ ...end, messages: 0 });
        }
      }
      const [from, to] = ends.map((end) => places.get(end.key));
      nodes[from].messages += flow.messages;
      nodes[to].messages += from === to ? 0 : flow.messages;
      links.push({ ...flow, from, to, weight: Math.log1p(flow.messages) });
    }
    return { nodes, links, left };
  }

  end(party) {
    if (!party) {
      return { key: "host", name: "the host", isHost: true };
    }
    const [group, what] = party;
    const alone = (store.totals?.groups ?? 1) <= 1 && group === 1;
    const name = this.kind === "entries" ? what || "(loading)" : store.nameOf(group, what);
    return { key: JSON.stringify(party), name: alone ? name : `${name} (${group})` };
  }

  drawGraph(nodes, links) {
    const width = this.picture.clientWidth || 600;
    const height = this.picture.clientHeight || 400;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const most = Math.max(1, ...nodes.map((node) => node.messages));
    for (const node of nodes) {
      node.r = 8 + 14 * Math.sqrt(Math.log1p(node.messages) / Math.log1p(most));
      node.cx = 70 + node.x * (width - 140);
      node.cy = 40 + node.y * (height - 96);
    }
    const heaviest = Math.max(1, ...links.map((link) => link.weight));
    const liveliest = Math.max(1, ...links.map((link) => link.perSecond));
    this.lines.replaceChildren(...links.map((link) => arrow(nodes, link, heaviest, liveliest)));
    this.nodes.replaceChildren(...nodes.map((node) => {
      const text = node.name.length > 22 ? `${node.name.slice(0, 21)}…` : node.name;
      const group = draw("g", { class: node.isHost ? "node host" : "node" },
        draw("title", {}, `${node.name}: ${plural(node.messages, "message")}`),
        draw("circle", { cx: node.cx, cy: node.cy, r: node.r }),
        draw("text", { x: node.cx, y: node.cy + node.r + 15 }, text));
      group.addEventListener("pointerenter", () => this.light(nodes.indexOf(node), links));
      group.addEventListener("pointerleave", () => this.light(null, links));
      return group;
    }));
  }

  /** Leaves only what has to do with one node in plain sight. */
  light(place, links) {
    [...this.lines.children].forEach((line, at) => {
      const own = links[at].from === place || links[at].to === place;
      line.classList.toggle("dim", place !== null && !own);
    });
  }

  showList(nodes, links, left) {
    const most = Math.max(1, ...links.map((link) => link.messages));
    this.list.replaceChildren(...links.slice(0, 40).map((link) => {
      const row = make("li", {},
        make("span", { class: "ends" }, nodes[link.from].name, make("span", { class: "to" }, " → "), nodes[link.to].name),
        make("span", { class: "much" }, short(link.messages)),
        make("span", { class: "rate" }, link.perSecond ? `${short(link.perSecond)}/s` : ""));
      share(row, "--part", link.messages / most);
      return row;
    }));
    const { messages, bytes: size } = store.flows;
    const more = left ? ` ${plural(left, "flow")} of less are not drawn.` : "";
    say(this.note, `${plural(messages, "message")} with ${bytes(size)} in all.${more}`);
  }
}

/** A bow from one node to another, so that there and back are two; or a loop. */
function arrow(nodes, link, heaviest, liveliest) {
  const [from, to] = [nodes[link.from], nodes[link.to]];
  const width = 1 + 4 * (link.weight / heaviest) ** 2;
  const name = `${from.name} → ${to.name}: ${plural(link.messages, "message")}, ${bytes(link.bytes)}`;
  let path;
  let tip;
  let turn;
  if (from === to) {
    const [x, y, r] = [from.cx, from.cy - from.r, from.r];
    path = `M${x - r / 2} ${y + 2}C${x - 2.4 * r} ${y - 2.4 * r} ${x + 2.4 * r} ${y - 2.4 * r} ${x + r / 2} ${y + 2}`;
    [tip, turn] = [[x + r / 2, y + 2], Math.PI * 0.66];
  } else {
    const [x, y] = [to.cx - from.cx, to.cy - from.cy];
    const far = Math.hypot(x, y) || 1;
    const bow = Math.min(36, far * 0.16);
    const [mx, my] = [(from.cx + to.cx) / 2 + (-y / far) * bow, (from.cy + to.cy) / 2 + (x / far) * bow];
    const start = towards(from, mx, my, from.r + 2);
    tip = towards(to, mx, my, to.r + 3);
    turn = Math.atan2(tip[1] - my, tip[0] - mx);
    path = `M${start.map(tenth).join(" ")}Q${tenth(mx)} ${tenth(my)} ${tip.map(tenth).join(" ")}`;
  }
  const size = 5 + width;
  const side = (angle) => [tip[0] - size * Math.cos(turn + angle), tip[1] - size * Math.sin(turn + angle)];
  const head = [tip, side(0.42), side(-0.42)].map((corner) => corner.map(tenth).join(" ")).join("L");
  const line = draw("path", { d: path, "stroke-width": tenth(width), fill: "none" });
  const lively = 0.35 + 0.65 * Math.sqrt(link.perSecond / liveliest);
  const isReport = document.body.dataset.mode === "report";
  return draw("g", { class: "link", opacity: isReport ? 0.8 : tenth(lively * 10) / 10 },
    draw("title", {}, name), line, draw("path", { d: `M${head}Z`, class: "tip" }));
}

function tenth(number) {
  return Math.round(number * 10) / 10;
}

/** The point at a distance from a node's middle, on the way to another point. */
function towards(node, x, y, distance) {
  const far = Math.hypot(x - node.cx, y - node.cy) || 1;
  return [node.cx + ((x - node.cx) / far) * distance, node.cy + ((y - node.cy) / far) * distance];
}
