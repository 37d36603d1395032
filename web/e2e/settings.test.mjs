// What a firm settles for its cases: when the marketplace is reminded, its days off, whether it
// marks for the sellers it adds, and its requisites.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, goodsGone, markAll, post, signUp, start, submit } from "./harness.mjs";

const { open } = await start();

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();
const notice = (page) => text(page.getByRole("status").first());
const sellers = { true: "7707083893", false: "500100732259" };

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`a firm's settings, ${how}`, async () => {
    const admin = await open({ script });
    await signUp(admin, { name: "Мария Иванова", email: `settings-${script}@example.com` });
    await post(admin, "/firm", { name: "Учёт и порядок" });
    await admin.goto("/firm");
    await admin.getByRole("link", { name: "Настройки фирмы" }).click();
    await admin.getByRole("heading", { level: 1, name: "Настройки фирмы" }).waitFor();
    await check(admin);

    // What is typed wrong comes back with a sentence each.
    await admin.locator("#legal_name").fill("ООО «Учёт и порядок»");
    await admin.locator("#inn").fill("7707083894");
    await submit(admin, "Сохранить реквизиты");
    await admin.getByRole("alert").waitFor();
    assert.equal(await admin.locator("#legal_name").inputValue(), "ООО «Учёт и порядок»");
    assert.equal(await admin.locator("#inn").inputValue(), "7707083894");
    await check(admin);
    await admin.locator("#inn").fill("7707083893");
    await submit(admin, "Сохранить реквизиты");
    await admin.getByText("Реквизиты сохранены.").waitFor();

    // The reminders: two working days and five, and a Monday of its own that is off.
    await admin.locator("#days").fill("5, 2");
    await submit(admin, "Сохранить дни напоминаний");
    await admin.getByRole("alert").waitFor();
    assert.equal(await admin.locator("#days").inputValue(), "5, 2");
    await admin.locator("#days").fill("2, 5");
    await submit(admin, "Сохранить дни напоминаний");
    await admin.getByText("Дни напоминаний сохранены, сроки пересчитаны.").waitFor();
    await admin.locator("#off").fill("16.11.2026\n31.13.2026");
    await submit(admin, "Сохранить дни");
    assert.match(await text(admin.getByRole("alert")), /Не удалось прочитать «31\.13\.2026»/);
    await admin.locator("#off").fill("16.11.2026");
    await submit(admin, "Сохранить дни");
    await admin.getByText("Нерабочие дни сохранены, сроки пересчитаны.").waitFor();
    await admin.getByLabel("Фирма отмечает шаги за продавцов, которых добавляет сама").check();
    await admin.locator("form[action='/firm/settings/acting'] button").click();
    await admin.getByText("Новые продавцы начнут с этой настройкой.").waitFor();
    await check(admin);

    // A request says when the firm's reminders come: two working days after 12 November, a
    // Thursday, would be the 16th, which is off.
    const seller = await post(admin, "/sellers", { seller_name: "ИП Петрова А. С.", inn: sellers[script], fbs: "yes", wb_stock: "yes", leftover: "both" });
    const address = `/cases/${seller.split("/").pop()}`;
    await markAll(admin, address, ...goodsGone);
    await admin.goto(`${address}/steps/request_act`);
    await admin.locator("input[name=done][value=yes]").check();
    await admin.locator("#on").fill("2026-11-12");
    await submit(admin, "Сохранить");
    await admin.getByTestId("overall").waitFor();
    assert.match(await notice(admin), /Акт запрошен 12 ноября\. Напомним вам 17 и 20 ноября, если акт не придёт\.$/);
    assert.match(await text(admin.getByTestId("next")), /напомнить WB об акте, 17 ноября/);

    // A change counts at once, on the case's pages and in the register.
    await post(admin, "/firm/settings/reminders", { days: "1" });
    await admin.goto(address);
    assert.match(await text(admin.getByTestId("next")), /напомнить WB об акте, (сегодня|13 ноября)/);
    await admin.goto("/sellers");
    assert.match(await text(admin.locator("tr[data-testid^='seller-']")), /напомнить WB, сегодня/);
    await admin.goto(`${address}/deadlines/terms`);
    assert.match(await text(admin.getByRole("main")), /Порядок бухгалтерской фирмы/);
    await admin.goto("/firm");
    assert.match(await text(admin.getByRole("main")), /Напоминания об акте: рабочие дни 1 \(было 2, 5\)/);

    // The only admin cannot leave.
    await admin.getByRole("link", { name: "Выйти из фирмы" }).click();
    await submit(admin, "Выйти из фирмы");
    assert.match(await text(admin.getByRole("alert")), /Это последний администратор фирмы/);
    await check(admin);
  });
}
