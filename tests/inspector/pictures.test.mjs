// Pictures of the page: light and dark, wide and narrow. Looked at by people; here they
// are taken, and nothing may stick out to the side.

import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { MARKET, browser, insulaRun, market, open, picture, until } from "./browser.mjs";

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

describe("pictures", () => {
  let chrome;
  let run;

  before(async () => {
    chrome = await browser();
    run = market({ seconds: 3600 });
  });

  after(async () => {
    await chrome?.close();
    await run?.stop();
  });

  /** Nothing is wider than the window. */
  async function fits(page) {
    const [scrolled, seen] = await page.evaluate(() => [
      document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(scrolled <= seen, `${scrolled} pixels in ${seen}`);
    page.expectNothingWrong();
  }

  async function ready(size, scheme) {
    const page = await open(chrome, await run.url, { ...size, scheme });
    // For the documents a little longer, so that there is something in the plots.
    const least = process.env.INSULA_SCREENSHOTS ? 62_000 : 3_000;
    await until(() => page.evaluate((least) => store.now > least
      && store.exits.filter((exit) => exit.failed).length > 2, least), "something has happened");
    return page;
  }

  for (const scheme of ["light", "dark"]) {
    test(`wide and ${scheme}`, async () => {
      const page = await ready(WIDE, scheme);
      await page.click("#tree");
      await page.locator("#isolates .head").getByRole("button", { name: "Memory" }).click();
      await page.locator("#isolates .space .row", { hasText: "hoarder" }).first().click();
      await page.locator("#details h3").waitFor();
      await fits(page);
      await picture(page, `inspector-${scheme}`, true);
      await page.click("#tab-exits");
      await page.locator("#exits .space .row").nth(2).click();
      await fits(page);
      await picture(page, `exits-${scheme}`);
      await page.locator("#details .close").click();
      await page.click("#tab-flow");
      await page.locator("#flow .node").first().waitFor();
      await until(() => page.evaluate(() => store.flows.entries.some((flow) => flow.perSecond > 0)), "rates");
      await fits(page);
      await picture(page, `flow-${scheme}`);
      await page.getByRole("button", { name: "By isolate" }).click();
      await fits(page);
      await picture(page, `flow-isolates-${scheme}`);
      await page.context().close();
    });

    test(`narrow and ${scheme}`, async () => {
      const page = await ready(NARROW, scheme);
      await fits(page);
      await picture(page, `narrow-${scheme}`);
      await page.locator("#isolates .space .row").nth(3).click();
      await page.locator("#details h3").waitFor();
      await fits(page);
      await picture(page, `narrow-details-${scheme}`);
      await page.locator("#details .close").click();
      await page.click("#tab-flow");
      await page.locator("#flow .node").first().waitFor();
      await fits(page);
      await picture(page, `narrow-flow-${scheme}`);
      await page.context().close();
    });
  }

  test("a report", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "insula-report-")), "out.html");
    const done = insulaRun([MARKET, "--report", file, "--message", JSON.stringify({ seconds: 12 })]);
    assert.equal(await done.ended, 0, done.told);
    const page = await open(chrome, pathToFileURL(file).href, WIDE);
    await page.locator("#isolates .space .row").first().waitFor();
    await fits(page);
    await picture(page, "report", true);
    const narrow = await open(chrome, pathToFileURL(file).href, { ...NARROW, scheme: "dark" });
    await fits(narrow);
    await picture(narrow, "report-narrow-dark");
  });
});
