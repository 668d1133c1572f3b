// Ten thousand isolates: the page has few rows in it, and answers.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { browser, column, market, open, until } from "./browser.mjs";

const CROWD = 9_900;

describe("ten thousand isolates", () => {
  let chrome;
  let run;
  let page;

  before(async () => {
    chrome = await browser();
    run = market({ seconds: 3600, crowd: CROWD }, "--limit", "isolates=10000",
      "--limit", "group_table_elements=8000000", "--limit", "group_memory=16GiB", "--limit", "host_memory=2GiB");
    page = await open(chrome, await run.url);
    await until(() => page.evaluate((most) => store.isolates.size > most, CROWD), "all are there");
  });

  after(async () => {
    await chrome?.close();
    await run?.stop();
  });

  const elements = () => page.locator("#isolates .row").count();

  test("few rows are in the page, wherever one scrolls to", async () => {
    assert.ok((await elements()) < 80);
    const whole = await page.evaluate(() => document.querySelector("#isolates .rows").ariaRowCount);
    assert.ok(Number(whole) > CROWD);
    for (const part of [0.5, 1, 0.25, 0]) {
      await page.evaluate((part) => {
        const scroll = document.querySelector("#isolates .scroll");
        scroll.scrollTop = part * scroll.scrollHeight;
      }, part);
      await until(async () => {
        const places = await page.evaluate(() =>
          [...document.querySelectorAll("#isolates .space .row")].map((row) => Number(row.ariaRowIndex)));
        const all = Number(whole);
        const wanted = part * (all - 30);
        return places.some((place) => Math.abs(place - wanted) < 60);
      }, `rows at ${part}`);
      assert.ok((await elements()) < 80);
    }
  });

  test("it sorts, filters and shows the tree of all", async () => {
    await page.fill("#filter", "idler");
    await until(async () => (await column(page, "isolates", "entry")).every((entry) => entry === "idler"), "idlers");
    await page.locator("#isolates .head").getByRole("button", { name: "Age", exact: true }).click();
    await page.click("#tree");
    await until(async () => (await column(page, "isolates", "entry"))[0] === "main", "the tree");
    await page.locator("#isolates .rows").focus();
    await page.keyboard.press("End");
    await page.locator("#details h3").waitFor();
    assert.ok((await elements()) < 80);
    await page.click("#tree");
    await page.fill("#filter", "");
  });

  test("what is new keeps coming in, and it is little", async () => {
    const look = () => page.evaluate(() => store.look);
    const first = await look();
    await until(async () => (await look()) > first + 2, "it goes on");
    // Those that do nothing are not sent again.
    const answer = page.waitForResponse((answer) => answer.url().includes("/api/state"));
    const { rows, all } = await (await answer).json();
    assert.ok(!all && rows.length < 500, `${rows.length} rows`);
    page.expectNothingWrong();
  });
});
