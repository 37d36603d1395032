// The deadlines of all sellers: a picture of eight weeks, and the list it leads to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, post, signUp, start } from "./harness.mjs";

const { open } = await start();

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();

for (const script of [true, false]) {
  test(`the deadlines of all sellers, ${script ? "with script" : "without script"}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Ирина Орлова", email: `buh-${script}@example.com` });
    await page.goto("/deadlines");
    assert.match(await text(page.getByRole("main")), /Сроков нет/);
    await check(page);
    const add = (seller_name, inn) => post(page, "/sellers", { seller_name, inn, fbs: "yes", wb_stock: "yes", leftover: "both" });
    const first = (await add("ИП Петрова", "500100732259")).replace("/sellers/", "/cases/");
    await add("ООО «Вектор»", "7721546864");
    await post(page, `${first}/deadlines`, { kind: "pick_up", what: "40 штук", from: "2026-11-12" }); // until the 19th
    await post(page, `${first}/deadlines`, { kind: "report", what: "неделя 44", from: "2026-11-02" }); // until the 9th

    await page.goto("/sellers");
    await page.getByRole("navigation").getByRole("link", { name: "Сроки", exact: true }).click();
    await check(page);
    assert.match(await text(page.getByTestId("late")), /Просрочен 1 срок/);
    assert.match(await text(page.getByTestId("result")), /^4 срока/);
    assert.match(await text(page.getByTestId("day-2026-11-19")), /19.*1/);
    assert.match(await text(page.getByTestId("day-2026-12-13")), /13.*2/); // the inbox of both, thirty days on
    assert.match(await page.getByTestId("day-2026-11-15").innerText(), /15/);
    assert.equal(await page.locator("td.off").count(), 8 * 2 + 2, "weekends, the day off before the New Year and its first day");
    assert.match(await text(page.locator(".due-strip tbody tr").nth(2)), /сроков нет/);

    const lines = page.locator("main li[data-testid^='due-']");
    assert.match(await text(lines.first()), /9 ноября 2026.*4 дня.*Возразить.*ИП Петрова.*неделя 44/);
    await page.getByTestId("day-2026-12-13").getByRole("link").click();
    await page.waitForURL(/from=2026-12-13/);
    assert.equal(await lines.count(), 2);
    await check(page);
    await page.getByRole("link", { name: /13 декабря.*/ }).and(page.locator(".chip")).click();
    await page.waitForURL((url) => url.search === "");
    await page.getByLabel("7 дней").check();
    await page.getByRole("button", { name: "Показать" }).click();
    await page.waitForURL(/due=7/);
    assert.equal(await lines.count(), 1);
    assert.match(await text(lines), /19 ноября 2026 через 6 дней Забрать возвраты: ИП Петрова 40 штук/);
    await page.locator("main").getByRole("link", { name: "ИП Петрова" }).click();
    await page.waitForURL((url) => url.pathname === `${first}/deadlines`);
  });
}
