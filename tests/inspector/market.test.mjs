// The page of a market: what it shows, what one can do with it, and what guests cannot.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { browser, column, market, open, until } from "./browser.mjs";

describe("a market that is looked at", () => {
  let chrome;
  let run;
  let page;

  before(async () => {
    chrome = await browser();
    run = market({ seconds: 3600, districts: 2, traders: 4, stranger: true });
    page = await open(chrome, await run.url);
    await until(() => page.evaluate(() => store.isolates.size > 15), "isolates are shown");
  });

  after(async () => {
    await chrome?.close();
    await run?.stop();
  });

  const rows = (name) => column(page, "isolates", name);
  const head = (name) => page.locator("#isolates .head").getByRole("button", { name, exact: true });
  const choose = async (filter) => {
    await page.fill("#filter", filter);
    const first = page.locator("#isolates .space .row").first();
    await until(async () => (await rows("name"))[0]?.includes(filter), `there is a ${filter}`);
    await first.click();
    await page.locator("#details h3", { hasText: filter }).waitFor();
  };
  /** What the page knows of the one isolate of an entry. */
  const known = (entry) => page.evaluate((entry) => {
    const row = [...store.isolates.values()].find((one) => one.entry === entry);
    return row && { ...row };
  }, entry);

  test("isolates appear, each with its entry and what it does", async () => {
    const names = await rows("name");
    for (const entry of ["main", "town", "exchange", "ledger", "trader"]) {
      assert.ok(names.some((name) => name.startsWith(`${entry}#`)), `${entry} in ${names}`);
    }
    assert.ok((await rows("state")).includes("waiting"));
    assert.match(await page.textContent("#count-isolates"), /^\d+$/);
    const plots = await page.locator("#plots svg").evaluateAll((all) => all.map((one) => one.ariaLabel));
    assert.equal(plots.length, 4);
    await until(() => page.evaluate(() => Number.parseFloat(
      document.querySelectorAll(".plot .value")[1].textContent) > 0), "messages are plotted");
  });

  test("columns sort, up and down", async () => {
    await head("Name").click();
    await head("Name").click();
    const collator = new Intl.Collator("en", { numeric: true });
    let names = await rows("name");
    assert.deepEqual(names, [...names].sort(collator.compare));
    await head("Name").click();
    names = await rows("name");
    assert.deepEqual(names, [...names].sort((one, other) => collator.compare(other, one)));
    await head("Messages").click();
    await until(async () => (await rows("name"))[0].startsWith("exchange#"), "the exchange is busiest");
    await head("Name").click();
  });

  test("the filter leaves those that are meant", async () => {
    await page.fill("#filter", "trader");
    await until(async () => (await rows("name")).length === 8, "eight traders");
    assert.ok((await rows("entry")).every((entry) => entry === "trader"));
    await page.fill("#filter", "nobody is called that");
    await page.getByText("No isolate is like that.").waitFor();
    await page.fill("#filter", "");
  });

  test("the tree shows who has spawned whom, and closes", async () => {
    await page.click("#tree");
    const level = (entry) => page.evaluate((entry) => {
      const rows = [...document.querySelectorAll("#isolates .space .row")];
      return rows.find((row) => row.item.row.entry === entry)?.ariaLevel;
    }, entry);
    assert.equal(await level("main"), "1");
    assert.equal(await level("town"), "2");
    assert.equal(await level("district"), "3");
    assert.equal(await level("trader"), "4");
    // By the keyboard: the first row, and what is below it goes.
    await page.locator("#isolates .rows").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowLeft");
    assert.deepEqual((await rows("entry")), ["main"]);
    await page.keyboard.press("ArrowRight");
    await until(async () => (await rows("name")).length > 5, "they are there again");
    await page.keyboard.press("Escape");
    await page.click("#tree");
  });

  test("pausing stops an isolate, and resuming lets it go on", async () => {
    await choose("smelter");
    const details = page.locator("#details");
    await details.getByRole("button", { name: "Pause" }).click();
    await details.locator(".state", { hasText: "paused" }).waitFor();
    const look = () => page.evaluate(() => store.look);
    const passes = async (looks) => {
      const first = await look();
      await until(async () => (await look()) >= first + looks, "time goes by");
    };
    // What it did it still did.
    await passes(2);
    const { cpu } = await known("smelter");
    await passes(2);
    assert.equal((await known("smelter")).cpu, cpu, "it computes nothing");
    await details.getByRole("button", { name: "Resume" }).click();
    await until(async () => (await known("smelter")).cpu > cpu, "it computes again");
    await details.locator(".state", { hasText: "paused" }).waitFor({ state: "detached" });
  });

  test("a kill is asked for twice, ends the isolate, and is told", async () => {
    await choose("trader");
    const { key, name } = await page.evaluate(() => {
      const current = document.querySelector("#isolates .row[aria-selected=true]").item.row;
      return { key: current.key, name: current.name };
    });
    const details = page.locator("#details");
    await details.getByRole("button", { name: "Kill", exact: true }).click();
    assert.ok(await page.evaluate((key) => store.isolates.has(key), key), "not yet");
    await details.getByRole("button", { name: "Kill: sure?" }).click();
    await until(() => page.evaluate((key) => store.ended.get(key)?.exit.kind === "killed", key), "it has ended");
    await details.locator(".state", { hasText: "killed" }).waitFor();
    await page.fill("#filter", "trader");
    await until(async () => !(await rows("name")).includes(name), "it is not in the table");
    await page.click("#ended");
    await until(async () => (await rows("name")).includes(name), "it is among those that ended");
    await page.click("#ended");
    await page.fill("#filter", "");
  });

  test("exits are told with their reasons and backtraces", async () => {
    await page.click("#tab-exits");
    await until(async () => (await column(page, "exits", "name")).some((name) => name.startsWith("clerk#")), "the clerk fails");
    await page.fill("#filter-exits", "clerk");
    const reasons = await column(page, "exits", "reason");
    assert.match(reasons[0], /^panicked at market\/src\/people\.rs:\d+:\d+: page \d+ is missing from the ledger$/);
    await page.locator("#exits .space .row").first().click();
    await page.locator("#details .frames li").first().waitFor();
    assert.match(await page.textContent("#details .reason"), /is missing from the ledger/);
    assert.match(await page.textContent("#details .frames"), /clerk/);
    await page.fill("#filter-exits", "");
    await page.click("#failures");
    await until(async () => (await column(page, "exits", "state")).every((state) => state === "panicked" || state === "limit"), "failures only");
    await page.fill("#filter-exits", "hoarder");
    await until(async () => (await column(page, "exits", "state"))[0] === "limit", "the hoarder meets its limit");
    assert.match((await column(page, "exits", "reason"))[0], /memory/);
    await page.fill("#filter-exits", "");
    await page.click("#failures");
  });

  test("the graph and its list say who sends to whom", async () => {
    await page.click("#tab-flow");
    await page.locator("#flow .node").first().waitFor();
    const flows = await page.locator("#flow .links .ends").allTextContents();
    assert.ok(flows.includes("trader → exchange") && flows.includes("exchange → ledger"), String(flows));
    const names = await page.locator("#flow .node text").allTextContents();
    assert.ok(["trader", "exchange", "ledger", "clerk"].every((name) => names.includes(name)), String(names));
    assert.equal(await page.locator("#flow .graph .link").count(), flows.length);
    await page.getByRole("button", { name: "By isolate" }).click();
    await until(async () => (await page.locator("#flow .links .ends").allTextContents())
      .some((text) => /^trader#\d+ → exchange#\d+$/.test(text)), "single isolates");
    await page.getByRole("button", { name: "By entry" }).click();
    await page.click("#tab-isolates");
  });

  test("what guests call themselves and say stays text", async () => {
    await page.fill("#filter", "img");
    await until(async () => (await rows("name"))[0]?.startsWith("<img src=x onerror="), "the name is shown");
    await page.locator("#isolates .space .row").first().click();
    assert.match(await page.textContent("#details h3"), /^<img src=x onerror="document\.title='owned'">#\d+$/);
    await page.click("#tab-exits");
    await page.fill("#filter-exits", "owned");
    await until(async () => (await column(page, "exits", "reason"))[0]?.includes("<script>document.title = 'owned'</script> & \"so on\""), "the text is shown");
    assert.match((await column(page, "exits", "name"))[0], /^<\/script><b>bold<\/b>#\d+$/);
    await page.click("#tab-flow");
    await page.getByRole("button", { name: "By isolate" }).click();
    assert.equal(await page.locator("img, b:has-text('bold'), main script").count(), 0);
    assert.doesNotMatch(await page.title(), /owned/);
    await page.getByRole("button", { name: "By entry" }).click();
    await page.click("#tab-isolates");
    await page.fill("#filter", "");
  });

  test("another site's page learns and does nothing", async () => {
    const url = await run.url;
    const token = new URL(url).pathname.split("/")[1];
    const context = await chrome.newContext();
    const other = await context.newPage();
    // A page of another origin that has found out the token all the same.
    await context.route("http://other.example/", (route) => route.fulfill({ contentType: "text/html", body: "<p>hello" }));
    await other.goto("http://other.example/");
    const answers = await other.evaluate(async ([url, token]) => {
      const headers = { Authorization: `Bearer ${token}` };
      const body = JSON.stringify({ group: 1, isolate: 1, do: "kill" });
      const tries = [
        ["api/state", { headers }], ["api/act", { method: "POST", headers, body }],
        ["api/act", { method: "POST", body, mode: "no-cors" }], [`${token}/`, { mode: "no-cors" }],
      ];
      const answers = [];
      for (const [path, more] of tries) {
        try {
          const answer = await fetch(new URL(`/${path}`, url), more);
          answers.push(`${answer.type} ${answer.status} ${await answer.text()}`);
        } catch {
          answers.push("refused");
        }
      }
      return answers;
    }, [url, token]);
    assert.ok(answers.every((answer) => answer === "refused" || answer === "opaque 0 "), String(answers));
    assert.ok(await page.evaluate(() => store.isolates.has("1.1")), "nothing was killed");
    await context.close();
  });

  test("when the run is over the page says so and keeps what it knew", async () => {
    page.expectNothingWrong();
    await run.stop();
    await page.locator("#status", { hasText: "The host is gone" }).waitFor();
    assert.ok((await rows("name")).length > 5);
  });
});
