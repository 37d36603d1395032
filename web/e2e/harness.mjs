// What the browser tests share: a server of their own on a private PostgreSQL, Chromium
// with or without script, and the checks that every page has to pass.
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { HtmlValidate, FileSystemConfigLoader } from "html-validate";
import { findChromium } from "../scripts/chromium.mjs";

const web = fileURLToPath(new URL("..", import.meta.url));
const binary = join(web, "..", "bin", "winddown");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const password = "korrekt-pferd-2026-test";

// startServer serves a fresh database on a free port. seed is the arguments of `winddown
// seed`; log() is all that the server has written, out and err.
export async function startServer({ seed, args = [] } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "winddown-e2e-"));
  const data = ["--data-dir", join(dir, "data"), "--npm-dir", web];
  const env = { ...process.env, TZ: "UTC" };
  for (const name of Object.keys(env)) if (name.startsWith("WINDDOWN_") || name === "DATABASE_URL") delete env[name];
  if (seed) execFileSync(binary, ["seed", ...data, "--password", password, ...seed], { env, stdio: ["ignore", "ignore", "pipe"] });
  const child = spawn(binary, ["serve", "--addr", "127.0.0.1:0", ...data, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => (log += chunk));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const address = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      log += `${line}\n`;
      const found = line.match(/^Winddown: (http:\S+)$/);
      if (found) resolve(found[1]);
    });
    ended.then((code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
  });
  return {
    url: await address,
    log: () => log,
    async stop() {
      child.kill("SIGINT");
      const code = await ended;
      rmSync(dir, { recursive: true, force: true });
      assert.equal(code, 0, `the server ended with ${code}:\n${log}`);
    },
  };
}

export async function startBrowser() {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ],
  });
}

// newPage opens a page of a person of its own. Errors of the page, refused by the content
// security policy or thrown by script, and requests to anywhere else fail the test through
// page.trouble, which check() looks at.
export async function newPage(browser, server, { script = true, scheme = "light", width = 1280, locale = "ru-RU" } = {}) {
  const context = await browser.newContext({
    baseURL: server.url, javaScriptEnabled: script, colorScheme: scheme, locale, timezoneId: "Europe/Moscow",
    viewport: { width, height: 900 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.trouble = [];
  page.on("pageerror", (error) => page.trouble.push(`script: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/the server responded with a status of 4\d\d/.test(message.text())) page.trouble.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url)) page.trouble.push(`request to ${request.url()}`);
  });
  return page;
}

export async function signUp(page, { name, email }) {
  await page.goto("/signup");
  await page.getByLabel("Имя").fill(name);
  await page.locator("#email").fill(email);
  await page.locator("#password").fill(password);
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL((url) => url.pathname !== "/signup");
}

export async function logIn(page, email) {
  await page.goto("/login");
  await page.locator("#email").fill(email);
  await page.locator("#password").fill(password);
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL((url) => url.pathname !== "/login");
}

// axe returns the violations of WCAG 2.2 AA on the page as it is now.
export async function axe(page) {
  await page.evaluate(axeSource);
  const results = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
      resultTypes: ["violations"],
    }));
  return results.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).slice(0, 3).join("\n  ")}`);
}

const validator = new HtmlValidate(new FileSystemConfigLoader());

// invalidHTML returns what html-validate finds in the answer to a GET with the page's cookies.
export async function invalidHTML(page, path) {
  const answer = await page.request.get(path);
  const report = await validator.validateString(await answer.text(), join(web, "page.html"));
  return report.results.flatMap((r) => r.messages.map((m) => `${m.line}:${m.column} ${m.ruleId} ${m.message}`));
}

// overflow returns by how many pixels the page scrolls sideways.
export async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

// check holds what every page has to hold, at its address now.
export async function check(page, { script = true } = {}) {
  const where = page.url();
  assert.deepEqual(page.trouble, [], where);
  assert.ok((await overflow(page)) <= 0, `${where} scrolls sideways`);
  assert.equal(await page.locator("h1").count(), 1, `${where} has one h1`);
  if (script) assert.deepEqual(await axe(page), [], where);
}
