// What a page weighs, and what the browser is told about it.
import assert from "node:assert/strict";
import { request as http } from "node:http";
import { test } from "node:test";
import { goodsGone, logIn, mark, markAll, openCase, post, regress, sellerRows, signUp, start } from "./harness.mjs";

const { server, open } = await start({ seed: ["--sellers", "60"] });

// fetchRaw asks as a browser does and leaves the answer as it came over the wire.
function fetchRaw(path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http(server.url + path, { headers: { "accept-encoding": "gzip, deflate, br", ...headers } }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(chunks) }));
    });
    request.on("error", reject).end();
  });
}

async function cookies(page) {
  return { cookie: (await page.context().cookies()).map((c) => `${c.name}=${c.value}`).join("; ") };
}

function gzipped(answer, most, what) {
  assert.equal(answer.status, 200, what);
  assert.equal(answer.headers["content-encoding"], "gzip", what);
  assert.ok(answer.bytes.length <= most, `${what} weighs ${answer.bytes.length} bytes, more than ${most}`);
}

function guarded(headers, what) {
  const policy = headers["content-security-policy"] ?? "";
  for (const part of ["default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"]) {
    assert.ok(policy.includes(part), `${what}: ${part} in ${policy}`);
  }
  assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/, what);
  assert.equal(headers["x-content-type-options"], "nosniff", what);
  assert.equal(headers["x-frame-options"], "DENY", what);
  assert.equal(headers["cross-origin-opener-policy"], "same-origin", what);
  assert.match(headers["permissions-policy"], /camera=\(\)/, what);
  assert.match(headers["x-request-id"], /^[0-9a-f-]{36}$/, what);
}

test("script and style are small, and kept for good", async () => {
  const html = (await fetchRaw("/login", { "accept-encoding": "identity" })).bytes.toString();
  const assets = [...html.matchAll(/(?:src|href)="(\/static\/[^"]+)"/g)].map((m) => m[1]);
  assert.deepEqual(assets.map((a) => a.split("/").pop()), ["winddown.css", "favicon.svg", "site.webmanifest", "htmx.min.js", "winddown.js", "passkey.js"]);
  let script = 0;
  for (const path of assets) {
    const answer = await fetchRaw(path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable", path);
    guarded(answer.headers, path);
    if (path.endsWith(".css")) gzipped(answer, 12_000, path);
    if (path.endsWith(".js")) {
      gzipped(answer, 25_000, path);
      script += answer.bytes.length;
    }
  }
  assert.ok(script > 0 && script <= 25_000, `all script weighs ${script} bytes`);
});

test("the checklist weighs at most 6 kB", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "anna@example.com" });
  const address = await openCase(page);
  const owner = await cookies(page);
  const weigh = async (what) => gzipped(await fetchRaw(address, owner), 6_000, what);
  await weigh("a fresh checklist");
  for (const code of goodsGone) await mark(page, address, code, { note: "Проверено по отчёту об остатках, расхождений нет" });
  await mark(page, address, "request_act", { channel: "support", ticket: "48-1107" });
  await weigh("a checklist under way");
  await regress(page, address, "return_stock", "На складе снова числятся 3 штуки, похоже на чужой товар");
  await markAll(page, address, "strip_media");
  await weigh("a checklist with problems");
});

test("fifty rows of the register weigh at most 8 kB", async () => {
  const page = await open();
  await logIn(page, "buh@example.com");
  await page.goto("/sellers?finished=yes");
  assert.equal(await sellerRows(page).count(), 50);
  gzipped(await fetchRaw("/sellers?finished=yes", await cookies(page)), 8_000, "the register");

  // With a colleague there are boxes to tick and a name to choose.
  const colleague = await open();
  await signUp(colleague, { name: "Ольга Беляева", email: "lead@example.com" });
  await post(page, "/firm/invites", { role: "lead" });
  await page.goto("/firm");
  const link = await page.locator("#invite-link").inputValue();
  server.secret(link.split("/").pop());
  await post(colleague, new URL(link).pathname);
  await page.goto("/sellers?finished=yes");
  assert.equal(await page.locator("input[name=case]").count(), 50);
  gzipped(await fetchRaw("/sellers?finished=yes", await cookies(page)), 8_000, "the register of a firm of many");
});

test("pages are not kept, and guarded", async () => {
  const page = await open();
  await logIn(page, "buh@example.com");
  const signedIn = await cookies(page);
  for (const [path, headers] of [["/", {}], ["/help", {}], ["/login", {}], ["/sellers", signedIn], ["/account", signedIn], ["/nothing", signedIn]]) {
    const answer = await fetchRaw(path, headers);
    guarded(answer.headers, path);
    assert.equal(answer.headers["cache-control"], "no-store", path);
    assert.match(answer.headers.vary, /Cookie/, path);
  }
  for (const path of ["/invites/x", "/firm/join/x"]) assert.equal((await fetchRaw(path)).headers["referrer-policy"], "strict-origin");
  assert.equal((await fetchRaw("/login")).headers["referrer-policy"], "same-origin");
});

test("cookies stay out of reach of script and of other sites", async () => {
  const page = await open();
  await signUp(page, { name: "Вера Иванова", email: "vera@example.com" });
  const seen = [];
  page.on("response", (r) => seen.push(r.headersArray()));
  const address = await openCase(page);
  await page.goto(`${address}/steps/zero_fbs`);
  await page.getByLabel("Да, выполнен").check();
  await page.locator("#reason_stock_zero").fill("Кабинет закрыт");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByTestId("overall").waitFor();
  await page.getByRole("contentinfo").getByRole("button", { name: "English" }).click();
  await page.locator("html[lang=en]").waitFor();
  const kept = Object.fromEntries((await page.context().cookies()).map((c) => [c.name, c]));
  const set = (await Promise.all(seen)).flat().filter((h) => h.name.toLowerCase() === "set-cookie").map((h) => h.value);
  assert.ok(set.some((c) => c.startsWith("winddown_notice=")) && set.some((c) => c.startsWith("winddown_lang=")), `cookies set: ${set.map((c) => c.split("=")[0])}`);
  for (const cookie of set) {
    assert.match(cookie, /; Path=\/(;|$)/);
    assert.match(cookie, /; HttpOnly(;|$)/);
    assert.match(cookie, /; SameSite=Lax(;|$)/);
  }
  const session = kept.winddown_session;
  assert.deepEqual([session.httpOnly, session.sameSite, session.path, session.secure], [true, "Lax", "/", false]);
  assert.ok(session.value.length >= 40, "a session cannot be guessed");
  assert.equal(kept.winddown_notice, undefined, "a notice is taken away when shown");
  assert.equal(await page.evaluate(() => document.cookie), "");
});
