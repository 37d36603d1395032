// The seller's way by keyboard alone: Tab, Shift+Tab, arrows, Space, Enter and typing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { password, start } from "./harness.mjs";

const { open } = await start();

// The element in focus as a person meets it, and whether it can be seen that it is.
function stop() {
  const e = document.activeElement;
  const drawn = (pseudo) => {
    const style = getComputedStyle(e, pseudo);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = e.getBoundingClientRect();
  const label = e.labels?.[0] ?? e;
  return {
    tag: e.tagName.toLowerCase(), type: e.type ?? "", id: e.id, name: e.name ?? "", value: e.value ?? "",
    text: label.innerText.replaceAll(/\s+/g, " ").trim(),
    visible: drawn(null) || drawn("::after"),
    onScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}

// tabTo presses Tab until the stop fits and returns every stop on the way: each of them
// shows the focus and lies on the screen.
async function tabTo(page, fits, key = "Tab") {
  const stops = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press(key);
    const at = await page.evaluate(stop);
    stops.push(at);
    assert.notEqual(at.tag, "body", `lost among ${stops.map((s) => s.text).join(" → ")}`);
    assert.ok(at.visible, `the focus is invisible on ${JSON.stringify(at)}`);
    assert.ok(at.onScreen, `the focus is off the screen on ${JSON.stringify(at)}`);
    if (fits(at)) return stops;
  }
  assert.fail(`not reached: ${stops.map((s) => s.text).join(" → ")}`);
}

const named = (text) => (at) => at.text === text;
const texts = (stops) => stops.map((s) => s.text);

// type goes to a field and types.
async function type(page, id, text) {
  await tabTo(page, (at) => at.id === id);
  await page.keyboard.type(text);
}

test("a seller leaves by keyboard alone, from signing up to the end", async () => {
  const page = await open();
  await page.goto("/");

  // The skip link comes first and leads past the header.
  const first = await tabTo(page, () => true);
  assert.deepEqual(texts(first), ["Перейти к содержанию"]);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "main");
  await tabTo(page, named("Зарегистрироваться"));
  assert.equal(await page.evaluate(() => document.activeElement.closest("main") !== null), true, "past the header");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/signup");

  assert.deepEqual(texts(await tabTo(page, (at) => at.id === "name")),
    ["Перейти к содержанию", "Winddown", "Войти", "Зарегистрироваться", "Как вас зовут"]);
  await page.keyboard.type("Анна Петрова");
  await type(page, "email", "anna@example.com");
  await type(page, "password", password);
  await tabTo(page, (at) => at.name === "consent");
  await page.keyboard.press("Space");
  assert.deepEqual(texts(await tabTo(page, (at) => at.type === "submit")), ["Что хранится, зачем и как это удалить", "Зарегистрироваться"]);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/cases");

  await tabTo(page, named("Начать уход"));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/cases/new");
  await type(page, "seller_name", "ИП Петрова А. С.");
  await type(page, "inn", "500100732259");
  await tabTo(page, (at) => at.name === "fbs");
  await page.keyboard.press("Space");
  await tabTo(page, (at) => at.name === "wb_stock");
  await page.keyboard.press("ArrowDown"); // from «Да» over the answers below it to «Нет»
  assert.equal((await page.evaluate(stop)).value, "no");
  await page.keyboard.press("ArrowUp");
  assert.equal((await page.evaluate(stop)).value, "yes");
  // The question that this answer calls for comes next.
  const stops = await tabTo(page, (at) => at.name === "leftover");
  assert.equal(stops.length, 1, texts(stops).join(" → "));
  await page.keyboard.press("ArrowDown");
  assert.equal((await page.evaluate(stop)).value, "return");
  await page.keyboard.press("ArrowDown");
  assert.equal((await page.evaluate(stop)).value, "both");
  await tabTo(page, (at) => at.type === "submit");
  await page.keyboard.press("Enter");

  // The result is read out, and «Дальше» comes before the list.
  await page.getByTestId("overall").waitFor();
  await page.waitForFunction(() => document.activeElement.matches("main > .notice"));
  assert.deepEqual(texts(await tabTo(page, named("Обнулить остатки FBS"))),
    ["Мои уходы", "обнулите остатки FBS", "Ближайший срок", "Открыть шаг", "Обнулить остатки FBS"]);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/steps/zero_fbs");

  // Nothing chosen: the summary has the focus, its link leads to the answers.
  await tabTo(page, named("Перейти к отметке"));
  await page.keyboard.press("Enter");
  await tabTo(page, (at) => at.id === "save");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.matches(".error-summary"));
  await tabTo(page, named("Выберите, выполнен ли шаг"));
  await page.keyboard.press("Enter");
  const answer = await page.evaluate(stop);
  assert.deepEqual([answer.name, answer.value, answer.visible], ["done", "yes", true]);
  await page.keyboard.press("Space");
  await type(page, "on", "11112026"); // a day and a month that are alike in every order
  await type(page, "reason_stock_zero", "Кабинет закрыт");
  await type(page, "note", "Проверено");
  await tabTo(page, (at) => at.id === "save");
  await page.keyboard.press("Enter");
  await page.getByTestId("overall").waitFor();
  await page.waitForFunction(() => document.activeElement.matches("main > .notice"));
  assert.match(await page.getByTestId("step-zero_fbs").innerText(), /Выполнено\s+11 ноября, Анна Петрова/);

  // And back.
  await tabTo(page, named("Обнулить остатки FBS"));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/steps/zero_fbs");
  await tabTo(page, named("Отменить отметку"));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/undo");
  await type(page, "reason", "Остаток вернулся");
  assert.deepEqual(texts(await tabTo(page, named("Отменить отметку"))), ["Отменить отметку"]);
  await page.keyboard.press("Enter");
  await page.getByTestId("overall").waitFor();
  assert.equal(await page.getByTestId("step-zero_fbs").getAttribute("data-state"), "not_started");

  // All that can be reached on the way to the end of the page.
  const rest = texts(await tabTo(page, named("English")));
  assert.deepEqual(rest.slice(-3), ["Справка", "Персональные данные", "English"], "the footer comes last");
  for (const name of ["Распродать товар", "Проверить и завершить", "Вся история", "Ответы на вопросы"]) assert.ok(rest.includes(name), `${name} in ${rest}`);
  assert.ok(!rest.includes("Запросить акт сверки"), "a closed step is no stop");
  await tabTo(page, named("Справка"), "Shift+Tab");
  assert.deepEqual(page.trouble, []);

  // «Дальше» leads through all nine steps, and then to the end.
  const next = page.locator("[data-testid=next] .btn");
  for (let left = 9; left > 0; left--) {
    await page.goto(page.url().replace(/(\/cases\/[^/]+).*/, "$1"));
    await tabTo(page, named(await next.innerText()));
    await page.keyboard.press("Enter");
    await page.waitForURL("**/steps/*");
    if (!(await page.locator("[name=done]").count())) { // an act is compared before it is signed
      await tabTo(page, (at) => at.name === "agrees");
      await page.keyboard.press("Space");
      await tabTo(page, (at) => at.id === "compare");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.activeElement.matches("main > .notice"));
      left++;
      continue;
    }
    await tabTo(page, (at) => at.name === "done");
    await page.keyboard.press("Space");
    for (const id of await page.locator("textarea[id^=reason_]").evaluateAll((all) => all.map((e) => e.id))) await type(page, id, "Нет снимка");
    await tabTo(page, (at) => at.id === "save");
    await page.keyboard.press("Enter");
    await page.getByTestId("overall").waitFor();
    await page.waitForFunction(() => document.activeElement.matches("main > .notice"));
  }
  assert.match(await page.getByTestId("overall").innerText(), /Выполнено 9 шагов из 9/);
  await tabTo(page, named(await next.innerText()));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/finish");
  await tabTo(page, named("Завершить уход"));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Уход завершён" }).waitFor();
});
