// What others change appears on a page that is looked at, and does not disturb who types.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anna, check, invite, mark, openCase, post, sellerRow, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start();

let people = 0;

// couple opens a case with a helper: two people who look at the same checklist.
async function couple({ role = "helper", ...how } = {}) {
  const n = ++people;
  const owner = await open();
  await signUp(owner, { name: "Анна Петрова", email: `anna${n}@example.com` });
  const address = await openCase(owner, anna);
  const other = await open(how);
  await signUp(other, { name: "Ольга Беляева", email: `olga${n}@example.com` });
  await post(other, new URL(await invite(owner, address, role)).pathname);
  await owner.goto("about:blank");
  return { owner, other, address };
}

// streams is the set of the streams a page holds open; opened counts them.
function streams(page) {
  const held = new Set();
  page.opened = 0;
  const isStream = (request) => new URL(request.url()).pathname.endsWith("/live");
  page.on("request", (request) => {
    if (!isStream(request)) return;
    page.opened++;
    held.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => held.delete(request));
  return held;
}

// refreshes are the times a page asked for itself.
function refreshes(page) {
  const asked = [];
  page.on("request", (request) => request.headers()["winddown-refresh"] && asked.push(request));
  return asked;
}

const until = async (what, holds) => {
  for (const end = Date.now() + 15_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (await holds()) return;
    assert.ok(Date.now() < end, what);
  }
};

// follow opens an address and waits until its stream is open.
async function follow(page, address) {
  const hello = page.waitForResponse((answer) => new URL(answer.url()).pathname.endsWith("/live"));
  await page.goto(address);
  assert.equal((await hello).status(), 200);
}

// stamp leaves a mark in the page that a new page would not have.
const stamp = (page) => page.evaluate(() => (globalThis.stamp = true));
const stamped = (page) => page.evaluate(() => globalThis.stamp === true);

test("the checklist shows within a second what somebody else did", async () => {
  const { owner, other, address } = await couple();
  await follow(other, address);
  await stamp(other);
  const link = other.getByTestId("step-strip_media").getByRole("link");
  await link.focus();
  await other.evaluate(() => scrollTo(0, 200));
  const before = await other.evaluate(() => scrollY);
  const begun = Date.now();
  await mark(owner, address, "zero_fbs");
  await other.locator("[data-testid=step-zero_fbs][data-state=done]").waitFor({ timeout: 5000 });
  const took = Date.now() - begun;
  assert.ok(took < 2500, `it took ${took} ms, marking included`);
  assert.equal(await stamped(other), true, "the page was not loaded again");
  assert.equal(await link.evaluate((e) => e === document.activeElement), true, "the focus stays");
  assert.equal(await other.evaluate(() => scrollY), before, "the page does not scroll");
  assert.equal(await other.locator(".told").innerText(), "");
  await check(other);

  // One's own change leads on as always, and is not fetched a second time.
  const asked = refreshes(other);
  await other.goto(`${address}/steps/sell_out`);
  await other.getByLabel("Да, выполнен").check();
  await other.locator("#note").fill("Заметка");
  await submit(other, "Сохранить");
  await other.getByTestId("overall").waitFor();
  await mark(owner, address, "collect_returns");
  await other.locator("[data-testid=step-collect_returns][data-state=done]").waitFor();
  assert.equal(asked.length, 1);
  await other.locator("main > .notice").getByText("Шаг «Распродать товар» отмечен").waitFor();
});

test("the register shows it too", async () => {
  const { owner, other, address } = await couple({ role: "accountant", width: 400 });
  await follow(other, "/sellers");
  await stamp(other);
  const row = sellerRow(other, address.split("/").pop());
  const before = await row.innerText();
  await other.locator("details.fold > summary").click();
  await mark(owner, address, "zero_fbs");
  await until("the row changes", async () => (await row.innerText()) !== before);
  assert.equal(await stamped(other), true);
  assert.equal(await other.locator("details.fold").getAttribute("open"), "", "what is open stays open");
  await check(other);
});

test("what could not be fetched is fetched again", async () => {
  const { owner, other, address } = await couple();
  await follow(other, address);
  let refused = 0;
  await other.route((url) => url.pathname === address, (route) => (refused++ ? route.continue() : route.fulfill({ status: 503, body: "" })));
  await mark(owner, address, "zero_fbs");
  await other.locator("[data-testid=step-zero_fbs][data-state=done]").waitFor({ timeout: 10_000 });
  assert.equal(refused, 2);
});

test("what a form sends unseen is taken over too", async () => {
  const { owner, other, address } = await couple();
  await follow(other, `${address}/steps/sell_out`);
  const version = other.locator("#mark input[name=version]").first();
  const right = await version.inputValue();
  await version.evaluate((field) => field.setAttribute("value", "99"));
  await mark(owner, address, "zero_fbs"); // this page says nothing of it
  await until("the version is right again", async () => (await version.inputValue()) === right);
});

test("nothing is taken from who is typing", async () => {
  const { owner, other, address } = await couple();
  const asked = refreshes(other);
  await follow(other, `${address}/steps/sell_out`);
  await other.getByLabel("Ещё нет, вернусь позже").check();
  await other.locator("#note").fill("Половина");
  await mark(owner, address, "sell_out");
  const told = other.locator(".told");
  await told.getByText("Обновлено: на этой странице есть изменения.").waitFor();
  assert.equal(await told.getAttribute("role"), "status");
  assert.equal(await other.locator("#note").inputValue(), "Половина");
  assert.equal(await other.locator("#note").evaluate((e) => e === document.activeElement), true);
  await check(other);

  // Another change says it no second time.
  await told.evaluate((e) => (e.firstElementChild.dataset.first = ""));
  await mark(owner, address, "zero_fbs");
  assert.equal(await told.locator("[data-first]").count(), 1);

  // Once asked for, the new page keeps what was typed.
  const version = other.locator("#mark input[name=version]").first();
  const old = await version.inputValue();
  await told.getByRole("button", { name: "Показать" }).click();
  await until("the form is that of the new page", async () => (await version.inputValue()) !== old);
  assert.equal(await other.locator("#note").inputValue(), "Половина");
  assert.equal(await told.innerText(), "");
  assert.equal(asked.length, 2, "while the notice stands nothing is asked for");
});

test("what was typed has somewhere to stand when its form is gone", async () => {
  const { owner, other, address } = await couple({ role: "accountant" });
  await post(owner, `${address}/people/acting`, { acting: "yes" });
  await follow(other, `${address}/steps/sell_out`);
  await other.locator("#note").fill("Половина");
  await post(owner, `${address}/people/acting`, { acting: "no" });
  const beside = other.context().waitForEvent("page");
  await other.locator(".told").getByRole("button", { name: "Показать" }).click();
  await (await beside).getByRole("heading", { level: 1, name: "Распродать товар" }).waitFor();
  assert.equal(await (await beside).locator("#note").count(), 0);
  assert.equal(await other.locator("#note").inputValue(), "Половина");
});

test("a hidden tab holds no stream and catches up when shown", async () => {
  const { owner, other, address } = await couple();
  const held = streams(other);
  await follow(other, address);
  const show = (hidden) => other.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await show(true);
  await until("the stream ends", () => held.size === 0);
  await mark(owner, address, "zero_fbs");
  assert.equal(await other.locator("[data-testid=step-zero_fbs][data-state=done]").count(), 0);
  await show(false);
  await other.locator("[data-testid=step-zero_fbs][data-state=done]").waitFor();
});

test("eight tabs of one person all load, and the one turned to follows", async () => {
  const { owner, other, address } = await couple();
  const tabs = [];
  const held = [];
  for (let i = 0; i < 8; i++) {
    const tab = await other.context().newPage();
    held.push(streams(tab));
    await tab.goto(address);
    await tab.getByTestId("overall").waitFor();
    tabs.push(tab);
  }
  await until("four streams are left", () => held.filter((h) => h.size).length === 4);
  for (const tab of tabs) {
    await tab.reload();
    await tab.getByTestId("overall").waitFor();
  }
  await until("four streams are left", () => held.filter((h) => h.size).length === 4);
  const idle = tabs[held.findIndex((h) => !h.size)];
  await mark(owner, address, "zero_fbs");
  await idle.evaluate(() => dispatchEvent(new Event("focus")));
  await idle.locator("[data-testid=step-zero_fbs][data-state=done]").waitFor();
});

test("the pages of somebody removed say so, unless he is writing, as does one without a login session", async () => {
  const { owner, other, address } = await couple();
  const held = streams(other);
  await follow(other, address);
  const writing = await other.context().newPage();
  await follow(writing, `${address}/steps/sell_out`);
  await writing.locator("#note").fill("Половина");
  const id = (await (await owner.request.get(`${address}/people`)).text()).match(/people\/([0-9a-f-]{36})\/remove/)[1];
  await post(owner, `${address}/people/${id}/remove`);
  await other.getByRole("heading", { level: 1, name: "Страница не найдена" }).waitFor();
  await until("the stream ends", () => held.size === 0);
  const opened = other.opened;
  await writing.locator(".told").getByRole("button", { name: "Показать" }).waitFor();
  assert.equal(await writing.locator("#note").inputValue(), "Половина");
  const beside = other.context().waitForEvent("page");
  await writing.locator(".told").getByRole("button", { name: "Показать" }).click();
  await (await beside).getByRole("heading", { level: 1, name: "Страница не найдена" }).waitFor();
  assert.equal(await writing.locator("#note").inputValue(), "Половина");
  await mark(owner, address, "zero_fbs");
  assert.equal(other.opened, opened);

  const mine = streams(owner);
  await follow(owner, address);
  await post(owner, "/logout");
  await until("the stream ends", () => mine.size === 0);
  await owner.waitForURL((url) => url.pathname === "/login");
});

test("after a restart of the server the page follows again", async () => {
  const { owner, other, address } = await couple();
  const held = streams(other);
  await follow(other, address);
  await server.restart();
  await mark(owner, address, "zero_fbs"); // heard of by nobody, or by the new stream
  await other.locator("[data-testid=step-zero_fbs][data-state=done]").waitFor({ timeout: 20_000 });
  await until("a stream is open", () => held.size === 1);
  await mark(owner, address, "sell_out");
  await other.locator("[data-testid=step-sell_out][data-state=done]").waitFor();
});

test("without script nothing is asked for", async () => {
  const { owner, other, address } = await couple({ script: false });
  const held = streams(other);
  await other.goto(address);
  await mark(owner, address, "zero_fbs");
  assert.equal(held.size + other.opened, 0);
  await other.reload();
  await other.locator("[data-testid=step-zero_fbs][data-state=done]").waitFor();
});
