// Every page in every state and both languages: accessible in light and dark, no sideways
// scroll on a narrow phone, valid HTML, nothing refused by the content security policy.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allSteps, axe, check, finish, goodsGone, invalidHTML, invite, logIn, mark, markAll, openCase, overflow, password, post, regress, signUp, start,
} from "./harness.mjs";

const { server, open } = await start({ seed: ["--sellers", "41"] });

const typed = {
  ru: { owner: "Анна Петрова", helper: "Мария Иванова", accountant: "Ирина Орлова", seller: "ИП Петрова А. С.", note: "Коробки забрал водитель", reason: "На складе нашли 3 штуки" },
  en: { owner: "Anna Petrova", helper: "Maria Ivanova", accountant: "Irina Orlova", seller: "Petrova Trading", note: "The driver took the boxes", reason: "Three pieces were found" },
};

// people opens a browser for everybody and brings about the cases that the pages are about.
async function people(locale) {
  const words = typed[locale];
  const answers = { seller_name: words.seller, inn: "500100732259", fbs: "yes", wb_stock: "yes", leftover: "both" };
  const who = {};
  for (const name of ["stranger", "newcomer", "owner", "helper", "accountant", "buh"]) who[name] = await open({ locale: { ru: "ru-RU", en: "en-GB" }[locale] });
  await signUp(who.newcomer, { name: words.owner, email: `newcomer-${locale}@example.com` });
  await signUp(who.owner, { name: words.owner, email: `owner-${locale}@example.com` });
  await signUp(who.helper, { name: words.helper, email: `helper-${locale}@example.com` });
  await signUp(who.accountant, { name: words.accountant, email: `accountant-${locale}@example.com` });
  await logIn(who.buh, "buh@example.com");
  await post(who.buh, "/locale", { locale, next: "/" });

  const owner = who.owner;
  const at = { words };
  at.fresh = await openCase(owner, { ...answers, cabinet: "Two" });
  at.short = await openCase(owner, { ...answers, fbs: "no", wb_stock: "no" });
  at.selling = await openCase(owner, { ...answers, leftover: "sell" });

  at.middle = await openCase(owner, answers);
  await mark(owner, at.middle, "zero_fbs", { note: words.note });
  await mark(owner, at.middle, "sell_out");
  await mark(owner, at.middle, "return_stock");
  await mark(owner, at.middle, "collect_returns", { done: "no", pick_up_by: "2026-11-15" });
  await regress(owner, at.middle, "return_stock", words.reason);

  at.waiting = await openCase(owner, answers);
  await markAll(owner, at.waiting, ...goodsGone);
  await mark(owner, at.waiting, "request_act", {
    on: "2026-10-20", channel: "documents", ticket: "48-1107", period_from: "2024-01-01", period_to: "2026-10-20", counterparty: "RVB",
  });
  await post(who.helper, new URL(await invite(owner, at.waiting, "helper")).pathname);
  const used = new URL(await invite(owner, at.waiting, "accountant")).pathname;
  await post(who.accountant, used);
  at.used = used;
  at.open = new URL(await invite(owner, at.waiting, "helper")).pathname;
  at.remove = await owner.locator("main a[href$='/remove']").first().getAttribute("href");

  at.confirm = await openCase(owner, answers);
  await markAll(owner, at.confirm, ...goodsGone, "request_act", "receive_act");
  await regress(owner, at.confirm, "collect_returns", words.reason);
  await mark(owner, at.confirm, "collect_returns");

  at.done = await openCase(owner, answers);
  await markAll(owner, at.done, ...allSteps);
  at.finished = await openCase(owner, answers);
  await markAll(owner, at.finished, ...allSteps);
  await finish(owner, at.finished);
  at.returned = await openCase(owner, answers);
  await markAll(owner, at.returned, ...allSteps);
  await finish(owner, at.returned);
  await regress(owner, at.returned, "return_stock", words.reason);

  const unknown = { email: `nobody-${locale}@example.com`, password: "not the right one" };
  for (let i = 0; i < 10; i++) assert.equal((await who.stranger.request.post("/login", { form: unknown })).status(), 422);
  at.unknown = unknown;
  return { who, at };
}

// pages lists what is looked at: a title, who looks, the address, and for the answer to a
// form what is sent; from another site where the form comes from elsewhere.
function pages(at) {
  const list = [];
  const get = (who, path, status = 200) => list.push({ who, path, status });
  const send = (who, path, status, form, more) => list.push({ who, path, status, form, ...more });

  for (const path of ["/", "/help", "/login", "/login?next=%2Fcases", "/signup", at.open]) get("stranger", path);
  if (at.words === typed.ru) get("stranger", "/gallery"); // its samples are in one language
  send("stranger", "/login", 422, { email: "owner-ru@example.com", password: "not the right one" });
  send("stranger", "/login", 429, at.unknown);
  send("stranger", "/signup", 422, { name: "", email: "no", password: "short" });
  send("stranger", "/signup", 422, { name: "Anna", email: "owner-ru@example.com", password });
  send("stranger", at.open, 422, { name: "", email: "no", password: "password1234" });
  send("stranger", "/login", 403, { email: "owner-ru@example.com" }, { elsewhere: true });
  get("stranger", "/nothing/here", 404);
  get("stranger", at.used, 410);

  for (const path of ["/cases", "/sellers", "/account", "/cases/new", "/sellers/new", at.open]) get("newcomer", path);
  send("newcomer", "/cases", 422, { seller_name: "", inn: "123", ogrn: "1", wb_stock: "yes" });
  send("newcomer", "/sellers", 422, {});
  send("newcomer", "/account/settings", 422, { name: "", locale: "xx", zone: "Mars/Base" });
  send("newcomer", "/account/password", 422, { password: "not the right one", new_password: "short" });
  send("newcomer", "/cases", 413, { seller_name: "x".repeat(70_000) });
  get("newcomer", at.fresh, 404);
  get("newcomer", "/logout", 405);

  get("owner", "/cases");
  for (const name of ["fresh", "short", "middle", "waiting", "confirm", "done", "finished", "returned"]) get("owner", at[name]);
  for (const code of allSteps) {
    get("owner", `${at.fresh}/steps/${code}`); // open or closed
    get("owner", `${at.done}/steps/${code}`);
  }
  for (const code of ["return_stock", "collect_returns"]) get("owner", `${at.middle}/steps/${code}`); // problems
  for (const code of ["request_act", "receive_act"]) get("owner", `${at.waiting}/steps/${code}`);
  for (const code of ["request_act", "receive_act"]) get("owner", `${at.confirm}/steps/${code}`);
  get("owner", `${at.short}/steps/zero_fbs`); // not needed
  get("owner", `${at.short}/steps/return_stock`);
  get("owner", `${at.selling}/steps/sell_out`); // with «unsold stock remains»
  get("owner", `${at.finished}/steps/return_stock`);
  send("owner", `${at.fresh}/steps/zero_fbs`, 422, { version: "1", note: "x" });
  send("owner", `${at.waiting}/steps/request_act`, 422, { version: "2", done: "yes", on: "2026-12-01", channel: "pigeon", period_from: "2026-11-02", period_to: "2026-11-01" });
  send("owner", `${at.fresh}/steps/zero_fbs`, 409, { version: "99", done: "yes", on: "2026-11-12", note: "x" });
  send("owner", `${at.fresh}/steps/request_act`, 409, { version: "1", done: "yes", on: "2026-11-12" });
  get("owner", `${at.middle}/steps/zero_fbs/undo`);
  get("owner", `${at.waiting}/steps/request_act/undo`);
  send("owner", `${at.waiting}/steps/request_act/undo`, 422, { version: "2", reason: "" });
  get("owner", `${at.fresh}/steps/zero_fbs/undo`, 409);
  get("owner", `${at.waiting}/steps/return_stock/regress`);
  send("owner", `${at.waiting}/steps/return_stock/regress`, 422, { version: "2", reason: "" });
  for (const name of ["fresh", "finished"]) for (const page of ["answers", "details", "history", "finish", "people"]) get("owner", `${at[name]}/${page}`);
  for (const name of ["waiting", "done", "returned"]) get("owner", `${at[name]}/finish`);
  send("owner", `${at.fresh}/answers`, 422, { version: "1" });
  send("owner", `${at.fresh}/details`, 422, { version: "1", seller_name: "", inn: "1", ogrn: "1", zone: "x" });
  send("owner", `${at.finished}/reopen`, 422, { version: "", reason: "" });
  send("owner", `${at.fresh}/people`, 422, {});
  send("owner", `${at.fresh}/people`, 200, { role: "accountant" }); // the fresh link, after the redirect
  get("owner", `${at.waiting}/people`);
  get("owner", `${at.waiting}/history`);
  get("owner", at.remove);
  get("owner", "/account");

  get("helper", at.waiting);
  get("helper", `${at.waiting}/steps/receive_act`);
  get("helper", `${at.waiting}/people`);
  get("accountant", "/sellers");
  get("accountant", at.waiting.replace("/cases/", "/sellers/"));
  get("accountant", at.waiting);
  get("accountant", `${at.waiting}/steps/receive_act`);
  get("accountant", `${at.waiting}/people`);

  for (const query of ["", "?act=requested&group=waiting&due=30&finished=yes&sort=name", "?q=nobody"]) get("buh", `/sellers${query}`);
  get("buh", "/sellers?act=nonsense&sort=nonsense", 422);
  get("buh", "/sellers?after=nonsense", 422);
  return list;
}

// visit brings the page about and returns the answer that it shows.
async function visit(page, { path, form, elsewhere }) {
  if (!form) return page.goto(path);
  await page.goto(elsewhere ? "about:blank" : "/help");
  const answer = page.waitForResponse((r) => r.request().isNavigationRequest() && r.status() !== 303);
  const shown = page.waitForEvent("load");
  await page.evaluate(({ action, fields }) => {
    const f = Object.assign(document.createElement("form"), { method: "post", action });
    for (const [name, value] of Object.entries(fields)) f.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    document.body.append(f);
    HTMLFormElement.prototype.submit.call(f); // past htmx: the whole page is wanted
  }, { action: server.url + path, fields: form });
  await shown;
  return answer;
}

// foreign returns the Cyrillic words of a page, besides what sellers typed, quoted names
// of buttons and what is marked as Russian.
function foreign() {
  const data = "[lang='ru'], template, script, style, .register th[scope='row'], .register td[data-label='Responsible'], nav a[href='/account']";
  const words = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(data)) words.push(walker.currentNode.data);
  for (const e of document.querySelectorAll("[aria-label], [data-label], [alt], [placeholder]")) {
    if (!e.closest(data)) words.push(...["aria-label", "data-label", "alt", "placeholder"].map((name) => e.getAttribute(name) ?? ""));
  }
  return words.map((w) => w.replaceAll(/«[^»]*»|“[^”]*”/g, "")).filter((w) => /\p{Script=Cyrillic}/u.test(w)).map((w) => w.trim());
}

for (const locale of ["ru", "en"]) {
  test(`pages in ${locale}`, async (t) => {
    const { who, at } = await people(locale);
    for (const one of pages(at)) {
      const known = Object.entries(at).find(([, address]) => one.path.startsWith(address));
      const path = known ? one.path.replace(known[1], `{${known[0]}}`) : one.path;
      await t.test(`${one.form ? "POST" : "GET"} ${path} ${one.status} (${one.who})`, async () => {
        const page = who[one.who];
        page.trouble.length = 0;
        const answer = await visit(page, one);
        assert.equal(answer.status(), one.status);
        assert.deepEqual(await invalidHTML(await answer.text()), []);
        assert.equal(await page.locator("html").getAttribute("lang"), locale);
        const missing = (await page.locator("html").innerText()).match(/\[[a-z_]+(\.[a-z0-9_]+)+\]/g);
        assert.deepEqual(missing, null, "every text is in the catalog");
        if (locale === "ru") {
          await check(page);
          await page.emulateMedia({ colorScheme: "dark" });
          assert.deepEqual(await axe(page), [], "dark");
          await page.emulateMedia({ colorScheme: "light" });
        } else {
          assert.deepEqual(page.trouble, []);
          assert.deepEqual(await page.evaluate(foreign), []);
        }
        await page.setViewportSize({ width: 320, height: 640 });
        assert.ok((await overflow(page)) <= 0, "no sideways scroll at 320 px");
        await page.setViewportSize({ width: 1280, height: 900 });
      });
    }
  });
}
