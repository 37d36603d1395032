// Deadlines, and goods that appear again: what loses money when nobody looks. With script
// and without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { allSteps, anna, check, finish, goodsGone, invite, logIn, mark, markAll, openCase, overflow, post, sellerRow, signUp, start } from "./harness.mjs";

const { open } = await start({ seed: ["--sellers", "1"] });

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();
const row = (page, code) => page.getByTestId(`step-${code}`);
const dues = (page) => page.locator("[data-testid^='due-']").evaluateAll((all) => all.map((d) => `${d.dataset.testid.slice(4)} ${d.dataset.state}`));

// send presses a button of the page and returns the status of the answer to its POST.
async function send(page, button) {
  const answer = page.waitForResponse((r) => r.request().method() === "POST");
  await page.getByRole("main").getByRole("button", { name: button, exact: typeof button === "string" }).click();
  return (await answer).status();
}

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`deadlines come and are dealt with, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `deadlines-${script}@example.com` });
    const address = await openCase(page);
    await page.goto(address);
    assert.match(await text(page.getByTestId("next")), /Ближайший срок: проверить претензии на портале, 13 декабря/);
    await page.getByTestId("next").getByRole("link", { name: "Ближайший срок" }).click();
    assert.deepEqual(await dues(page), ["inbox ahead"]);
    await check(page);

    // A weekly report: the last day is counted.
    await page.locator("#from").fill("2026-11-14");
    assert.equal(await send(page, "Добавить"), 422);
    await page.locator(".error-summary").waitFor();
    await check(page);
    await page.getByLabel("Еженедельный отчёт").check();
    await page.locator("#what").fill("Отчёт № 251109");
    await page.locator("#from").fill("2026-11-09");
    assert.equal(await send(page, "Добавить"), 303);
    await page.getByRole("status").getByText("Срок записан.").waitFor();
    assert.deepEqual(await dues(page), ["report near", "inbox ahead"]);
    assert.match(await text(page.getByTestId("due-report")), /через 3 дня Отчёт появился 9 ноября 2026, возразить можно до 16 ноября 2026\. Отчёт № 251109 Срок: 7 дней\. Источник: оферта с 05\.04\.2023/);
    await page.goto(address);
    assert.match(await text(page.getByTestId("next")), /Ближайший срок: возражения на отчёт, 16 ноября/);

    // Batches stand at the step that collects them.
    await row(page, "collect_returns").getByRole("link").click();
    await page.getByText("Добавить партию").click();
    await page.locator("#what").fill("12 штук");
    await page.locator("#from").fill("2026-11-20");
    assert.equal(await send(page, "Добавить"), 422);
    await page.locator(".error-summary").getByRole("link", { name: "Дата не может быть позже сегодняшней" }).waitFor();
    assert.equal(await page.locator("h1").innerText(), "Забрать возвраты покупателей");
    assert.equal(await page.locator("#what").inputValue(), "12 штук");
    await check(page);
    await page.locator("#from").fill("2026-11-08");
    assert.equal(await send(page, "Добавить"), 303);
    await page.getByTestId("due-pick_up").waitFor();
    assert.match(await text(page.getByTestId("due-pick_up")), /Привезли 8 ноября 2026, ждёт до 15 ноября 2026/);
    await check(page);
    await page.goto(address);
    assert.match(await text(page.getByTestId("next")), /^Дальше: заберите возвраты покупателей Возвраты ждут до 15 ноября: осталось 2 дня Открыть шаг$/);
    assert.match(await text(row(page, "collect_returns")), /Есть проблема/);
    await row(page, "collect_returns").getByRole("link").click();
    await page.getByRole("link", { name: /^Забрали/ }).click();
    await check(page);
    await page.locator("#on").fill("2026-11-12");
    assert.equal(await send(page, "Забрали"), 303);
    await page.getByText("1 партию забрали").waitFor();
    await page.getByText("1 партию забрали").click();
    assert.equal(await send(page, /^Вернуть в работу/), 303);
    await page.getByTestId("due-pick_up").waitFor();
    await page.getByRole("link", { name: /^Удалить/ }).click();
    await check(page);
    assert.equal(await send(page, "Удалить срок"), 303);
    await page.getByRole("status").getByText("Срок удалён.").waitFor();

    // The portal's inbox, and the terms.
    await page.getByRole("link", { name: "Все сроки" }).click();
    assert.equal(await send(page, "Претензий нет"), 303);
    await page.getByRole("status").getByText("Записано, что сегодня претензий на портале нет.").waitFor();
    assert.match(await text(page.getByTestId("due-inbox")), /Последний раз проверили 13 ноября 2026/);
    await page.getByRole("link", { name: "Как считаются сроки" }).click();
    await check(page);
    await page.getByRole("link", { name: /^Изменить.*отчёт$/ }).click();
    await page.locator("#days").fill("семь");
    await page.locator("#source").fill("Оферта, пункт 8");
    assert.equal(await send(page, "Сохранить"), 422);
    await page.locator(".error-summary").getByRole("link", { name: "Укажите число дней, целое от 1 до 365" }).waitFor();
    assert.equal(await page.locator("#source").inputValue(), "Оферта, пункт 8");
    await check(page);
    await page.locator("#days").fill("10");
    assert.equal(await send(page, "Сохранить"), 303);
    await page.getByRole("status").getByText("Срок изменён.").waitFor();
    assert.match(await text(page.locator(".summary-list")), /10 дней .*Источник: Оферта, пункт 8/);
    await page.goto(`${address}/deadlines`); // what was counted before keeps its term
    assert.match(await text(page.getByTestId("due-report")), /Срок: 7 дней\. Источник: оферта с 05\.04\.2023/);
  });

  // S5 of the product: a finished step that is no longer true.
  test(`goods appear again, ${how}`, async () => {
    const [owner, buh] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Анна Петрова", email: `again-${script}@example.com` });
    const address = await openCase(owner, { ...anna, seller_name: `ИП Возвратова ${script ? "А" : "Б"}` });
    await logIn(buh, "buh@example.com");
    await post(buh, new URL(await invite(owner, address, "accountant")).pathname);
    await markAll(owner, address, ...goodsGone, "request_act");

    // Every step about goods can be taken back, from its own page.
    for (const code of [...goodsGone]) {
      await owner.goto(`${address}/steps/${code}`);
      assert.equal(await owner.getByRole("link", { name: "Товар снова появился" }).count(), 1, code);
    }
    await owner.goto(`${address}/steps/return_stock`);
    await owner.getByRole("link", { name: "Товар снова появился" }).click();
    await check(owner);
    assert.equal(await send(owner, "Товар снова появился"), 422);
    await owner.locator(".error-summary").getByRole("link", { name: "Укажите причину" }).waitFor();
    await owner.locator("#reason").fill("На складе нашли 3 штуки");
    assert.equal(await send(owner, "Товар снова появился"), 303);
    await owner.getByRole("status").getByText("Записано, что товар снова появился.").waitFor();

    // Both see it: the tick stays visible, suspended, and what rests on it is closed.
    await buh.goto(address.replace("/cases/", "/sellers/"));
    for (const page of [owner, buh]) {
      assert.match(await text(row(page, "return_stock")), /Есть проблема отметка от 12 ноября приостановлена Товар снова появился 13 ноября: На складе нашли 3 штуки$/);
      assert.match(await text(row(page, "request_act")), /Есть проблема отметка от 12 ноября приостановлена Сначала: вернуть товар со складов WB$/);
      assert.match(await text(row(page, "receive_act")), /Пока недоступно/);
      await check(page);
    }
    await buh.goto("/sellers");
    const line = sellerRow(buh, address.split("/").pop());
    assert.equal(await line.locator("xpath=..").getAttribute("data-state"), "problem");
    assert.match(await text(line), /Товар снова появился/);

    // A second confirmation is needed, and the history keeps all three.
    await mark(owner, address, "return_stock", { on: "2026-11-13" });
    await owner.goto(`${address}/steps/return_stock`);
    assert.deepEqual(await owner.locator(".timeline .title").allInnerTexts().then((all) => all.filter((t) => !t.startsWith("Написано"))), [
      "Шаг «Вернуть товар со складов WB» подтверждён ещё раз", "Товар снова появился: «Вернуть товар со складов WB»", "Товар возвращён со складов WB",
    ]);
    await owner.goto(address);
    assert.match(await text(row(owner, "return_stock")), /Выполнено 13 ноября/);

    // The watch goes on after the end.
    await markAll(owner, address, ...allSteps.filter((code) => !["zero_fbs", "sell_out", "return_stock", "collect_returns"].includes(code)));
    await finish(owner, address);
    await owner.goto(`${address}/steps/strip_media`);
    await owner.getByRole("link", { name: "Товар снова появился" }).click();
    await owner.locator("#reason").fill("Чужой товар приняли на наш артикул");
    assert.equal(await send(owner, "Товар снова появился"), 303);
    await owner.getByTestId("overall").getByText(/Уход завершён 13 ноября, но 13 ноября товар снова появился\./).waitFor();
    await check(owner);
  });
}

test("what follows a title does not stand against it", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "titles@example.com" });
  const address = await openCase(page);
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const path of ["acts", "deadlines"]) {
      await page.goto(`${address}/${path}`);
      const gaps = await page.evaluate(() => {
        const box = (el) => el.getBoundingClientRect();
        const title = document.querySelector("h1");
        const [lead, list] = [document.querySelector("h1 + p"), document.querySelector(".sheet-list, main > .stack")];
        return [box(lead ?? list).top - box(title).bottom, box(list).top - box(lead ?? title).bottom];
      });
      assert.ok(gaps[0] >= 8 && gaps[1] >= 20, `${path} at ${width}: ${gaps}`);
    }
  }
});

test("the timeline is a picture and a list", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "timeline@example.com" });
  const address = await openCase(page);
  for (const [code, on] of [["zero_fbs", "2026-08-03"], ["sell_out", "2026-09-14"], ["return_stock", "2026-10-05"], ["collect_returns", "2026-10-19"], ["request_act", "2026-10-20"]]) {
    await mark(page, address, code, { on });
  }
  await post(page, `${address}/deadlines`, { kind: "report", what: "Отчёт 1", from: "2026-11-09" });
  await page.goto(`${address}/deadlines`);
  await check(page);
  const picture = page.locator(".caseline > svg");
  assert.equal(await picture.getAttribute("role"), "img");
  assert.match(await picture.locator("> title").textContent(), /ИП Петрова А\. С\.: шаги, акты и сроки по датам/);
  await page.getByText("То же списком по датам").click();
  const facts = (await page.locator(".facts-by-date li").allInnerTexts()).map((t) => t.replaceAll(/\s+/g, " ").trim());
  for (const fact of [
    "3 августа 2026 Остатки FBS обнулены", "20 октября 2026 Акт запрошен", "20 октября 2026 Ждём акт", "13 ноября 2026 Сегодня",
    "16 ноября 2026 Отчёт 1: Возразить на еженедельный отчёт Срок: 7 дней. Источник: оферта с 05.04.2023, один источник, на 5 апреля 2023.", "13 декабря 2026 Проверить претензии на портале",
  ]) assert.ok(facts.includes(fact), `${fact} in ${facts.join("; ")}`);
  await page.emulateMedia({ colorScheme: "dark" });
  await check(page);
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok((await overflow(page)) <= 0);
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  assert.ok(await picture.isVisible());
  assert.equal(await page.locator("form, .btn, input").filter({ visible: true }).count(), 0);
});
