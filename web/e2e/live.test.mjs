// What script adds: forms and filters that change #main alone, and what holds when the
// answer is late, refused or lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anna, check, mark, openCase, signUp, start, submit } from "./harness.mjs";

const { open } = await start();

// seller signs up and opens a case; page.documents counts what is loaded as a whole page,
// page.posts the forms sent.
async function seller(email) {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email });
  page.address = await openCase(page, anna);
  page.documents = page.posts = 0;
  page.on("request", (r) => {
    if (r.isNavigationRequest()) page.documents++;
    if (r.method() === "POST") page.posts++;
  });
  return page;
}

const path = (page) => new URL(page.url()).pathname;
const focused = (page, selector) => page.locator(selector).evaluate((e) => e === document.activeElement);

async function say(page, code) {
  await page.goto(`${page.address}/steps/${code}`);
  await page.getByLabel("Да, выполнен").check();
  await page.locator("#note").fill("Заметка");
  page.documents = page.posts = 0;
}

test("a form with mistakes is redrawn in place", async () => {
  const page = await seller("mistake@example.com");
  const step = `${page.address}/steps/zero_fbs`;
  await page.goto(step);
  await page.locator("#note").fill("Заметка");
  page.documents = 0;
  const entries = await page.evaluate(() => history.length);
  await submit(page, "Сохранить");
  await page.locator(".error-summary").waitFor();
  assert.equal(await focused(page, ".error-summary"), true);
  assert.equal(path(page), step);
  assert.equal(await page.evaluate(() => history.length), entries, "nothing new to go back from");
  assert.match(await page.title(), /^Ошибка: Обнулить остатки FBS/);
  assert.equal(await page.locator("main").count(), 1);
  assert.equal(await page.locator("#note").inputValue(), "Заметка");

  // A conflict, too: somebody else marked the step meanwhile.
  await page.getByLabel("Да, выполнен").check();
  await mark(page, page.address, "zero_fbs");
  await submit(page, "Сохранить");
  await page.locator(".error-summary", { hasText: "Ваш текст не потерян" }).waitFor();
  assert.equal(await focused(page, ".error-summary"), true);
  assert.equal(path(page), step);
  assert.equal(page.documents, 0);
  await check(page);

  // An address that is there to be posted to alone never shows.
  await page.goto("/cases/new");
  await submit(page, "Начать уход");
  await page.locator(".error-summary").waitFor();
  assert.equal(path(page), "/cases/new");
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Начать уход" }).waitFor();
});

test("a saved form leads on without loading the page", async () => {
  const page = await seller("saved@example.com");
  await say(page, "sell_out");
  await submit(page, "Сохранить");
  await page.getByTestId("overall").waitFor();
  assert.equal(path(page), page.address);
  assert.equal(await focused(page, "main > .notice"), true, "the notice has the focus");
  assert.equal(await page.title(), "Шаги — ИП Петрова А. С. — Уход с WB — Winddown");
  assert.equal(await page.locator("main").count(), 1);
  assert.equal(await page.locator("header.bar").count(), 1);
  assert.equal(page.documents, 0);
  assert.equal(page.posts, 1);

  // Going back loads the whole page, as the server has it now.
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Распродать товар" }).waitFor();
  assert.equal(path(page), `${page.address}/steps/sell_out`);
  assert.equal(page.documents, 1);
  assert.equal(await page.locator("header.bar").count(), 1);
  await page.locator("#mark").getByText("Заметка", { exact: true }).first().waitFor();
  await page.goForward();
  await page.getByTestId("overall").waitFor();
  assert.equal(await page.locator("main > .notice").count(), 0, "the notice is shown once");
  await check(page);
});

test("two presses send one form", async () => {
  const page = await seller("twice@example.com");
  await say(page, "sell_out");
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/steps/sell_out", async (route) => {
    await held;
    await route.continue();
  });
  const sent = page.waitForRequest((r) => r.method() === "POST");
  await page.locator("#save").dblclick();
  await sent;
  await page.locator("#save").click();
  release();
  await page.getByTestId("overall").waitFor();
  assert.equal(page.posts, 1);
  assert.deepEqual(page.trouble, []);
});

const noAnswer = "Ответ от сервиса не пришёл. Проверьте соединение и отправьте ещё раз: введённое осталось на странице.";
const busy = "Подождите несколько секунд и повторите.";
for (const [how, answer, says = noAnswer] of [
  ["no answer", (route) => route.abort("connectionreset")],
  ["a proxy's answer", (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad Gateway</h1>" })],
  ["an answer without a page", (route) => route.fulfill({ status: 200, contentType: "text/plain", body: "ok" })],
  ["a busy service", (route) => route.fulfill({ status: 503, contentType: "text/html; charset=utf-8", body: `<main id="main"><h1>Занято</h1><p id="error-text">${busy}</p></main>` }), busy],
]) {
  test(`${how} loses nothing`, async () => {
    const page = await seller(`lost-${how.replaceAll(/\W/g, "")}@example.com`);
    await say(page, "sell_out");
    const pattern = "**/steps/sell_out";
    await page.route(pattern, answer);
    await submit(page, "Сохранить");
    const notice = page.getByRole("alert").getByText(says);
    await notice.waitFor();
    assert.equal(await focused(page, "#lost-notice"), true);
    assert.equal(await page.locator("#note").inputValue(), "Заметка");
    assert.equal(await page.getByLabel("Да, выполнен").isChecked(), true);
    assert.equal(path(page), `${page.address}/steps/sell_out`);
    await page.locator("#lost-notice").evaluate((e) => (e.dataset.before = ""));
    await submit(page, "Сохранить");
    await page.waitForFunction(() => document.querySelectorAll("#lost-notice:not([data-before])").length === 1);
    assert.equal(await page.locator("#lost-notice").count(), 1);

    // Once the connection is back, the same form is sent.
    await page.unroute(pattern);
    await submit(page, "Сохранить");
    await page.getByTestId("overall").waitFor();
    assert.match(await page.locator("main > .notice").innerText(), /Шаг «Распродать товар» отмечен/);
    assert.equal(page.documents, 0);
    assert.deepEqual(page.trouble.filter((t) => !/Failed to load resource|ERR_CONNECTION_RESET|status of 502|htmx/i.test(t)), []);
  });
}

test("signing in renews the header", async () => {
  const page = await open();
  await signUp(page, { name: "Вера Иванова", email: "vera@example.com" });
  await page.getByRole("banner").getByRole("link", { name: "Вера Иванова" }).waitFor();
  await page.goto("/account");
  await page.locator("#name").fill("Вера Петрова");
  await page.locator("input[name=locale][value=en]").check();
  await page.locator("form[action='/account/settings'] button").click();
  await page.getByRole("banner").getByRole("link", { name: "Вера Петрова" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await page.getByRole("contentinfo").getByRole("button", { name: "Русский" }).click();
  await page.locator("html[lang=ru]").waitFor();
  assert.equal(path(page), "/account");
});

test("a login session that ended asks to sign in again and leads back", async () => {
  const page = await seller("ended@example.com");
  await say(page, "sell_out");
  await page.context().clearCookies();
  await submit(page, "Сохранить");
  await page.getByRole("heading", { level: 1, name: "Вход" }).waitFor();
  assert.equal(path(page), "/login");
  await check(page);
});
