// What script adds to a form with files: progress, a way to stop, and files dropped on the
// field. The form is the gallery's; the answers are ours, but the last.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, openCase, signUp, start, submit } from "./harness.mjs";

const { open } = await start();

const address = (url) => url.pathname === "/gallery";
const field = "form[data-upload] input[type=file]";
const file = { name: "остатки.png", mimeType: "image/png", buffer: Buffer.alloc(300_000, 7) };

// gallery opens the form; page.sent collects what it sends, which waits for page.answer.
async function gallery() {
  const page = await open();
  page.sent = [];
  const answer = new Promise((resolve) => (page.answer = resolve));
  await page.route(address, async (route, request) => {
    if (request.method() === "GET") return route.fallback();
    page.sent.push(request);
    await (await answer)(route);
  });
  await page.goto("/gallery");
  return page;
}

const send = (page) => page.getByRole("button", { name: "Загрузить", exact: true }).click();
const progress = (page) => page.getByRole("progressbar", { name: "Файлы загружаются" });
const ours = (status, title) => (route) =>
  route.fulfill({ status, contentType: "text/html; charset=utf-8", body: `<main id="main" tabindex="-1" data-title="${title}"><h1>${title}</h1></main>` });

test("an upload shows its progress and is answered in place", async () => {
  const page = await gallery();
  assert.equal(await progress(page).isVisible(), false);
  await page.locator(field).setInputFiles([file, { ...file, name: "акт.png" }]);
  const entries = await page.evaluate(() => history.length);
  await send(page);
  await progress(page).waitFor();
  await check(page);
  await page.getByRole("status").getByText("Файлы загружаются", { exact: true }).waitFor();
  await send(page); // a second press sends nothing
  page.answer(ours(422, "Ошибка: Файл пуст"));
  await page.getByRole("heading", { level: 1, name: "Файл пуст" }).waitFor();
  assert.equal(await page.title(), "Ошибка: Файл пуст");
  assert.equal(await page.evaluate(() => history.length), entries, "nothing new to go back from");
  assert.equal(page.sent.length, 1);
  const [request] = page.sent;
  assert.equal(request.headers()["hx-request"], "true");
  assert.match(request.headers()["content-type"], /^multipart\/form-data; boundary=/);
  assert.deepEqual(page.trouble, []);
});

test("a stopped upload leaves the form as it was", async () => {
  const page = await gallery();
  await page.locator(field).setInputFiles(file);
  const said = page.getByRole("status");
  await page.evaluate(() => {
    window.said = [];
    new MutationObserver(() => window.said.push(document.querySelector("form[data-upload] [role=status]").textContent)).observe(
      document.querySelector("form[data-upload] [role=status]"), { childList: true, subtree: true, characterData: true, attributes: true });
  });
  await send(page);
  await page.getByRole("button", { name: "Остановить загрузку" }).click();
  await said.getByText("Загрузка остановлена").waitFor();
  const heard = await page.evaluate(() => window.said);
  assert.deepEqual([heard[0], heard.at(-1)], ["Файлы загружаются", "Загрузка остановлена"]);
  assert.ok(heard.length <= 3, `heard ${heard}`);
  await progress(page).waitFor({ state: "hidden" });
  assert.equal(await page.getByRole("button", { name: "Загрузить", exact: true }).evaluate((e) => e === document.activeElement), true);
  assert.equal(await page.locator(field).evaluate((e) => e.files.length), 1);
  assert.equal(await page.locator("#lost-notice").count(), 0, "whoever stops it knows");

  // It can be sent again.
  await send(page);
  await progress(page).waitFor();
  page.answer(ours(200, "Готово"));
  await page.getByRole("heading", { level: 1, name: "Готово" }).waitFor();
  assert.deepEqual(page.trouble, []);
});

test("a broken upload loses nothing", async () => {
  const page = await gallery();
  await page.locator(field).setInputFiles(file);
  await send(page);
  page.answer((route) => route.abort("connectionreset"));
  await page.locator("#lost-notice").waitFor();
  await page.getByRole("status").getByText("Загрузка прервалась, файлы не сохранены").waitFor();
  assert.equal(await progress(page).isVisible(), false);
  assert.equal(await page.locator(field).evaluate((e) => e.files[0].name), file.name);
});

test("an upload follows a redirect to its address", async () => {
  const page = await gallery();
  await page.locator(field).setInputFiles(file);
  await page.locator("form[data-upload]").evaluate((form) => {
    // A form that answers 303 to whoever is not signed in.
    form.setAttribute("action", "/locale");
    form.insertAdjacentHTML("beforeend", '<input type="hidden" name="locale" value="ru"><input type="hidden" name="next" value="/help">');
    form.setAttribute("enctype", "application/x-www-form-urlencoded");
  });
  await send(page);
  await page.waitForURL((url) => url.pathname === "/help");
  assert.equal(await page.locator("main").count(), 1);
  await check(page);
});

test("dropped files are the field's choice", async () => {
  const page = await gallery();
  const drop = (selector, type, names) => page.evaluate(([selector, type, names]) => {
    const dataTransfer = new DataTransfer();
    for (const name of names) dataTransfer.items.add(new File(["x"], name));
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
    document.querySelector(selector).dispatchEvent(event);
    return event.defaultPrevented;
  }, [selector, type, names]);
  const chosen = (selector) => page.locator(selector).evaluate((e) => [...e.files].map((f) => f.name));

  await drop(`${field}`, "dragover", ["а.png"]);
  assert.equal(await page.locator("[data-over]").count(), 1);
  assert.equal(await drop(field, "drop", ["а.png", "б.png"]), true);
  assert.deepEqual(await chosen(field), ["а.png", "б.png"]);
  assert.equal(await page.locator("[data-over]").count(), 0);

  // A field for one file takes one; beside a field the page stays where it is.
  await drop("#act-file", "drop", ["в.png", "г.png"]);
  assert.deepEqual(await chosen("#act-file"), ["в.png"]);
  assert.equal(await drop("h1", "drop", ["д.png"]), true);
  assert.deepEqual(await chosen(field), ["а.png", "б.png"]);
});

test("a chosen file is not dropped by the question beside it", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "unsent@example.com" });
  const address = await openCase(page);
  await page.goto(`${address}/steps/zero_fbs`);
  const slot = page.getByTestId("slot-stock_zero");
  const fold = slot.locator("details:has(form)");
  const input = page.locator("#file_stock_zero");
  const unsent = slot.getByRole("status").getByText("Вы выбрали файл, но не загрузили его.");
  await fold.locator("summary").click();
  await input.setInputFiles(file);
  await fold.locator("summary").click();
  await page.getByLabel("Ещё нет, вернусь позже").check();
  await page.locator("#note").fill("Завтра");

  let posts = 0;
  page.on("request", (request) => (posts += request.method() === "POST"));
  const stopped = async () => {
    await submit(page, "Сохранить");
    await unsent.waitFor();
    assert.equal(posts, 0);
    assert.ok(await input.evaluate((e) => e === document.activeElement && e.files.length === 1));
    assert.equal(await page.locator("#note").inputValue(), "Завтра");
  };
  await stopped();
  await check(page);

  // Another choice is another question.
  await input.setInputFiles([]);
  await unsent.waitFor({ state: "detached" });
  await input.setInputFiles(file);
  await stopped();

  await submit(page, "Сохранить");
  await page.getByTestId("overall").waitFor();
  assert.equal(posts, 1);
});
