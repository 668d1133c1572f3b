// Asks the host what is new. One question at a time: a page that is slow asks less, and
// one that nobody looks at hardly ever.

const EVERY = 1_000;
const EVERY_HIDDEN = 10_000;
const PATIENCE = 15_000;

class Live {
  /** `show` is called with what came, `tell` with how it stands. */
  constructor(show, tell, wantsFlows) {
    this.show = show;
    this.tell = tell;
    this.wantsFlows = wantsFlows;
    // In memory only; the address has it as the page was opened by it.
    this.token = location.pathname.split("/")[1];
    this.missed = 0;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        this.soon(0);
      }
    });
    this.ask();
  }

  soon(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), after);
  }

  async ask() {
    if (this.isAsking) {
      return;
    }
    this.isAsking = true;
    try {
      const flows = this.wantsFlows() ? 1 : 0;
      const query = `look=${store.look}&exits=${store.lastExit}&at=${store.lastAt}&flows=${flows}`;
      const answer = await this.fetch(`/api/state?${query}`);
      if (!answer.ok) {
        this.tell("refused", (await answer.text()).trim());
        return;
      }
      const news = await answer.json();
      this.missed = 0;
      this.tell("live");
      this.show(news);
    } catch {
      this.missed += 1;
      this.tell(this.missed > 2 ? "gone" : "late");
    } finally {
      this.isAsking = false;
    }
    this.soon(document.hidden ? EVERY_HIDDEN : Math.min(EVERY * 2 ** Math.max(0, this.missed - 2), EVERY_HIDDEN));
  }

  /** Does something with an isolate. Gives what to say about it. */
  async act(row, deed) {
    const body = JSON.stringify({ group: row.group, isolate: row.isolate, do: deed });
    try {
      const answer = await this.fetch("/api/act", { method: "POST", body });
      if (!answer.ok) {
        return answer.status === 410 ? "It has ended already." : (await answer.text()).trim();
      }
      const { paused } = await answer.json();
      this.soon(0);
      return deed === "resume" && paused ? "Somebody else has paused it too." : "";
    } catch {
      return "The host does not answer.";
    }
  }

  fetch(path, more = {}) {
    return fetch(path, {
      ...more,
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
  }
}
