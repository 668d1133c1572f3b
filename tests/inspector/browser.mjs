// What the tests share: a run that is being looked at, and a browser that looks.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** How long to wait for what has to happen. No result depends on it. */
export const PATIENCE = 120_000;

export const { INSULA, INSULA_MARKET: MARKET } = process.env;

/** `insula run` with these arguments; `ended` is its status, once it is over. */
export function insulaRun(args) {
  const child = spawn(INSULA, ["run", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const run = { child, told: "" };
  child.stdout.resume();
  child.stderr.setEncoding("utf8");
  run.url = new Promise((found, failed) => {
    child.stderr.on("data", (text) => {
      run.told += text;
      const told = run.told.match(/look at it: (http:\S+)\n/);
      if (told) {
        found(told[1]);
      }
    });
    child.on("exit", () => failed(new Error(`it is over: ${run.told}`)));
  });
  run.url.catch(() => {});
  run.ended = new Promise((ended) => child.on("exit", ended));
  run.stop = async () => {
    child.kill("SIGTERM");
    await run.ended;
  };
  return run;
}

/** A market that is being looked at. */
export function market(plan, ...more) {
  return insulaRun([MARKET, "--inspect", "127.0.0.1:0", "--message", JSON.stringify(plan), ...more]);
}

export async function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

/**
 * A page, and what is wrong with it: errors at its console, and requests for anything
 * but `allowed`. `expectNothingWrong` says so.
 */
export async function open(chrome, url, { width = 1440, height = 900, scheme = "light" } = {}) {
  const context = await chrome.newContext({
    viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: 1,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const wrong = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      wrong.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => wrong.push(`uncaught: ${error}`));
  page.on("requestfailed", (request) => wrong.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  const own = new URL(url);
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (to.protocol !== own.protocol || to.host !== own.host) {
      wrong.push(`asked elsewhere: ${request.url()}`);
    }
  });
  page.expectNothingWrong = () => assert.deepEqual(wrong, []);
  await page.goto(url);
  return page;
}

/** The texts of the rows in sight, from top to bottom, of one column. */
export async function column(page, view, name) {
  return page.evaluate(([view, name]) => {
    const rows = [...document.querySelectorAll(`#${view} .space .row`)];
    rows.sort((one, other) => one.ariaRowIndex - other.ariaRowIndex);
    return rows.map((row) => row.querySelector(`.c-${name} .name, .c-${name} .state, .c-${name}`).textContent);
  }, [view, name]);
}

/** Waits until `look`, called again and again, gives something. */
export async function until(look, what) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found) {
      return found;
    }
    assert.ok(Date.now() < deadline, `it never comes to that: ${what}`);
    await new Promise((later) => setTimeout(later, 100));
  }
}

/** Keeps a picture: for who looks into why a test failed, or for the documents. */
export async function picture(page, name, forDocuments = false) {
  const folder = forDocuments && process.env.INSULA_SCREENSHOTS || process.env.INSULA_PICTURES;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
