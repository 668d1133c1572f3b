// Who has ended and why, the newest first.

class Exits {
  filter = "";
  failures = false;

  constructor(place, choose) {
    const head = (id, name) => make("div", { role: "columnheader", class: `c-${id}` }, name);
    this.rows = new Rows(place, {
      label: "Exits", role: "grid", height: 36,
      head: make("div", { class: "row head", role: "row", "aria-rowindex": 1 },
        head("at", "At"), head("name", "Name"), head("state", "End"), head("reason", "Reason"),
        head("age", "Lived"), head("cpu", "CPU"), head("memory", "Memory at most")),
      make: () => this.makeRow(), show: (row, exit) => this.showRow(row, exit),
      choose: (exit) => choose(exit?.isolate), key: (exit) => exit.number,
    });
  }

  show() {
    const fits = (exit) => (!this.failures || exit.failed)
      && (!this.filter || `${exit.isolate.text} ${exit.kind} ${exit.reason.toLowerCase()}`.includes(this.filter));
    const items = store.exits.filter(fits).reverse();
    this.rows.set(items, store.exits.length ? "No end is like that." : "No isolate has ended.");
  }

  makeRow() {
    const cell = (id, ...children) => make("div", { role: "gridcell", class: `c-${id}` }, ...children);
    const parts = {
      at: cell("at"), name: make("span", { class: "name" }), state: make("span", { class: "state" }),
      reason: cell("reason"), age: cell("age"), cpu: cell("cpu"), memory: cell("memory"),
    };
    const row = make("div", { class: "row", role: "row" }, parts.at, cell("name", parts.name),
      cell("state", parts.state), parts.reason, parts.age, parts.cpu, parts.memory);
    row.parts = parts;
    return row;
  }

  showRow(element, exit) {
    const { parts } = element;
    const { isolate } = exit;
    say(parts.at, time(exit.at));
    say(parts.name, isolate.name);
    attribute(parts.name, "title", isolate.name);
    showState(parts.state, isolate);
    say(parts.reason, exit.reason);
    attribute(parts.reason, "title", exit.reason);
    say(parts.age, time(store.age(isolate)));
    say(parts.cpu, time(isolate.cpu));
    say(parts.memory, bytes(isolate.peak));
  }
}
