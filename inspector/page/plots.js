// The plots over time. They share their time axis and the moment that is pointed at.

/** How many moments a plot has. */
const STEPS = 160;

/** What can be shown of the last seconds; 0 is all. */
const SPANS = [["1 min", 60], ["5 min", 300], ["All", 0]];

const PLOTS = [
  {
    name: "Isolates", series: "blue", value: (now) => now[1], say: count,
    most: (totals) => totals.isolatesPeak,
    note: (totals) => `${count(totals.spawned)} in all, ${count(totals.isolatesPeak)} at once at most`,
  },
  {
    name: "Messages", unit: "/s", series: "teal", value: (now, before, passed) => (now[5] - before[5]) / passed,
    say: short, note: (totals) => `${short(totals.received)} received, ${bytes(totals.receivedBytes)}`,
  },
  {
    name: "CPU", unit: " cores", series: "amber", value: (now, before, passed) => (now[7] - before[7]) / 1e3 / passed,
    say: (value) => value.toFixed(value < 9.95 ? 2 : 1), least: 0.02,
    note: (totals) => `${time(totals.cpu)} in all, ${plural(totals.permits, "turn")} at once`,
  },
  {
    name: "Memory", series: "violet", value: (now) => now[8], say: bytes,
    most: (totals) => totals.memoryPeak,
    note: (totals) => `${bytes(totals.memoryPeak)} at most`, binary: true,
  },
];

class Plots {
  span = 60;
  moment = null;

  constructor(place, spans) {
    this.plots = PLOTS.map((plot) => new Plot(plot, this));
    place.append(...this.plots.map((plot) => plot.element));
    this.buttons = SPANS.map(([name, seconds]) =>
      make("button", { type: "button", "aria-pressed": "false", onclick: () => this.choose(seconds) }, name));
    spans.append(...this.buttons);
    new ResizeObserver(() => this.show()).observe(place);
    this.choose(document.body.dataset.mode === "report" ? 0 : 60);
  }

  choose(seconds) {
    this.span = seconds;
    this.buttons.forEach((button, place) =>
      attribute(button, "aria-pressed", String(SPANS[place][1] === seconds)));
    this.show();
  }

  /** The moment under the pointer, as a part of the time shown; none outside. */
  point(part) {
    this.moment = part;
    this.plots.forEach((plot) => plot.point(part));
  }

  show() {
    const samples = store.samples;
    if (samples.length < 2) {
      return;
    }
    const last = samples[samples.length - 1][0];
    const first = this.span ? Math.max(samples[0][0], last - this.span * 1e3) : samples[0][0];
    const points = evenly(samples, first, Math.max(last, first + 1));
    this.plots.forEach((plot) => plot.show(points, first, last));
    this.point(this.moment);
  }
}

/** The samples at evenly spread moments, with what lies between two of them. */
function evenly(samples, first, last) {
  const points = [];
  let place = 0;
  for (let step = 0; step <= STEPS; step += 1) {
    const at = first + ((last - first) * step) / STEPS;
    while (place < samples.length - 2 && samples[place + 1][0] < at) {
      place += 1;
    }
    const [one, other] = [samples[place], samples[place + 1]];
    const part = Math.max(0, Math.min(1, (at - one[0]) / Math.max(1, other[0] - one[0])));
    points.push(one.map((value, cell) => value + (other[cell] - value) * part));
  }
  return points;
}

/** A round number that is not below this one. */
function roundUp(number, binary) {
  if (!(number > 0)) {
    return 1;
  }
  if (binary) {
    return 2 ** Math.ceil(Math.log2(number * 1.05));
  }
  const power = 10 ** Math.floor(Math.log10(number));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= number) * power;
}

class Plot {
  constructor(kind, plots) {
    this.kind = kind;
    this.value = make("span", { class: "value" });
    this.unit = make("span", { class: "unit" }, kind.unit || "");
    this.note = make("p", { class: "note" });
    this.area = draw("path", { class: "area" });
    this.line = draw("path", { class: "line" });
    this.grid = draw("path", { class: "grid" });
    this.cross = draw("line", { class: "cross", hidden: true });
    this.dot = draw("circle", { class: "dot", r: 3.5, hidden: true });
    this.picture = draw("svg", { role: "img" }, this.grid, this.area, this.line, this.cross, this.dot);
    this.most = make("span", { class: "most" });
    this.from = make("span", {});
    this.until = make("span", {});
    const frame = make("div", { class: "frame" }, this.picture, this.most);
    frame.addEventListener("pointermove", (event) => {
      const place = frame.getBoundingClientRect();
      plots.point(Math.max(0, Math.min(1, (event.clientX - place.left) / place.width)));
    });
    frame.addEventListener("pointerleave", () => plots.point(null));
    this.element = make("article", { class: `plot ${kind.series}` },
      make("h3", {}, kind.name), make("p", { class: "now" }, this.value, this.unit), this.note,
      frame, make("p", { class: "axis" }, this.from, this.until));
  }

  show(points, first, last) {
    const { kind } = this;
    const values = points.slice(1).map((now, place) => {
      const before = points[place];
      return Math.max(0, kind.value(now, before, Math.max(1e-6, (now[0] - before[0]) / 1e3)));
    });
    this.values = values;
    this.moments = points.slice(1).map((now) => now[0]);
    this.last = last;
    const width = this.picture.clientWidth || 240;
    const height = this.picture.clientHeight || 64;
    const top = roundUp(Math.max(kind.least || 0, ...values), kind.binary);
    this.spot = (place) => [
      (place * width) / (values.length - 1),
      height - 1 - (values[place] / top) * (height - 6),
    ];
    const corners = values.map((_, place) => this.spot(place).map((at) => at.toFixed(1)).join(" "));
    this.line.setAttribute("d", `M${corners.join("L")}`);
    this.area.setAttribute("d", `M0 ${height}L${corners.join("L")}L${width} ${height}Z`);
    this.grid.setAttribute("d", `M0 5H${width}M0 ${(height + 4) / 2}H${width}M0 ${height - 0.5}H${width}`);
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    say(this.most, kind.say(top));
    say(this.note, store.totals ? kind.note(store.totals) : "");
    const report = document.body.dataset.mode === "report";
    say(this.from, report ? time(first) : `${time(last - first)} ago`);
    say(this.until, report ? time(last) : "now");
    const ever = Math.max(...values);
    attribute(this.picture, "aria-label",
      `${kind.name} over time: ${kind.say(values[values.length - 1])}${kind.unit || ""} at the end, `
      + `${kind.say(ever)}${kind.unit || ""} at most`);
  }

  /** Says the value at a moment; at none the last, or in a report the most. */
  point(part) {
    if (!this.values) {
      return;
    }
    const { values } = this;
    const shown = part == null;
    const place = shown ? values.length - 1 : Math.round(part * (values.length - 1));
    this.cross.toggleAttribute("hidden", shown);
    this.dot.toggleAttribute("hidden", shown);
    const ever = this.kind.most?.(store.totals) ?? Math.max(...values);
    const atRest = document.body.dataset.mode === "report" ? ever : values[values.length - 1];
    say(this.value, this.kind.say(shown ? atRest : values[place]));
    const ago = document.body.dataset.mode === "report"
      ? `at ${time(this.moments[place])}` : `${time(Math.max(0, this.last - this.moments[place]))} ago`;
    const rest = document.body.dataset.mode === "report" ? " at most" : "";
    say(this.unit, (this.kind.unit || "") + (shown ? rest : `, ${ago}`));
    if (!shown) {
      const [x, y] = this.spot(place);
      fill(this.cross, { x1: x, x2: x, y1: 0, y2: this.picture.clientHeight }, []);
      fill(this.dot, { cx: x, cy: y }, []);
    }
  }
}
