// Puts the page together.

(() => {
  const at = (id) => document.getElementById(id);
  const isReport = document.body.dataset.mode === "report";
  const views = ["isolates", "flow", "exits"];
  let view = "isolates";
  let isHeld = false;
  let live = null;

  const act = isReport ? null : (row, deed) => live.act(row, deed);
  const details = new Details(at("details"), act, { close: () => choose(null), open });
  const plots = new Plots(at("plots"), at("spans"));
  const table = new Table(at("isolates"), choose, act);
  const flow = new Flow(at("flow"), at("grain"));
  const exits = new Exits(at("exits"), choose);

  function choose(row) {
    details.choose(row);
    if (!row) {
      for (const rows of [table.rows, exits.rows]) {
        rows.current = null;
        rows.draw();
      }
    }
  }

  /** Shows an isolate's details, wherever it is. */
  function open(key) {
    const row = store.find(key);
    if (row) {
      table.rows.current = row.key;
      table.rows.draw();
      details.choose(row);
    }
  }

  function show() {
    plots.show();
    const alive = isReport ? store.totals.spawned : store.totals.isolates;
    say(at("count-isolates"), count(alive));
    say(at("count-exits"), count(store.exitCount));
    ({ isolates: table, flow, exits })[view].show();
    details.show();
    const { shown, isolates } = store.totals;
    const notes = [];
    if (!isReport && isolates > shown) {
      notes.push(`The first ${count(shown)} of ${count(isolates)} isolates are shown.`);
    }
    if (isReport && store.leftOut) {
      notes.push(`${plural(store.leftOut, "isolate")} that ended are left out: the last ${count(store.exits.length)} are shown.`);
    }
    at("left-out").hidden = notes.length === 0;
    say(at("left-out"), notes.join(" "));
  }

  function turnTo(name, focus) {
    view = name;
    for (const other of views) {
      const chosen = other === name;
      const tab = at(`tab-${other}`);
      attribute(tab, "aria-selected", String(chosen));
      attribute(tab, "tabindex", chosen ? "0" : "-1");
      at(other).hidden = !chosen;
      at(`tools-${other}`).hidden = !chosen;
      if (chosen && focus) {
        tab.focus();
      }
    }
    if (store.totals) {
      show();
    }
    live?.soon(0);
  }

  for (const [place, name] of views.entries()) {
    at(`tab-${name}`).addEventListener("click", () => turnTo(name));
    at(`tab-${name}`).addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) {
        turnTo(views[(place + step + views.length) % views.length], true);
      }
    });
  }

  /** A button that is on or off. */
  function toggle(id, change) {
    at(id).addEventListener("click", () => {
      const on = at(id).getAttribute("aria-pressed") !== "true";
      attribute(at(id), "aria-pressed", String(on));
      change(on);
      show();
    });
  }

  const states = isReport ? [] : STATES.filter((state) => state !== "ended");
  at("states").append(make("option", { value: "" }, "Any state"), ...states.map((state) => make("option", {}, state)));
  at("states").hidden = isReport;
  at("states").addEventListener("change", () => {
    table.state = at("states").value;
    show();
  });
  at("filter").addEventListener("input", () => {
    table.filter = at("filter").value.trim().toLowerCase();
    show();
  });
  at("filter-exits").addEventListener("input", () => {
    exits.filter = at("filter-exits").value.trim().toLowerCase();
    show();
  });
  toggle("tree", (on) => { table.isTree = on; });
  toggle("ended", (on) => { table.withEnded = on; });
  toggle("failures", (on) => { exits.failures = on; });
  toggle("hold", (on) => { isHeld = on; tell(on ? "held" : "live"); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input")) {
      const filter = at(view === "exits" ? "filter-exits" : "filter");
      event.preventDefault();
      filter.focus();
    }
  });

  const SAYS = {
    live: "Live",
    held: "Held",
    late: "Waiting for the host",
    gone: "The host is gone. This is what was last known.",
    over: "A finished run",
  };

  function tell(how, text) {
    const said = how === "live" && isHeld ? "held" : how;
    attribute(at("status"), "data-how", said);
    say(at("status"), text || SAYS[said]);
  }

  if (isReport) {
    store.take(JSON.parse(at("data").textContent));
    at("about").hidden = store.about.length === 0;
    at("about").append(make("dl", {}, ...store.about.map(([name, text]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, text)))));
    tell("over");
    show();
  } else {
    const take = (news) => {
      if (!isHeld) {
        store.take(news);
        show();
      }
    };
    live = new Live(take, tell, () => view === "flow");
  }
})();
