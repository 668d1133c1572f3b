// What is known: isolates that are alive, those that have ended, samples over time and
// flows of messages. All of it is bounded.

/** What a row of the host's stands for; `board.rs` writes the same list. */
const CELLS = [
  "group", "isolate", "parent", "name", "entry", "state", "cpu", "memory", "peak", "limit",
  "waiting", "waitingBytes", "mailbox", "sent", "received", "sentBytes", "receivedBytes", "born",
];

/** How many ends, and how many samples, are kept here. */
const MOST_EXITS = 10_000;
const MOST_SAMPLES = 2_400;

class Store {
  isolates = new Map();
  exits = [];
  /** By key, for who looks an isolate up that has ended. */
  ended = new Map();
  exitCount = 0;
  /** `[at, isolates, spawned, ended, sent, received, waiting, cpu, memory]` */
  samples = [];
  flows = null;
  totals = null;
  about = [];
  leftOut = 0;
  now = 0;
  /** Numbers of the last look, end and sample: what is sent next is what came after. */
  look = 0;
  lastExit = 0;
  lastAt = 0;

  /** Takes in what the host says is new. */
  take(news) {
    const passed = (news.now - this.now) / 1e3;
    const isNewLook = news.look !== this.look;
    this.now = news.now;
    this.totals = news.totals;
    this.leftOut = news.leftOut || 0;
    this.about = news.about || this.about;
    if (news.rows && isNewLook) {
      this.takeRows(news, passed);
    }
    this.exitCount = news.exitCount;
    for (const exit of news.exits) {
      this.takeExit(exit);
    }
    for (const sample of [...(news.whole || []), ...(news.samples || [])]) {
      this.takeSample(sample);
    }
    if (news.flows) {
      this.takeFlows(news.flows, passed);
    }
  }

  takeRows(news, passed) {
    const before = this.isolates;
    if (news.all) {
      this.isolates = new Map();
    }
    for (const [group, isolate] of news.gone) {
      this.isolates.delete(`${group}.${isolate}`);
    }
    for (const cells of news.rows) {
      const row = rowOf(cells);
      const old = before.get(row.key);
      const known = old && passed > 0 && this.look > 0;
      const more = known ? row.sent + row.received - old.sent - old.received : 0;
      row.perSecond = known ? more / passed : 0;
      row.load = known ? Math.max(0, (row.cpu - old.cpu) / 1e3 / passed) : 0;
      row.seen = news.look;
      this.isolates.set(row.key, row);
    }
    this.look = news.look;
  }

  takeExit(exit) {
    if (exit.number <= this.lastExit) {
      return;
    }
    this.lastExit = exit.number;
    const row = rowOf(exit.row);
    row.state = "ended";
    row.exit = exit;
    row.perSecond = 0;
    row.load = 0;
    row.diedAt = exit.at;
    exit.isolate = row;
    this.isolates.delete(row.key);
    this.ended.set(row.key, row);
    this.exits.push(exit);
    if (this.exits.length > MOST_EXITS) {
      this.ended.delete(this.exits.shift().isolate.key);
    }
  }

  takeSample(sample) {
    if (sample[0] <= this.lastAt && this.samples.length > 0) {
      return;
    }
    this.lastAt = sample[0];
    this.samples.push(sample);
    if (this.samples.length > MOST_SAMPLES) {
      // The older half is thinned out.
      const half = this.samples.length / 2;
      this.samples = this.samples.filter((_, place) => place > half || place % 2 === 0);
    }
  }

  /** Says of each flow how many messages a second it has had since the last time. */
  takeFlows(flows, passed) {
    const before = this.flows;
    for (const kind of ["isolates", "entries"]) {
      const old = new Map((before?.[kind] || []).map((flow) => [flow.key, flow]));
      flows[kind] = flows[kind].map(([from, to, messages, size]) => {
        const key = JSON.stringify([from, to]);
        const known = old.get(key);
        const perSecond = known && passed > 0 ? (messages - known.messages) / passed : 0;
        return { key, from, to, messages, bytes: size, perSecond };
      });
    }
    this.flows = flows;
  }

  /** How many messages a second an isolate sends and gets, now. */
  perSecond(row) {
    return row.seen === this.look ? row.perSecond : 0;
  }

  /** How much of a core it has, now. */
  load(row) {
    return row.seen === this.look ? row.load : 0;
  }

  age(row) {
    return Math.max(0, (row.diedAt ?? this.now) - row.born);
  }

  find(key) {
    return this.isolates.get(key) || this.ended.get(key);
  }

  /** The name of an isolate that may be known no more. */
  nameOf(group, isolate) {
    const row = this.find(`${group}.${isolate}`);
    return row ? row.name : `#${isolate}`;
  }
}

function rowOf(cells) {
  const row = {};
  CELLS.forEach((name, place) => {
    row[name] = cells[place];
  });
  row.key = `${row.group}.${row.isolate}`;
  row.parentKey = row.parent ? `${row.group}.${row.parent}` : null;
  row.text = `${row.name} ${row.entry} ${row.key}`.toLowerCase();
  return row;
}

const store = new Store();
