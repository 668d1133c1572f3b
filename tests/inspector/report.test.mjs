// The report of a run: one file that needs nothing else.

import assert from "node:assert/strict";
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { MARKET, PATIENCE, browser, column, insulaRun, open, until } from "./browser.mjs";

async function report(plan, ...more) {
  const file = join(mkdtempSync(join(tmpdir(), "insula-report-")), "out.html");
  const run = insulaRun([MARKET, "--report", file, "--message", JSON.stringify(plan), ...more]);
  const late = setTimeout(() => run.child.kill(), PATIENCE);
  assert.equal(await run.ended, 0, run.told);
  clearTimeout(late);
  return file;
}

describe("a report", () => {
  let chrome;
  let page;
  let file;

  before(async () => {
    chrome = await browser();
    file = await report({ seconds: 4, stranger: true });
    page = await open(chrome, pathToFileURL(file).href);
  });

  after(() => chrome?.close());

  test("it says what there was, and who ended how", async () => {
    assert.match(await page.textContent("#status"), /A finished run/);
    assert.match(await page.textContent("#about"), /market\.wasm/);
    const states = await column(page, "isolates", "state");
    assert.ok(states.length > 20 && states.includes("killed"), String(states));
    const known = await page.evaluate(() => [store.exitCount, store.totals.spawned]);
    assert.equal(known[0], known[1]);
    await page.click("#tab-exits");
    await page.fill("#filter-exits", "clerk");
    assert.match((await column(page, "exits", "reason"))[0], /killed|is missing from the ledger/);
    await page.click("#tab-flow");
    await page.locator("#flow .node").first().waitFor();
    assert.ok((await page.locator("#flow .links .ends").allTextContents()).includes("trader → exchange"));
    const paths = await page.locator("#plots .line").evaluateAll((lines) => lines.map((line) => line.getAttribute("d").length));
    assert.ok(paths.length === 4 && paths.every((length) => length > 200), String(paths));
    assert.equal(await page.locator(".deeds, .act").count(), 0, "nothing can be done any more");
  });

  test("what guests say stays text, and nothing is loaded", async () => {
    await page.click("#tab-exits");
    await page.fill("#filter-exits", "document.title = ");
    await until(async () => (await column(page, "exits", "reason"))[0]?.includes("<script>document.title"), "it is shown");
    assert.doesNotMatch(await page.title(), /owned/);
    assert.equal(await page.locator("img").count(), 0);
    page.expectNothingWrong();
  });

  test("of ten thousand it has all, and of more it says what is left out", async () => {
    const large = await report({ seconds: 1, crowd: 9_000, passers: 3_000 }, "--limit", "isolates=10000",
      "--limit", "group_table_elements=8000000", "--limit", "group_memory=16GiB", "--limit", "host_memory=2GiB");
    assert.ok(statSync(large).size < 8 << 20, `${statSync(large).size} bytes`);
    const many = await open(chrome, pathToFileURL(large).href);
    await many.locator("#left-out", { hasText: /\d+ isolates that ended are left out/ }).waitFor();
    assert.ok((await many.locator("#isolates .row").count()) < 80);
    many.expectNothingWrong();
  });
});
