// All about one isolate, and what can be done with it.

const DEEDS = [
  ["pause", "Pause", "It stops after its current event and keeps what is sent to it"],
  ["resume", "Resume", "It goes on"],
  ["kill", "Kill", "It ends at once, whatever it does"],
  ["kill-tree", "Kill with children", "It ends at once, and all that it has spawned"],
];

class Details {
  key = null;

  /** `act` does something with an isolate, where that can be done. */
  constructor(element, act, { close, open }) {
    this.element = element;
    this.act = act;
    this.title = make("h3", { class: "name" });
    this.state = make("span", { class: "state" });
    this.facts = make("dl", {});
    this.reason = make("p", { class: "reason" });
    this.frames = make("ol", { class: "frames" });
    this.parent = make("button", { type: "button", class: "link" });
    this.parent.addEventListener("click", () => open(this.parent.key));
    this.answer = make("p", { class: "answer", role: "status" });
    const shut = make("button", { type: "button", class: "close", "aria-label": "Close details", onclick: close }, "×");
    element.append(make("header", {}, this.title, shut), this.state, this.reason, this.facts, this.frames);
    if (act) {
      this.buttons = DEEDS.map(([deed, name, title]) => {
        const button = make("button", { type: "button", title, class: deed.startsWith("kill") ? "danger" : "" }, name);
        button.addEventListener("click", () => this.press(button, deed, name));
        return button;
      });
      element.append(make("div", { class: "deeds" }, ...this.buttons), this.answer);
    }
  }

  /** An end is asked for twice. */
  async press(button, deed, name) {
    if (deed.startsWith("kill") && !button.sure) {
      this.calm();
      button.sure = true;
      say(button, `${name}: sure?`);
      return;
    }
    this.calm();
    const row = store.find(this.key);
    if (row) {
      say(this.answer, await this.act(row, deed));
    }
  }

  calm() {
    this.buttons?.forEach((button, place) => {
      button.sure = false;
      say(button, DEEDS[place][1]);
    });
  }

  choose(row) {
    const key = row ? row.key : null;
    if (key !== this.key) {
      this.key = key;
      say(this.answer, "");
      this.calm();
    }
    this.show();
  }

  show() {
    const row = this.key && store.find(this.key);
    this.element.hidden = !row;
    if (!row) {
      return;
    }
    say(this.title, row.name);
    attribute(this.title, "title", row.name);
    showState(this.state, row);
    this.reason.hidden = !row.exit;
    say(this.reason, row.exit ? row.exit.reason : "");
    const frames = row.exit?.backtrace || [];
    this.frames.hidden = frames.length === 0;
    this.frames.replaceChildren(...frames.map((frame) => make("li", {}, frame)));
    this.showFacts(row);
    if (this.buttons) {
      const isPaused = row.state === "paused";
      this.buttons.forEach((button, place) => {
        const deed = DEEDS[place][0];
        button.hidden = Boolean(row.exit) || (deed === "pause" && isPaused) || (deed === "resume" && !isPaused);
      });
    }
  }

  showFacts(row) {
    const above = row.parentKey && store.find(row.parentKey);
    this.parent.key = row.parentKey;
    say(this.parent, above ? above.name : row.parentKey ? `#${row.parent}` : "");
    const facts = [
      ["Entry", row.entry || "not known yet"],
      ["Number", `${row.isolate} of group ${row.group}`],
      ["Spawned by", row.parentKey ? this.parent : "the host"],
      ["Spawned at", time(row.born)],
      [row.exit ? "Lived" : "Age", time(store.age(row))],
      ["CPU", row.exit ? time(row.cpu) : `${time(row.cpu)}, ${percent(store.load(row))} of a core now`],
      ["Memory", row.exit ? `${bytes(row.peak)} at most` : `${bytes(row.memory)} now, ${bytes(row.peak)} at most`],
      ["Allowed", bytes(row.limit)],
      ["Mailbox", row.exit ? null : `${plural(row.waiting, "message")}, ${bytes(row.waitingBytes)}`],
      ["Sent", `${plural(row.sent, "message")}, ${bytes(row.sentBytes)}`],
      ["Received", `${plural(row.received, "message")}, ${bytes(row.receivedBytes)}`],
    ].filter(([, value]) => value !== null);
    const stale = this.facts.children.length !== facts.length;
    if (stale) {
      this.facts.replaceChildren(...facts.map(() => make("div", {}, make("dt", {}), make("dd", {}))));
    }
    facts.forEach(([name, value], place) => {
      const [term, text] = this.facts.children[place].children;
      say(term, name);
      if (value instanceof Element) {
        if (text.firstChild !== value) {
          text.said = null;
          text.replaceChildren(value);
        }
      } else {
        say(text, value);
      }
    });
  }
}
