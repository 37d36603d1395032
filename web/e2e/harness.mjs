// What the browser tests share: a server of their own on a private PostgreSQL, Chromium
// with or without script, people and their wind-downs, and the checks that every page has
// to pass.
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { HtmlValidate, FileSystemConfigLoader } from "html-validate";
import { findChromium } from "../scripts/chromium.mjs";

const web = fileURLToPath(new URL("..", import.meta.url));

// What databases and browsers leave behind is kept in memory where Linux has room: see
// internal/testdir.
if (!process.env.TMPDIR && process.platform === "linux") {
  try {
    const memory = statfsSync("/dev/shm");
    accessSync("/dev/shm", constants.W_OK);
    if (memory.type === 0x01021994 && memory.bavail * memory.bsize >= 4 * 2 ** 30) process.env.TMPDIR = "/dev/shm";
  } catch {
    // There is none: the disk does.
  }
}
export const binary = join(web, "..", "bin", "winddown");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const password = "korrekt-pferd-2026-test";

// now is the moment at which every server's clock starts: noon in Moscow on a Friday. The
// tests are about known days, whatever the machine's calendar says.
export const now = "2026-11-13T09:00:00Z";
export const today = now.slice(0, 10);

// startServer serves a fresh database on a free port. seed is the arguments of `winddown
// seed`; named serves it at localhost, where browsers know passkeys, and not at a number. What must
// never be in the log is noted with secret(); stop() looks for it.
export async function startServer({ seed, args = [], named = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "winddown-e2e-"));
  const data = ["--data-dir", join(dir, "data"), "--npm-dir", web];
  const env = { ...process.env, TZ: "UTC" };
  for (const name of Object.keys(env)) if (name.startsWith("WINDDOWN_") || name === "DATABASE_URL") delete env[name];
  if (seed) {
    execFileSync(binary, ["seed", ...data, "--password", password, "--as-of", today, ...seed], { env, stdio: ["ignore", "ignore", "pipe"] });
  }
  let log = "";
  let child, ended;
  const interrupt = () => child.kill("SIGINT");
  process.once("exit", interrupt);
  // launch returns the address the server says.
  let ahead = 0; // of the server's clock
  const launch = async (addr, clock = now, ...more) => {
    ahead = Date.parse(clock) - Date.now();
    const serve = ["serve", "--addr", addr, "--dev", "--now", clock, "--log-format", "json", ...data, ...args, ...more];
    child = spawn(binary, serve, { env, stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (chunk) => (log += chunk));
    ended = new Promise((resolve) => child.on("close", resolve));
    return new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const found = line.match(/^Winddown: (http:\S+)$/);
        if (found) resolve(found[1]);
      });
      ended.then((code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
    });
  };
  let url = await launch("127.0.0.1:0");
  if (named) {
    const { host, port } = new URL(url);
    url = `http://localhost:${port}`;
    child.kill("SIGINT");
    assert.equal(await ended, 0, log);
    args = [...args, "--base-url", url];
    await launch(host);
  }
  const secrets = new Set([password]);
  const contexts = [];
  return {
    url,
    contexts,
    // restart ends the server in good order and starts it again at the same address, at another
    // time and with more arguments if they are given.
    async restart(...how) {
      child.kill("SIGINT");
      assert.equal(await ended, 0, log);
      await launch(new URL(url).host, ...how);
    },
    // command runs a tool of the program on the server's database.
    command(...line) {
      execFileSync(binary, [...line, ...data], { env, stdio: ["ignore", "ignore", "pipe"] });
    },
    // postgres signals every process of the private PostgreSQL.
    postgres(signal) {
      const main = readFileSync(join(dir, "data", "data", "postmaster.pid"), "utf8").split("\n")[0];
      const children = readFileSync(`/proc/${main}/task/${main}/children`, "utf8").trim().split(" ");
      for (const pid of [main, ...children]) process.kill(Number(pid), signal);
    },
    // clock is the time on the server, within seconds.
    clock: () => Date.now() + ahead,
    secret(...values) {
      for (const value of values) if (value) secrets.add(value);
    },
    // stop ends the server in good order and holds what its log has to hold.
    async stop() {
      for (const context of contexts) {
        for (const cookie of await context.cookies().catch(() => [])) if (cookie.name === "winddown_session") secrets.add(cookie.value);
      }
      child.kill("SIGINT");
      const code = await ended;
      process.off("exit", interrupt);
      rmSync(dir, { recursive: true, force: true });
      assert.equal(code, 0, `the server ended with ${code}:\n${log}`);
      assert.deepEqual(logTrouble(log, secrets), []);
    },
  };
}

// logTrouble returns what is wrong with a server's log: a line that is no JSON, a request
// without its id, a failure of the server, a secret.
export function logTrouble(log, secrets) {
  const trouble = [];
  let requests = 0;
  for (const line of log.split("\n").filter(Boolean)) {
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      trouble.push(`no JSON: ${line}`);
      continue;
    }
    if (entry.msg === "request") {
      requests++;
      if (!/^[0-9a-f-]{36}$/.test(entry.request_id ?? "")) trouble.push(`without a request id: ${line}`);
    }
    if (entry.level === "ERROR") trouble.push(`failure: ${line}`);
  }
  if (requests === 0) trouble.push("no request was logged");
  for (const secret of secrets) if (log.includes(secret)) trouble.push(`the log holds the secret ${secret}`);
  return trouble;
}

// patience is how long the tests of a file may take on a busy machine. What hangs in the
// browser would otherwise hang for ever.
const patience = 15 * 60_000;

// start starts a server and a browser for the tests of a file, and ends both after them.
export async function start(options) {
  setTimeout(() => {
    console.error(`the tests of this file did not end within ${patience / 1000} s`);
    process.exit(1);
  }, patience).unref();
  const server = await startServer(options);
  const browser = await startBrowser();
  after(async () => {
    try {
      await server.stop();
    } finally {
      await browser.close();
    }
  });
  return { server, open: (how) => newPage(browser, server, how) };
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

// newPage opens the browser of another person. Errors of the page, refused by the content
// security policy or thrown by script, and requests to anywhere else land in page.trouble,
// which check() looks at.
// With axe it is there on every page from the start, which costs less than to bring it.
export async function newPage(browser, server, { script = true, scheme = "light", width = 1280, locale = "ru-RU", axe = false } = {}) {
  const context = await browser.newContext({
    baseURL: server.url, javaScriptEnabled: script, colorScheme: scheme, locale, timezoneId: "Europe/Moscow",
    viewport: { width, height: 900 }, reducedMotion: "reduce",
  });
  if (axe) await context.addInitScript({ content: axeSource });
  server.contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.server = server;
  page.script = script;
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

// submit presses the button of the page's own form.
export async function submit(page, name) {
  await page.getByRole("main").getByRole("button", name ? { name, exact: true } : {}).click();
}

export async function signUp(page, { name, email }) {
  await page.goto("/signup");
  await page.locator("#name").fill(name);
  await page.locator("#email").fill(email);
  await page.locator("#password").fill(password);
  await page.locator("#consent").check();
  await submit(page);
  await page.waitForURL((url) => url.pathname !== "/signup");
  await noteCookies(page);
}

// totp is what an authenticator shows at an instant (RFC 6238).
export function totp(secret, at) {
  const bits = [...secret.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

// guard turns an authenticator on for somebody signed in, and returns its secret and the recovery
// codes.
export async function guard(page) {
  await post(page, "/account/two-factor");
  await page.goto("/account/two-factor");
  const secret = await page.getByTestId("totp-secret").innerText();
  page.server.secret(secret);
  await page.locator("#code").fill(totp(secret, page.server.clock()));
  await page.locator("form[action='/account/two-factor/confirm'] button").click();
  await page.getByTestId("recovery-codes").waitFor();
  const codes = await page.getByTestId("recovery-codes").locator("code").allInnerTexts();
  for (const code of codes) page.server.secret(code);
  return { secret, codes };
}

export async function logIn(page, email, known = password) {
  page.server.secret(known);
  await page.goto("/login");
  await page.locator("#email").fill(email);
  await page.locator("#password").fill(known);
  await submit(page);
  await page.waitForURL((url) => url.pathname !== "/login");
  await noteCookies(page);
}

export async function logOut(page) {
  await page.locator("form[action='/logout'] button").click();
  await page.waitForURL((url) => url.pathname === "/");
}

async function noteCookies(page) {
  const cookies = await page.context().cookies();
  page.server.secret(...cookies.filter((c) => c.name === "winddown_session").map((c) => c.value));
}

// What follows brings about a state without looking at pages on the way.

// post sends a form that has to succeed, and returns where it leads to.
export async function post(page, path, form = {}) {
  const answer = await page.request.post(path, { form, maxRedirects: 0 });
  assert.equal(answer.status(), 303, `POST ${path} answered ${answer.status()}`);
  return answer.headers().location;
}

export const anna = { seller_name: "ИП Петрова А. С.", inn: "500100732259", fbs: "yes", wb_stock: "yes", leftover: "both" };

// openCase begins a wind-down and returns its address.
export async function openCase(page, fields = anna) {
  return post(page, "/cases", fields);
}

// formOf returns the HTML of the form with this action on a page, or nothing.
async function formOf(page, path, action = path) {
  const html = await (await page.request.get(path)).text();
  return html.match(/<form [^]*?<\/form>/g)?.find((form) => form.slice(0, form.indexOf(">")).includes(`action="${action}"`)) ?? "";
}

async function version(page, path, action = path) {
  const found = (await formOf(page, path, action)).match(/name="version" value="(\d+)"/);
  assert.ok(found, `${path} has a form to ${action} with a version`);
  return found[1];
}

// mark signs a step, with written reasons in place of the files it wants; an act that is to
// be signed is compared first.
export async function mark(page, address, code, fields = {}) {
  const path = `${address}/steps/${code}`;
  if (code === "sign_act" && !(await formOf(page, path)) && (await formOf(page, path, `${address}/acts/1/compare`))) await compareAct(page, address, { agrees: "yes" });
  const reasons = [...(await formOf(page, path)).matchAll(/name="(reason_\w+)"/g)].map(([, name]) => [name, "—"]); // in no language
  await post(page, path, { version: await version(page, path), done: "yes", on: "2026-11-12", ...Object.fromEntries(reasons), ...fields });
}

// compareAct says whether the first act agrees with the seller's books; disputeAct that the
// objections were sent.
export async function compareAct(page, address, fields) {
  const action = `${address}/acts/1/compare`;
  await post(page, action, { version: await version(page, `${address}/steps/sign_act`, action), compared_on: "2026-11-12", ...fields });
}

export async function disputeAct(page, address) {
  const action = `${address}/acts/1/dispute`;
  await post(page, action, { version: await version(page, `${address}/steps/sign_act`, action), disputed_on: "2026-11-12" });
}

export async function markAll(page, address, ...codes) {
  for (const code of codes) await mark(page, address, code);
}

export async function regress(page, address, code, reason) {
  const path = `${address}/steps/${code}/regress`;
  await post(page, path, { version: await version(page, path), reason });
}

export async function finish(page, address) {
  await post(page, `${address}/finish`, { version: await version(page, `${address}/finish`) });
}

// owe writes a debt to the marketplace down and returns the address of its line.
export async function owe(page, address, what, amount) {
  const path = `${address}/debts`;
  const [, id] = (await formOf(page, path)).match(/name="id" value="([^"]+)"/);
  await post(page, path, { id, side: "to_wb", what, amount, on: "2026-11-10" });
  return `${path}/${id}`;
}

// sellerRows are the rows of the register, sellerRow is that of one case.
export const sellerRows = (page) => page.locator(".register tbody tr:has(th[scope=row])");
export const sellerRow = (page, id) => page.locator(`.register tr:has(a[href="/sellers/${id}"])`);

export const goodsGone = ["zero_fbs", "sell_out", "return_stock", "collect_returns"];
export const allSteps = [...goodsGone, "strip_media", "request_act", "receive_act", "sign_act", "settle_debts"];

// invite makes the link of an invitation, on the page where its owner finds it.
export async function invite(page, address, role) {
  await page.goto(`${address}/people`);
  await page.locator(`input[name=role][value=${role}]`).check();
  await page.locator(`form[action$='/people'] button`).click();
  const link = await page.locator("#invite-link").inputValue();
  page.server.secret(link.split("/").pop());
  return link;
}

// share makes a link to look at a wind-down and returns its address.
export async function share(page, address, { shows = [], ...fields } = {}) {
  const form = new URLSearchParams([["whom", "Audit"], ["days", "30"], ...Object.entries(fields)].filter(([name], i, all) => all.findLastIndex(([n]) => n === name) === i));
  for (const one of shows) form.append("shows", one);
  const answer = await page.request.post(`${address}/share`, { data: form.toString(), headers: { "content-type": "application/x-www-form-urlencoded" }, maxRedirects: 0 });
  assert.equal(answer.status(), 303, "a link");
  await page.goto(`${address}/share`);
  const link = await page.locator("#invite-link").inputValue();
  page.server.secret(link.split("/").pop());
  return link;
}

// Checks.

const everyRule = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };

// colourRules are those of axe's rules that look at colours, the only thing in which light
// and dark differ: the style sheets say light-dark(), which takes nothing but colours.
export const colourRules = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

// axe returns the violations of WCAG 2.2 AA and of good practice on the page as it is now.
export async function axe(page, rules = everyRule) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axeSource);
  const results = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ["violations"], selectors: false }), rules);
  return results.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).slice(0, 3).join("\n  ")}`);
}

const validator = new HtmlValidate(new FileSystemConfigLoader());

// invalidHTML returns what html-validate finds in a document.
export async function invalidHTML(html) {
  const report = await validator.validateString(html, join(web, "page.html"));
  return report.results.flatMap((r) => r.messages.map((m) => `${m.line}:${m.column} ${m.ruleId} ${m.message}`));
}

// overflow returns by how many pixels the page scrolls sideways.
export async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

// check holds what every page has to hold, as it is now; axe itself needs script.
export async function check(page) {
  const where = page.url();
  assert.deepEqual(page.trouble, [], where);
  assert.ok((await overflow(page)) <= 0, `${where} scrolls sideways`);
  assert.equal(await page.locator("h1").count(), 1, `${where} has one h1`);
  if (page.script) assert.deepEqual(await axe(page), [], where);
}
