// The isolates, as a table or as the tree of who spawned whom.

const STATES = ["running", "ready", "waiting", "paused", "loading", "hanging", "ended"];

const COLUMNS = [
  { id: "name", name: "Name", by: (row) => row.name.toLowerCase(), up: true },
  { id: "entry", name: "Entry", by: (row) => row.entry.toLowerCase(), up: true },
  { id: "state", name: "State", by: (row) => STATES.indexOf(row.state) * 16 + (row.exit?.failed ? 0 : 1), up: true },
  { id: "cpu", name: "CPU", by: (row) => store.load(row) * 1e9 + row.cpu },
  { id: "memory", name: "Memory", by: (row) => row.memory * 2 ** 20 + row.peak },
  { id: "waiting", name: "Mailbox", by: (row) => row.waiting },
  { id: "rate", name: "Msg/s", by: (row) => store.perSecond(row) * 1e9 + row.sent + row.received },
  { id: "messages", name: "Messages", by: (row) => row.sent + row.received },
  { id: "age", name: "Age", by: (row) => store.age(row) },
];

class Table {
  filter = "";
  state = "";
  isTree = false;
  withEnded = document.body.dataset.mode === "report";
  sort = { id: document.body.dataset.mode === "report" ? "cpu" : "name", up: document.body.dataset.mode !== "report" };
  closed = new Set();

  constructor(place, choose, act) {
    this.act = act;
    this.heads = COLUMNS.map((column) => {
      const button = make("button", { type: "button", onclick: () => this.sortBy(column) }, column.name);
      return make("div", { role: "columnheader", class: `c-${column.id}` }, button);
    });
    const acts = make("div", { role: "columnheader", class: "c-acts" },
      make("span", { class: "sr" }, "Actions"));
    this.rows = new Rows(place, {
      label: "Isolates", role: "treegrid", height: 36,
      head: make("div", { class: "row head", role: "row", "aria-rowindex": 1 }, ...this.heads, acts),
      make: () => this.makeRow(), show: (row, item) => this.showRow(row, item),
      choose: (item) => choose(item?.row), key: (item) => item.row.key,
      onKey: (key, item) => this.press(key, item),
    });
  }

  sortBy(column) {
    const up = this.sort.id === column.id ? !this.sort.up : Boolean(column.up);
    this.sort = { id: column.id, up };
    this.show();
  }

  show() {
    COLUMNS.forEach((column, place) => {
      const sorted = this.sort.id === column.id;
      const order = this.sort.up ? "ascending" : "descending";
      attribute(this.heads[place], "aria-sort", sorted ? order : "none");
    });
    const rows = [...store.isolates.values()];
    if (this.withEnded) {
      rows.push(...store.ended.values());
    }
    const items = this.isTree ? this.tree(rows) : this.flat(rows);
    this.shown = items.length;
    const nothing = rows.length ? "No isolate is like that."
      : store.totals?.spawned ? "No isolate is alive." : "No isolate was spawned yet.";
    this.rows.set(items, nothing);
  }

  fits(row) {
    return (!this.filter || row.text.includes(this.filter)) && (!this.state || row.state === this.state);
  }

  order() {
    const { by } = COLUMNS.find((column) => column.id === this.sort.id);
    const sign = this.sort.up ? 1 : -1;
    // What is equal stays in the order of spawning.
    const keys = new Map();
    const key = (row) => {
      let value = keys.get(row);
      if (value === undefined) {
        keys.set(row, (value = by(row)));
      }
      return value;
    };
    const isText = this.sort.id === "name" || this.sort.id === "entry";
    return (one, other) => {
      const [a, b] = [key(one), key(other)];
      const differ = isText ? natural(a, b) : a - b;
      return sign * differ || one.group - other.group || one.isolate - other.isolate;
    };
  }

  flat(rows) {
    const fitting = rows.filter((row) => this.fits(row));
    return fitting.sort(this.order()).map((row) => ({ row, depth: 0 }));
  }

  /** With a filter, those that fit and all above them. */
  tree(rows) {
    const known = new Map(rows.map((row) => [row.key, row]));
    const children = new Map();
    const wanted = new Set();
    for (const row of rows) {
      const above = known.has(row.parentKey) ? row.parentKey : null;
      if (!children.has(above)) {
        children.set(above, []);
      }
      children.get(above).push(row);
      for (let up = row; this.fits(row) && up && !wanted.has(up.key); up = known.get(up.parentKey)) {
        wanted.add(up.key);
      }
    }
    const order = this.order();
    const items = [];
    const pending = [];
    const level = (list, depth) => {
      for (const row of list.filter((one) => wanted.has(one.key)).sort(order).reverse()) {
        pending.push({ row, depth });
      }
    };
    level(children.get(null) || [], 0);
    while (pending.length) {
      const { row, depth } = pending.pop();
      const below = children.get(row.key) || [];
      const open = !this.closed.has(row.key);
      items.push({ row, depth, below: below.length, open });
      if (open) {
        level(below, depth + 1);
      }
    }
    return items;
  }

  toggle(key) {
    this.closed.has(key) ? this.closed.delete(key) : this.closed.add(key);
    this.show();
  }

  press(key, item) {
    const { row, below, open } = item;
    if ((key === "ArrowRight" && below && !open) || (key === "ArrowLeft" && below && open)) {
      this.toggle(row.key);
    } else if (key === "p" && this.act) {
      this.act(row, row.state === "paused" ? "resume" : "pause");
    } else {
      return false;
    }
    return true;
  }

  makeRow() {
    const cell = (id, ...children) => make("div", { role: "gridcell", class: `c-${id}` }, ...children);
    const parts = {
      twist: make("button", { type: "button", class: "twist", tabindex: -1 }),
      name: make("span", { class: "name" }),
      entry: cell("entry"),
      state: make("span", { class: "state" }),
      cpu: make("span", {}), load: make("span", { class: "meter load" }),
      memory: make("span", {}), space: make("span", { class: "meter space" }),
      waiting: cell("waiting"), rate: cell("rate"), messages: cell("messages"), age: cell("age"),
    };
    const row = make("div", { class: "row", role: "row" },
      cell("name", parts.twist, parts.name), parts.entry, cell("state", parts.state),
      cell("cpu", parts.cpu, parts.load), cell("memory", parts.memory, parts.space),
      parts.waiting, parts.rate, parts.messages, parts.age);
    parts.twist.addEventListener("click", () => this.toggle(row.item.row.key));
    if (this.act) {
      parts.pause = make("button", { type: "button", class: "act", tabindex: -1 });
      parts.pause.addEventListener("click", () => {
        this.act(row.item.row, row.item.row.state === "paused" ? "resume" : "pause");
      });
      row.append(cell("acts", parts.pause));
    }
    row.parts = parts;
    return row;
  }

  showRow(element, item) {
    const { row, depth } = item;
    const { parts } = element;
    element.item = item;
    attribute(element, "aria-level", String(depth + 1));
    element.style.setProperty("--depth", depth);
    parts.twist.hidden = !this.isTree;
    if (item.below) {
      attribute(element, "aria-expanded", String(item.open));
      say(parts.twist, item.open ? "▾" : "▸");
      attribute(parts.twist, "aria-label", item.open ? "Close" : "Open");
    } else {
      element.removeAttribute("aria-expanded");
      say(parts.twist, "");
    }
    say(parts.name, row.name);
    attribute(parts.name, "title", row.name);
    say(parts.entry, row.entry);
    showState(parts.state, row);
    say(parts.cpu, time(row.cpu));
    share(parts.load, "--part", store.load(row));
    say(parts.memory, bytes(row.exit ? row.peak : row.memory));
    attribute(parts.memory, "title",
      `${bytes(row.memory)} now, ${bytes(row.peak)} at most, ${bytes(row.limit)} allowed`);
    share(parts.space, "--part", row.memory / row.limit);
    share(parts.space, "--peak", row.peak / row.limit);
    say(parts.waiting, row.exit ? "" : count(row.waiting));
    parts.waiting.classList.toggle("high", row.waiting > row.mailbox / 2);
    say(parts.rate, row.exit ? "" : short(store.perSecond(row)));
    say(parts.messages, short(row.sent + row.received));
    say(parts.age, time(store.age(row)));
    element.classList.toggle("over", Boolean(row.exit));
    if (parts.pause) {
      const isPaused = row.state === "paused";
      parts.pause.hidden = Boolean(row.exit);
      say(parts.pause, isPaused ? "Resume" : "Pause");
      attribute(parts.pause, "aria-label", `${isPaused ? "Resume" : "Pause"} ${row.name}`);
    }
  }
}

/** `worker#10` comes after `worker#9`. */
const collator = new Intl.Collator("en", { numeric: true });
function natural(one, other) {
  return collator.compare(one, other);
}

/** What an isolate does, or how it ended, in a word. */
function showState(element, row) {
  const word = row.exit ? row.exit.kind.replace("_", " ") : row.state;
  say(element, word);
  attribute(element, "data-state", row.exit ? (row.exit.failed ? "failed" : "ended") : row.state);
}
