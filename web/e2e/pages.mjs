// Every page in every state, for the tests of each language: valid HTML, every text in the
// catalog, no sideways scroll on a narrow phone, nothing refused by the content security policy.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allSteps, compareAct, disputeAct, finish, goodsGone, guard, invalidHTML, invite, logIn, mark, markAll, openCase, overflow, owe, password, post, regress, share, signUp, start,
} from "./harness.mjs";
import { startMail } from "./smtp.mjs";

const typed = {
  ru: { owner: "Анна Петрова", helper: "Мария Иванова", accountant: "Ирина Орлова", seller: "ИП Петрова А. С.", firm: "Учёт и порядок", note: "Коробки забрал водитель", reason: "На складе нашли 3 штуки" },
  en: { owner: "Anna Petrova", helper: "Maria Ivanova", accountant: "Irina Orlova", seller: "Petrova Trading", firm: "Balance", note: "The driver took the boxes", reason: "Three pieces were found" },
};

// attach files a document with a step.
async function attach(page, address, code, slot, name, note) {
  const file = { name, mimeType: "application/pdf", buffer: Buffer.from(`%PDF-1.4\n% ${note}\n%%EOF\n`) };
  const answer = await page.request.post(`${address}/steps/${code}/files?slot=${slot}`, { multipart: { file, note }, maxRedirects: 0 });
  assert.equal(answer.status(), 303, name);
}

// people opens a browser for everybody and brings about the cases that the pages are about.
async function people(open, mail, locale, how) {
  const words = typed[locale];
  const answers = { seller_name: words.seller, inn: "500100732259", fbs: "yes", wb_stock: "yes", leftover: "both" };
  const who = {};
  for (const name of ["stranger", "newcomer", "owner", "helper", "accountant", "buh"]) who[name] = await open({ locale: { ru: "ru-RU", en: "en-GB" }[locale], ...how });
  await signUp(who.newcomer, { name: words.owner, email: `newcomer-${locale}@example.com` });
  await signUp(who.owner, { name: words.owner, email: `owner-${locale}@example.com` });
  await signUp(who.helper, { name: words.helper, email: `helper-${locale}@example.com` });
  await signUp(who.accountant, { name: words.accountant, email: `accountant-${locale}@example.com` });
  await logIn(who.buh, "buh@example.com");
  await post(who.buh, "/locale", { locale, next: "/" });
  // A firm with somebody of every role and sellers of its own; its lead belongs to another one too.
  for (const [name, called] of Object.entries({ boss: words.owner, rival: words.owner, lead: words.accountant, clerk: words.helper })) {
    who[name] = await open({ locale: { ru: "ru-RU", en: "en-GB" }[locale] });
    await signUp(who[name], { name: called, email: `${name}-${locale}@example.com` });
  }
  // Who joins others has confirmed his address; the newcomer has not.
  const server = who.owner.server;
  const email = (name) => `${name}-${locale}@example.com`;
  for (const name of ["owner", "helper", "accountant", "boss", "rival", "lead", "clerk"]) {
    await post(who[name], await mail.letterTo(server, email(name), "/account/confirm/"));
  }
  const firmLink = async (page, role) => {
    await post(page, "/firm/invites", { role });
    await page.goto("/firm");
    const link = await page.locator("#invite-link").inputValue();
    page.server.secret(link.split("/").pop());
    return new URL(link).pathname;
  };
  await post(who.boss, "/firm", { name: words.firm });
  await post(who.rival, "/firm", { name: `${words.firm} 2` });
  const joined = await firmLink(who.boss, "lead");
  await post(who.lead, await firmLink(who.rival, "accountant"));
  await post(who.lead, joined);
  await post(who.clerk, await firmLink(who.boss, "accountant"));

  const owner = who.owner;
  const at = { words, email: `owner-${locale}@example.com`, usedFirm: joined, openFirm: await firmLink(who.boss, "accountant") };
  at.sellers = [];
  for (let i = 0; i < 3; i++) at.sellers.push((await post(who.boss, "/sellers", { ...answers, cabinet: String(i) })).split("/").pop());
  // An edition that running cases do not have yet, and a draft of the next.
  await post(who.boss, "/firm/settings/requisites", { legal_name: words.firm, inn: "7707083893", phone: "+7 495 000-00-00" });
  const instruction = { who: words.note, prepare: words.note, where: words.note, wait: words.note, source: words.firm, checked_on: "2026-11-10" };
  for (const lang of ["ru", "en"]) await post(who.boss, `/firm/texts/zero_fbs/${lang}`, instruction);
  await who.boss.goto("/firm/texts");
  await post(who.boss, "/firm/texts/publish", { digest: await who.boss.locator("[action='/firm/texts/publish'] [name=digest]").inputValue() });
  await post(who.boss, `/firm/texts/zero_fbs/${locale}`, { ...instruction, wait: words.reason });
  await who.boss.goto("/firm");
  at.member = await who.boss.getByTestId(`member-clerk-${locale}@example.com`).getByRole("link").last().getAttribute("href");
  at.clerk = at.member.split("/").pop();
  await post(who.boss, "/sellers/assign", { case: at.sellers[0], to: at.clerk });
  await post(who.boss, "/sellers/assign", { case: at.sellers[1], to: "none" });
  at.kept = await openCase(owner, { ...answers, cabinet: "Firm" });
  await post(who.clerk, new URL(await invite(owner, at.kept, "accountant")).pathname);
  await post(who.boss, "/sellers/assign", { case: at.kept.split("/").pop(), to: "none" });
  at.fresh = await openCase(owner, { ...answers, cabinet: "Two" });
  at.short = await openCase(owner, { ...answers, fbs: "no", wb_stock: "no" });
  at.selling = await openCase(owner, { ...answers, leftover: "sell" });

  at.middle = await openCase(owner, answers);
  await mark(owner, at.middle, "zero_fbs", { note: words.note });
  await mark(owner, at.middle, "sell_out");
  await mark(owner, at.middle, "return_stock");
  await mark(owner, at.middle, "collect_returns", { done: "no" });
  await post(owner, `${at.middle}/deadlines`, { kind: "pick_up", what: words.note, from: "2026-11-08" });
  await post(owner, `${at.middle}/deadlines`, { kind: "pick_up", from: "2026-11-01" });
  await post(owner, `${at.middle}/deadlines/2/close`, { on: "2026-11-07" });
  await post(owner, `${at.middle}/deadlines`, { kind: "report", what: words.note, from: "2026-11-09" });
  at.debt = await owe(owner, at.middle, words.reason, "464788.15");
  at.settled = await owe(owner, at.middle, words.note, "3418.20");
  await post(owner, `${at.settled}/settle`, { version: "1", on: "2026-11-12" });
  at.removed = await owe(owner, at.middle, words.note, "1");
  await post(owner, `${at.removed}/remove`, { version: "1", reason: words.reason });
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

  at.disagreed = await openCase(owner, answers);
  await markAll(owner, at.disagreed, ...goodsGone, "request_act");
  await mark(owner, at.disagreed, "receive_act", { ours: "3 418,20", ours_side: "by_wb", theirs: "1200,5", theirs_side: "to_wb" });
  await compareAct(owner, at.disagreed, { agrees: "no", difference: "4618,70", objections: `${words.note}\n${words.reason}` });
  at.disputed = await openCase(owner, answers);
  await markAll(owner, at.disputed, ...goodsGone, "request_act", "receive_act");
  await compareAct(owner, at.disputed, { agrees: "no", difference: "-12", objections: words.note });
  await disputeAct(owner, at.disputed);
  at.rounds = await openCase(owner, answers);
  await markAll(owner, at.rounds, ...goodsGone, "request_act", "receive_act");
  await compareAct(owner, at.rounds, { agrees: "no", difference: "-12", objections: words.note });
  await disputeAct(owner, at.rounds);
  await mark(owner, at.rounds, "request_act", { on: "2026-11-13" });
  await post(owner, `${at.rounds}/acts`, { counterparty: "RVB" });

  at.proof = await openCase(owner, answers);
  await post(who.accountant, new URL(await invite(owner, at.proof, "accountant")).pathname);
  await attach(owner, at.proof, "zero_fbs", "stock_zero", "one.pdf", words.note);
  await attach(owner, at.proof, "zero_fbs", "stock_zero", "two.pdf", "");
  await post(owner, `${at.proof}/files/2/remove`, { reason: words.reason });
  await mark(owner, at.proof, "zero_fbs");
  await post(who.accountant, `${at.proof}/steps/zero_fbs/accept`, { version: "2" });
  await attach(owner, at.proof, "zero_fbs", "stock_zero", "one.pdf", words.reason);
  for (const question of [words.note, words.reason, "?"]) await post(who.accountant, `${at.proof}/steps/zero_fbs/questions`, { question });
  await post(owner, `${at.proof}/questions/2/answer`, { answer_2: words.note });
  await post(who.accountant, `${at.proof}/questions/3/resolve`);
  await markAll(owner, at.proof, "sell_out", "return_stock");
  await post(who.accountant, `${at.proof}/steps/return_stock/return`, { version: "2", reason: words.reason });
  await mark(owner, at.proof, "collect_returns");

  const revokeNewest = async (page, address) => {
    await page.goto(`${address}/share`);
    const action = await page.locator("form[action$='/revoke']").first().getAttribute("action");
    await post(page, action);
    return action.replace("/revoke", "");
  };
  at.shareOver = new URL(await share(owner, at.proof, { days: "1" })).pathname;
  at.shareLog = await revokeNewest(owner, at.proof);
  at.shareAll = new URL(await share(owner, at.proof, { shows: ["files", "people", "comments"] })).pathname;
  at.shareLocked = new URL(await share(owner, at.waiting, { password, shows: ["files"] })).pathname;
  at.shareEmpty = new URL(await share(owner, at.fresh, { shows: ["files", "comments"] })).pathname;

  at.done = await openCase(owner, answers);
  await markAll(owner, at.done, ...allSteps);
  at.finished = await openCase(owner, answers);
  await markAll(owner, at.finished, ...allSteps);
  await finish(owner, at.finished);
  at.returned = await openCase(owner, answers);
  await markAll(owner, at.returned, ...allSteps);
  await finish(owner, at.returned);
  await regress(owner, at.returned, "return_stock", words.reason);

  // Somebody with an authenticator, and who knows her password alone.
  who.guarded = await open({ locale: { ru: "ru-RU", en: "en-GB" }[locale], ...how });
  await signUp(who.guarded, { name: words.owner, email: email("guarded") });
  await guard(who.guarded);
  who.halfway = await open({ locale: { ru: "ru-RU", en: "en-GB" }[locale], ...how });
  await post(who.halfway, "/login", { email: email("guarded"), password });

  // Links in letters: unused, used, and one that ends letters; and a letter that was refused.
  at.confirmLink = await mail.letterTo(server, email("newcomer"), "/account/confirm/");
  at.confirmed = await mail.letterTo(server, email("owner"), "/account/confirm/");
  await post(who.stranger, "/password/forgot", { email: email("lead") });
  at.resetUsed = await mail.letterTo(server, email("lead"), "/password/reset/");
  await post(who.stranger, at.resetUsed, { password: `${password}!` });
  await logIn(who.lead, email("lead"), `${password}!`);
  await post(who.stranger, "/password/forgot", { email: email("rival") });
  at.reset = await mail.letterTo(server, email("rival"), "/password/reset/");
  await post(who.accountant, "/sellers/remind", { case: at.waiting.split("/").pop(), text: words.note });
  at.unsubscribe = await mail.letterTo(server, email("owner"), "/unsubscribe/");
  mail.refuse = (to) => to === email("refused");
  await signUp(await open(), { name: words.helper, email: email("refused") });
  server.command("user", "operator", "buh@example.com");
  for (at.retry = ""; !at.retry; ) at.retry = (await (await who.buh.request.get("/admin/jobs")).text()).match(/"(\/admin\/jobs\/\d+\/retry)"/)?.[1];

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

  for (const path of ["/", "/help", "/login", "/privacy", "/login?next=%2Fcases", "/signup", at.open, at.openFirm]) get("stranger", path);
  if (at.words === typed.ru) get("stranger", "/gallery"); // its samples are in one language
  send("stranger", "/login/passkey", 422, { passkey_fault: "refused" });
  send("stranger", "/login", 422, { email: at.email, password: "not the right one" });
  send("stranger", "/login", 429, at.unknown);
  send("stranger", "/signup", 422, { name: "", email: "no", password: "short" });
  send("stranger", "/signup", 422, { name: "Anna", email: at.email, password, consent: "yes" });
  send("stranger", at.open, 422, { name: "", email: "no", password: "password1234" });
  send("stranger", "/login", 403, { email: at.email }, { elsewhere: true });
  get("stranger", "/nothing/here", 404);
  for (const path of ["/password/forgot", at.reset, at.confirmLink, at.unsubscribe]) get("stranger", path);
  for (const path of ["/password/reset/nothing", "/account/confirm/nothing", "/unsubscribe/nothing"]) get("stranger", path, 404);
  get("stranger", at.resetUsed, 410);
  get("stranger", at.confirmed); // the login, which says that there is nothing left to confirm
  send("stranger", "/password/forgot", 422, { email: "no" });
  send("stranger", "/password/forgot", 200, { email: at.email }); // what was sent, after the redirect
  send("stranger", at.reset, 422, { password: "short" });
  send("stranger", at.unsubscribe, 200, {});
  send("stranger", `${at.unsubscribe}/undo`, 200, {});
  get("newcomer", "/admin/jobs", 404);
  get("buh", "/admin/jobs");
  send("buh", at.retry, 200, {}); // and the list without it
  get("buh", "/admin/cases?case=x", 422);
  get("buh", `/admin${at.short}`);
  send("buh", `/admin${at.short}`, 422, { reason: "" });
  send("buh", `/admin${at.short}`, 200, { reason: "2026-11-02" }); // from when on a link can be made
  get("buh", "/admin/cases");
  for (const path of [at.short, `${at.short}/people`]) get("owner", path); // with what is said of it
  send("newcomer", "/account/confirm", 200, {});
  send("newcomer", at.openFirm, 409, {});
  send("newcomer", `${at.openFirm}/confirm`, 200, {});
  for (const path of [at.used, at.usedFirm, at.shareOver]) get("stranger", path, 410);
  for (const path of [at.shareAll, at.shareLocked, at.shareEmpty]) get("stranger", path);
  send("stranger", at.shareLocked, 422, { password: "not the right one" });

  for (const path of ["/cases", "/sellers", "/account", "/cases/new", "/sellers/new", "/sellers/import", at.open]) get("newcomer", path);
  send("newcomer", "/cases", 422, { seller_name: "", inn: "123", ogrn: "1", wb_stock: "yes" });
  send("newcomer", "/sellers", 422, {});
  get("newcomer", "/account/mail");
  get("newcomer", "/consent?next=%2Fcases");
  send("newcomer", "/consent", 422, { version: "1" });
  send("newcomer", "/consent", 409, { version: "old", consent: "yes" });
  get("newcomer", "/account/email");
  send("newcomer", "/account/email", 422, { email: "no" });
  send("newcomer", "/account/email", 200, { email: "new@example.com" }); // what was sent, after the redirect
  get("owner", "/account/email/confirm/nothing", 404);
  for (const who of ["owner", "boss", "newcomer"]) get(who, "/account/delete");
  for (const who of ["owner", "newcomer"]) get(who, "/account/data");
  send("newcomer", "/account/delete", 422, { email: "x" });
  send("newcomer", "/account/delete", 200, { email: at.email.replace("owner", "newcomer") }); // the same page, which says so
  get("newcomer", "/account"); // as every page does meanwhile
  send("newcomer", "/account/keep", 200, {});
  get("newcomer", "/account/two-factor");
  send("newcomer", "/account/two-factor", 200, {}); // what is to be scanned, after the redirect
  send("newcomer", "/account/two-factor/confirm", 422, { code: "1" });
  send("newcomer", "/account/two-factor/confirm", 422, { code: "" });
  send("newcomer", "/account/two-factor/cancel", 200, {}); // the page, as it was
  get("newcomer", "/account/passkeys"); // at a number there are none: the rest is in passkey.test.mjs
  send("newcomer", "/account/passkeys/new", 409, { name: "Телефон" });
  get("guarded", "/account/two-factor");
  send("guarded", "/account/two-factor/codes", 422, {});
  send("guarded", "/account/two-factor/off", 422, {});
  send("guarded", "/account/two-factor", 200, {}); // another phone
  send("guarded", "/account/two-factor/codes", 200, { renew: "yes" });
  get("halfway", "/login/second?next=%2Fcases");
  get("halfway", "/login/second?by=recovery");
  send("halfway", "/login/second", 422, { code: "1" });
  send("halfway", "/login/second", 422, { recovery: "1" });
  get("owner", "/account/mail");
  send("newcomer", "/account/mail", 422, { frequency: "hourly", hour: "99" });
  send("newcomer", "/account/calendar", 200, {}); // the fresh link, after the redirect
  send("newcomer", "/account/settings", 422, { name: "", locale: "xx", zone: "Mars/Base" });
  send("newcomer", "/account/password", 422, { password: "not the right one", new_password: "short" });
  send("newcomer", "/cases", 413, { seller_name: "x".repeat(70_000) });
  for (const path of ["/firm", at.openFirm]) get("newcomer", path);
  send("newcomer", "/firm", 422, { name: "" });
  for (const path of ["/firm", "/sellers", "/sellers?responsible=none", `/sellers?responsible=${at.clerk}`, at.member, `${at.member}/remove`]) get("boss", path);
  send("boss", "/firm/invites", 422, {});
  send("boss", "/firm/invites", 200, { role: "lead" }); // the fresh link, after the redirect
  send("boss", "/firm/name", 422, { name: "" });
  send("boss", `${at.member}/role`, 422, { role: "king" });
  for (const path of ["/firm/settings", "/firm/history", "/firm/leave"]) get("boss", path);
  send("boss", "/firm/settings/requisites", 422, { inn: "1", kpp: "2", phone: "3" });
  send("boss", "/firm/settings/reminders", 422, { days: "7, 3" });
  send("boss", "/firm/settings/days", 422, { off: "yesterday", worked: "2026-11-28" });
  send("boss", "/firm/leave", 409, {});
  get("clerk", "/firm/settings", 404);
  for (const page of ["texts", "texts/zero_fbs/ru", "texts/zero_fbs/en", "texts/zero_fbs/ru/preview", "texts/zero_fbs/en/preview", "upgrade"]) get("boss", `/firm/${page}`);
  send("boss", "/firm/texts/zero_fbs/ru", 422, { wait: "x" });
  send("boss", "/firm/upgrade", 409, {});
  for (const page of ["texts", "upgrade"]) get("rival", `/firm/${page}`);
  send("rival", "/firm/texts/publish", 409, {});
  send("boss", "/firm/texts/publish", 409, {}); // a draft that was not seen
  get("boss", `/cases/${at.sellers[2]}/upgrade`);
  send("boss", `/cases/${at.sellers[2]}/upgrade`, 409, {});
  for (const signer of ["seller", "firm"]) get("boss", `/cases/${at.sellers[2]}/letters/termination?signer=${signer}`);
  send("boss", "/sellers/bulk", 422, { do: "assign", query: "sort=name" });
  send("boss", "/sellers/assign", 422, { case: at.sellers[2] });
  for (const way of ["remind", "assign", "archive"]) send("boss", "/sellers/bulk", 200, { case: at.sellers[2], do: way });
  send("boss", "/sellers/remind", 422, { case: at.sellers[2], text: "{name}" });
  // Who was ticked has gone, another that was found has not.
  const gone = "01900000-0000-7000-8000-000000000000";
  send("boss", "/sellers/remind", 404, { case: gone, found: `${gone} ${at.sellers[2]}`, scope: "found", text: "{step}" });
  for (const path of ["/sellers/views", "/sellers/views?save=group%3Dready", "/sellers?archive=yes", "/sellers?q=zzzz"]) get("boss", path);
  send("boss", "/sellers/views", 422, { query: "group=ready", name: "" });
  for (const page of ["people", "firm/leave", "history"]) get("owner", `${at.kept}/${page}`);
  get("clerk", "/sellers");
  get("clerk", "/firm");
  get("clerk", at.member, 404);
  for (const path of ["/firm", "/firm/choose", "/sellers"]) get("lead", path);
  send("lead", "/firm/choose", 422, {});
  get("newcomer", at.fresh, 404);
  get("newcomer", "/logout", 405);

  get("owner", "/cases");
  for (const name of ["fresh", "short", "middle", "waiting", "confirm", "done", "finished", "returned"]) get("owner", at[name]);
  for (const code of allSteps) {
    get("owner", `${at.fresh}/steps/${code}`); // open or closed
    get("owner", `${at.done}/steps/${code}`);
  }
  for (const code of ["return_stock", "collect_returns"]) get("owner", `${at.middle}/steps/${code}`); // problems
  get("owner", `${at.fresh}/letters`);
  send("owner", `${at.fresh}/letters/termination`, 200, { text: at.words.note });
  send("owner", `${at.fresh}/letters/termination`, 422, { text: "" });
  for (const code of ["request_act", "receive_act"]) get("owner", `${at.waiting}/steps/${code}`);
  for (const code of ["request_act", "receive_act"]) get("owner", `${at.confirm}/steps/${code}`);
  get("owner", `${at.confirm}/steps/sign_act`);
  for (const code of ["request_act", "sign_act"]) for (const name of ["disagreed", "disputed"]) get("owner", `${at[name]}/steps/${code}`);
  for (const code of ["request_act", "receive_act"]) for (const act of [1, 2]) get("owner", `${at.rounds}/steps/${code}?act=${act}`);
  for (const name of ["fresh", "waiting", "disagreed", "disputed", "rounds", "done", "finished"]) get("owner", `${at[name]}/acts`);
  for (const name of ["waiting", "disputed", "done"]) get("owner", `${at[name]}/acts/1/undo`);
  get("owner", `${at.fresh}/acts/1/undo`, 409);
  send("owner", `${at.waiting}/steps/receive_act`, 422, { version: "1", done: "yes", on: "2026-12-01", ours: "x", theirs: "1", reason_act_file: "x" });
  send("owner", `${at.disagreed}/acts/1/compare`, 422, { version: "4", agrees: "no", difference: "0", objections: "", compared_on: "x" });
  send("owner", `${at.disagreed}/acts/1/compare`, 409, { version: "99", agrees: "no", difference: "4618,70", objections: at.words.note, compared_on: "2026-11-12" });
  send("owner", `${at.disagreed}/acts/1/dispute`, 422, { version: "4", disputed_on: "2026-12-01" });
  send("owner", `${at.done}/acts/1/countersign`, 422, { version: "5", countersigned_on: "2026-12-01" });
  send("owner", `${at.done}/acts/1/undo`, 422, { version: "5", reason: "" });
  send("owner", `${at.fresh}/acts`, 422, { entity: "other", counterparty: "" });
  get("owner", `${at.short}/steps/zero_fbs`); // not needed
  get("owner", `${at.short}/steps/return_stock`);
  get("owner", `${at.selling}/steps/sell_out`); // with «unsold stock remains»
  get("owner", `${at.finished}/steps/return_stock`);
  send("owner", `${at.fresh}/steps/zero_fbs`, 422, { version: "1", note: "x" });
  send("owner", `${at.waiting}/steps/request_act`, 422, { version: "2", done: "yes", on: "2026-12-01", channel: "pigeon", period_from: "2026-11-02", period_to: "2026-11-01" });
  send("owner", `${at.fresh}/steps/zero_fbs`, 409, { version: "99", done: "yes", on: "2026-11-12", note: "x", reason_stock_zero: "x" });
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
  get("owner", `${at.short}/transfer`);
  send("owner", `${at.short}/transfer`, 422, { email: "x" });
  send("owner", `${at.short}/transfer`, 200, {}); // the fresh link, after the redirect
  get("owner", `${at.short}/delete`);
  send("owner", `${at.short}/delete`, 422, { seller_name: "x" });
  send("owner", `${at.short}/delete`, 200, { seller_name: at.words.seller }); // the case, which says so
  get("owner", "/cases");
  send("owner", `${at.short}/keep`, 200, {});
  for (const path of [`${at.proof}/share`, at.shareLog, `${at.done}/share`]) get("owner", path);
  send("owner", `${at.done}/share`, 422, { whom: "", days: "999", password: "x" });
  get("owner", `${at.waiting}/history`);
  for (const page of ["debts", "deadlines", "deadlines/terms"]) get("owner", `${at.middle}/${page}`);
  for (const name of ["fresh", "returned"]) for (const page of ["debts", "deadlines"]) get("owner", `${at[name]}/${page}`);
  for (const line of [at.debt, at.settled]) get("owner", line);
  for (const page of ["edit", "write-off"]) get("owner", `${at.debt}/${page}`);
  send("owner", `${at.middle}/debts`, 422, { id: "x", amount: "1,234", on: "2027-01-01" });
  send("owner", `${at.debt}/edit`, 422, { version: "1", side: "to_wb", what: "", amount: "-", on: "" });
  send("owner", `${at.debt}/edit`, 409, { version: "9", side: "to_wb", what: "x", amount: "1", on: "2026-11-12" });
  send("owner", `${at.debt}/settle`, 422, { version: "1", on: "2027-01-01" });
  get("owner", `${at.middle}/debts/paste`);
  send("owner", `${at.middle}/debts/paste`, 200, { text: `${at.words.note}\t-3418.20\t\t7\n${at.words.reason}\t12 000,00\nx\ty` });
  send("owner", `${at.middle}/debts/paste`, 422, { text: "x\ty" });
  send("owner", `${at.middle}/deadlines/terms/report`, 422, { version: "1", days: "x", source: "", as_of: "2027-01-01" });
  get("owner", `${at.middle}/deadlines/1/remove`);
  send("owner", `${at.middle}/deadlines/1/close`, 422, { on: "2027-01-01" });
  send("owner", `${at.middle}/deadlines`, 422, { from: "2027-01-01", until: "2026-01-01" });
  send("owner", `${at.middle}/deadlines`, 422, { kind: "pick_up", from: "2027-01-01", back: "step" });
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

  for (const who of ["owner", "accountant"]) for (const code of ["zero_fbs", "return_stock", "request_act"]) get(who, `${at.proof}/steps/${code}`);
  get("owner", at.proof);
  get("accountant", at.proof.replace("/cases/", "/sellers/"));
  get("owner", `${at.proof}/files/1/remove`, 409); // a newer version came
  get("owner", `${at.proof}/files/4/remove`);
  send("owner", `${at.proof}/files/4/remove`, 422, {});
  send("owner", `${at.proof}/steps/zero_fbs/files?slot=stock_zero`, 422, { file: "x" }); // no form with files
  send("owner", `${at.proof}/steps/receive_act/files?slot=act_file`, 409, {});
  send("owner", `${at.proof}/questions/1/answer`, 422, { step: "zero_fbs" });
  send("owner", `${at.proof}/questions/3/answer`, 409, { step: "zero_fbs", answer_3: "x" });
  send("accountant", `${at.proof}/steps/zero_fbs/questions`, 422, {});
  send("accountant", `${at.proof}/steps/zero_fbs/accept`, 409, { version: "1" });
  get("accountant", `${at.proof}/steps/zero_fbs/return`);
  send("accountant", `${at.proof}/steps/zero_fbs/return`, 422, { version: "3" });
  get("accountant", `${at.proof}/steps/request_act/waive`);
  send("accountant", `${at.proof}/steps/request_act/waive`, 422, { version: "1" });
  get("accountant", `${at.proof}/steps/zero_fbs/waive`, 409);
  get("accountant", `${at.waiting}/acts`);
  get("accountant", `${at.waiting}/deadlines`);

  for (const query of ["", "?act=requested&group=waiting&due=30&finished=yes&sort=name", "?q=nobody"]) get("buh", `/sellers${query}`);
  get("buh", "/sellers?act=nonsense&sort=nonsense", 422);
  for (const query of ["", "?due=overdue", "?from=2026-11-16&to=2026-11-22", "?from=2030-01-01"]) get("buh", `/deadlines${query}`);
  get("buh", "/deadlines?due=nonsense&from=x", 422);
  for (const who of ["boss", "newcomer"]) get(who, "/deadlines");
  get("buh", "/sellers?after=nonsense", 422);
  return list;
}

// visit brings the page about and returns the answer that it shows. A form is sent from
// wherever on the site the page is.
async function visit(page, { path, form, elsewhere }) {
  if (!form) return page.goto(path);
  if (elsewhere) await page.goto("about:blank");
  const answer = page.waitForResponse((r) => r.request().isNavigationRequest() && r.status() !== 303);
  const shown = page.waitForEvent("load");
  await page.evaluate(({ action, fields }) => {
    const f = Object.assign(document.createElement("form"), { method: "post", action });
    for (const [name, value] of Object.entries(fields)) f.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    document.body.append(f);
    HTMLFormElement.prototype.submit.call(f); // past htmx: the whole page is wanted
  }, { action: page.server.url + path, fields: form });
  await shown;
  return answer;
}

// lookAtEveryPage tests every page in a language; look is what is special about it. PAGES=/debts
// in the environment keeps to the pages with that in their address, while one is being made.
export async function lookAtEveryPage(locale, how, look) {
  const mail = await startMail();
  const { open } = await start({ seed: ["--sellers", "41"], args: mail.args });
  test(`pages in ${locale}`, async (t) => {
    const { who, at } = await people(open, mail, locale, how);
    for (const one of pages(at).filter(({ path }) => path.includes(process.env.PAGES ?? ""))) {
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
        await look(page);
        await page.setViewportSize({ width: 320, height: 640 });
        assert.ok((await overflow(page)) <= 0, "no sideways scroll at 320 px");
        await page.setViewportSize({ width: 1280, height: 900 });
      });
    }
  });
}
