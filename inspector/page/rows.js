// A list of very many rows, of which no more are in the page than fit into sight.

/** Rows above and below what is in sight. */
const SPARE = 6;

class Rows {
  /**
   * `make` makes an empty row, `show` fills it with an item; `choose` is told of the item
   * that was chosen, by pointer or key. `columns` are the heads of the columns.
   */
  constructor(place, { label, role, height, head, make: makeRow, show, choose, key, onKey }) {
    this.height = height;
    this.makeRow = makeRow;
    this.showRow = show;
    this.chooseItem = choose;
    this.keyOf = key;
    this.onKey = onKey;
    this.items = [];
    this.made = [];
    this.current = null;
    this.space = make("div", { class: "space", role: "rowgroup" });
    this.empty = make("p", { class: "empty" });
    this.body = make("div", { class: "scroll" }, this.space, this.empty);
    this.element = make("div", { class: "rows", role, tabindex: 0, "aria-label": label },
      head, this.body);
    place.append(this.element);
    this.body.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.press(event));
    this.space.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row && !event.target.closest("button")) {
        this.choose(this.items[row.place]);
      }
    });
    new ResizeObserver(() => this.draw()).observe(this.body);
  }

  /** What is shown from now on, and what is said where that is nothing. */
  set(items, nothing) {
    this.items = items;
    this.space.style.height = `${items.length * this.height}px`;
    attribute(this.element, "aria-rowcount", String(items.length + 1));
    say(this.empty, items.length ? "" : nothing);
    this.draw();
  }

  draw() {
    const inSight = Math.ceil(this.body.clientHeight / this.height) + 2 * SPARE;
    const most = Math.max(0, this.items.length - inSight);
    const first = Math.min(most, Math.max(0, Math.floor(this.body.scrollTop / this.height) - SPARE));
    const wanted = Math.min(inSight, this.items.length);
    while (this.made.length < wanted) {
      const row = this.makeRow();
      this.made.push(row);
      this.space.append(row);
    }
    while (this.made.length > wanted) {
      this.made.pop().remove();
    }
    // A row keeps its element while it scrolls: only what comes into sight is filled anew.
    for (let place = first; place < first + wanted; place += 1) {
      const row = this.made[place % wanted];
      const item = this.items[place];
      row.place = place;
      const at = `translateY(${place * this.height}px)`;
      if (row.style.transform !== at) {
        row.style.transform = at;
      }
      const chosen = this.current !== null && this.keyOf(item) === this.current;
      attribute(row, "aria-rowindex", String(place + 2));
      attribute(row, "aria-selected", String(chosen));
      if (chosen) {
        row.id = `${this.element.parentElement.id}-current`;
        attribute(this.element, "aria-activedescendant", row.id);
      } else if (row.id) {
        row.removeAttribute("id");
      }
      this.showRow(row, item);
    }
  }

  choose(item) {
    this.current = item ? this.keyOf(item) : null;
    if (!item) {
      this.element.removeAttribute("aria-activedescendant");
    }
    this.chooseItem(item);
    this.draw();
  }

  press(event) {
    if (event.target.closest("button, input, select")) {
      return;
    }
    const place = this.items.findIndex((item) => this.keyOf(item) === this.current);
    const page = Math.max(1, Math.floor(this.body.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps && this.items.length) {
      const to = Math.max(0, Math.min(this.items.length - 1, place + steps[event.key]));
      event.preventDefault();
      this.bringIntoSight(to);
      this.choose(this.items[to]);
    } else if (event.key === "Escape" && this.current !== null) {
      this.choose(null);
    } else if (place >= 0 && this.onKey?.(event.key, this.items[place])) {
      event.preventDefault();
    }
  }

  bringIntoSight(place) {
    const top = place * this.height;
    if (top < this.body.scrollTop) {
      this.body.scrollTop = top;
    } else if (top + this.height > this.body.scrollTop + this.body.clientHeight) {
      this.body.scrollTop = top + this.height - this.body.clientHeight;
    }
  }
}
